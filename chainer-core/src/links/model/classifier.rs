//! [`Classifier`].

use std::panic::Location;
use std::sync::Arc;

use chainer_kernels::Position;

use crate::compile::{Slot, Traced};
use crate::reporter::report;
use crate::{Forward, State, Variable, chain, functions as F};

/// A function of a prediction and its label.
type Judge = Arc<dyn Fn(Variable, Variable) -> Variable + Send + Sync>;

/// A model that computes the loss of a predictor, and its accuracy on the side.
///
/// Called with inputs and labels it returns the loss and reports `loss` and `accuracy`. The loss is
/// [`F::softmax_cross_entropy`](crate::functions::softmax_cross_entropy) and the accuracy [`F::accuracy`](crate::functions::accuracy)
/// unless given otherwise.
///
/// ```
/// use chainer::prelude::*;
/// use chainer::{Array, Dtype, functions as F, links as L};
///
/// let model = L::Classifier::new(L::Linear::new(3, 2));
/// let x = Variable::constant(Array::zeros([4, 3], Dtype::F32));
/// let t = Variable::constant(Array::from([0i32, 0, 0, 1]));
/// let loss = model.forward((&x, &t));
/// assert!((loss.item::<f32>()? - 2f32.ln()).abs() < 1e-6);
/// assert_eq!(model.accuracy().unwrap().item::<f32>()?, 0.75);
///
/// let regression = L::Classifier::new(L::Linear::new(3, 1)).lossfun(F::mean_squared_error).compute_accuracy(false);
/// let t = Variable::constant(Array::zeros([4, 1], Dtype::F32));
/// assert_eq!(regression.forward((&x, &t)).item::<f32>()?, 0.0);
/// # Ok::<(), chainer::Error>(())
/// ```
#[chain]
pub struct Classifier<P> {
    predictor: P,
    #[plain]
    lossfun: Judge,
    #[plain]
    accfun: Judge,
    compute_accuracy: bool,
    last: State<Last>,
}

/// What the last call found, without its history.
#[derive(Clone, Default)]
struct Last {
    y: Option<Variable>,
    loss: Option<Variable>,
    accuracy: Option<Variable>,
}

impl Traced for Last {
    fn arrays(&mut self, visit: &mut dyn FnMut(Slot<'_>)) {
        self.y.arrays(visit);
        self.loss.arrays(visit);
        self.accuracy.arrays(visit);
    }
}

impl<P> Classifier<P> {
    /// A classifier that learns by softmax cross entropy.
    pub fn new(predictor: P) -> Self {
        Classifier {
            predictor,
            lossfun: Arc::new(F::softmax_cross_entropy),
            accfun: Arc::new(F::accuracy),
            compute_accuracy: true,
            last: State::traced(Last::default()),
        }
    }

    /// Another loss function, of the prediction and the label.
    pub fn lossfun(mut self, lossfun: impl Fn(Variable, Variable) -> Variable + Send + Sync + 'static) -> Self {
        self.lossfun = Arc::new(lossfun);
        self
    }

    /// Another accuracy function, of the prediction and the label.
    pub fn accfun(mut self, accfun: impl Fn(Variable, Variable) -> Variable + Send + Sync + 'static) -> Self {
        self.accfun = Arc::new(accfun);
        self
    }

    /// Whether the accuracy is computed and reported (default true).
    pub fn compute_accuracy(mut self, compute_accuracy: bool) -> Self {
        self.compute_accuracy = compute_accuracy;
        self
    }

    /// The predictor.
    pub fn predictor(&self) -> &P {
        &self.predictor
    }

    /// The prediction of the last call. It has no history; the loss that the call returned has.
    pub fn y(&self) -> Option<Variable> {
        self.last.read(|last| last.y.clone())
    }

    /// The loss of the last call, without history.
    pub fn loss(&self) -> Option<Variable> {
        self.last.read(|last| last.loss.clone())
    }

    /// The accuracy of the last call, if it was computed.
    pub fn accuracy(&self) -> Option<Variable> {
        self.last.read(|last| last.accuracy.clone())
    }
}

impl<P: Forward> Forward<(Variable, Variable)> for Classifier<P> {
    #[track_caller]
    fn forward(&self, (x, t): (&Variable, &Variable)) -> Variable {
        let _position = Position::enter(Location::caller());
        // What the last call left goes first: it holds memory.
        self.last.set(Last::default());
        let y = self.predictor.forward(x);
        let loss = (self.lossfun)(y.clone(), t.clone());
        report(self, [("loss", &loss)]);
        let accuracy = self.compute_accuracy.then(|| (self.accfun)(y.detach(), t.clone()));
        if let Some(accuracy) = &accuracy {
            report(self, [("accuracy", accuracy)]);
        }
        self.last.set(Last { y: Some(y.detach()), loss: Some(loss.detach()), accuracy });
        loss
    }
}
