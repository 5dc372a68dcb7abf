//! What compiled graphs say of themselves.

use std::sync::Arc;

use chainer::functions as F;
use chainer::links as L;
use chainer::prelude::*;
use chainer::{Array, Result, compile, optimizers};

use super::{alone, labels, numbers};

#[test]
fn a_step_is_explained() -> Result<()> {
    let _alone = alone();
    let model = Arc::new(L::Sequential::new().push(L::Linear::new(20, 16)).push(F::relu).push(L::Linear::new(16, 10)));
    let mut optimizer = optimizers::Adam::default().setup(&*model);
    let mut step = compile(move |(x, t): (Variable, Variable)| -> Result<Variable> {
        let loss = F::softmax_cross_entropy(model.forward(&x), &t);
        model.cleargrads();
        loss.backward()?;
        optimizer.update()?;
        Ok(loss)
    });
    let batch = || (Variable::constant(numbers([32, 20], 1)), Variable::constant(labels(32, 10, 2)));
    drop(step.call(batch())?);
    drop(step.call(batch())?);
    let text = step.graph().unwrap().explain();
    assert!(text.contains("its time was not measured"), "{text}");
    step.measure(true);
    for _ in 0..4 {
        drop(step.call(batch())?);
    }
    let graph = step.graph().unwrap();
    let text = graph.explain();
    for part in ["matmul", "float32(32, 16)", "fused into others", "mean of 4 runs", "held", "both reduce", "->"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // A line for each kernel, after that of the titles.
    let lines = text.lines().skip(1).take_while(|line| line.contains(" = "));
    assert_eq!(lines.count(), graph.kernels());
    let total = format!("{} kernels were captured, {} run", graph.captured_kernels(), graph.kernels());
    assert!(text.contains(&total), "{text}");
    assert!(graph.dot().starts_with("digraph") && graph.captured_dot().len() > graph.dot().len());
    Ok(())
}

#[test]
fn gradients_of_a_forward_pass_are_explained_too() {
    let _alone = alone();
    let w = Parameter::new(numbers([4, 4], 1));
    let shared = w.clone();
    let mut f = compile(move |x: Variable| F::tanh(F::matmul(&x, &shared)));
    f.measure(true);
    for i in 0..3 {
        let y = f.call(Variable::new(numbers([3, 4], i)));
        assert!(y.sum().backward().is_ok());
    }
    let text = f.graph().unwrap().explain();
    let (forward, gradients) = text.split_once("its gradients:").unwrap();
    assert!(forward.contains("tanh") && forward.contains("mean of 2 runs"), "{text}");
    assert_eq!(gradients.matches("matmul").count(), 2, "{text}");
    assert!(gradients.contains("mean of 2 runs"), "{text}");
}

#[test]
fn the_updater_explains_its_step() -> Result<()> {
    use chainer::training::Updater;
    let _alone = alone();
    let model = Arc::new(L::Classifier::new(L::Linear::new(4, 3)));
    let optimizer = optimizers::SGD::new(0.1).setup(&*model);
    let examples: Vec<(Array, i32)> = (0..6).map(|i| (numbers([4], i), (i % 3) as i32)).collect();
    let mut updater = StandardUpdater::new(SerialIterator::new(examples, 3), optimizer, &model).compiled();
    assert!(updater.graph().is_none());
    updater.measure(true);
    for _ in 0..4 {
        updater.update()?;
    }
    let text = updater.graph().unwrap().explain();
    assert!(text.contains("matmul") && text.contains("mean of 3 runs"), "{text}");
    Ok(())
}
