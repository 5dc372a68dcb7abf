//! Layers with a state, and layers over sequences.

use std::sync::Arc;

use chainer::initializers::Initializer;
use chainer::prelude::*;
use chainer::{Dtype, Shape, functions as F, links as L};

use crate::{close, names, values, x};

#[test]
fn lstm_is_the_function_with_state() {
    let layer = L::LSTM::new(2, 3).bias_init(0.25).forget_bias_init(1.0);
    assert_eq!(names(&layer), ["/upward/W", "/upward/b", "/lateral/W"]);
    let bias = layer.upward().b().unwrap().array().unwrap().to_vec::<f32>().unwrap();
    assert_eq!(bias, [0.25, 0.25, 1.0, 0.25, 0.25, 0.25, 1.0, 0.25, 0.25, 0.25, 1.0, 0.25]);

    let inputs = [x(&[3, 2]), x(&[3, 2]) * 2.0, x(&[2, 2])];
    let mut c = Variable::constant(Array::zeros([3, 3], Dtype::F32));
    let mut h = Variable::constant(Array::zeros([3, 3], Dtype::F32));
    for (i, input) in inputs.iter().enumerate() {
        let y = layer.forward(input);
        let rows = input.len() as isize;
        let previous = F::get_item(&h, (..rows,));
        let (next, out) = F::lstm(&c, layer.upward().forward(input) + layer.lateral().forward(&previous));
        close(&values(&y), &values(&out));
        h = F::Concat::new().axis(0).call([&out, &F::get_item(&h, (rows..,))]);
        c = next;
        close(&values(&layer.c().unwrap()), &values(&c));
        close(&values(&layer.h().unwrap()), &values(&h));
        assert_eq!(y.shape(), &[input.len(), 3].into(), "step {i}");
    }
    let error = layer.forward(&x(&[4, 2])).check().unwrap_err().to_string();
    assert!(error.contains("4 > 3") && error.contains("tests/links/"), "{error}");
    // The failed step left the state as it was.
    close(&values(&layer.h().unwrap()), &values(&h));

    layer.h().unwrap().sum().backward().unwrap();
    assert!(layer.lateral().w().grad().is_some());
    layer.reset_state();
    assert!(layer.c().is_none() && layer.h().is_none());
    layer.set_state(x(&[2, 3]), x(&[2, 3])).unwrap();
    assert_eq!(layer.forward(&x(&[2, 2])).shape(), &[2, 3].into());
    assert!(layer.set_state(x(&[2, 4]), x(&[2, 4])).unwrap_err().to_string().contains("4 != 3"));
    assert!(layer.set_state(x(&[2, 3]), x(&[1, 3])).is_err());
    assert!(layer.set_state(x(&[2, 3]), None).is_err());
}

#[test]
fn a_stateless_lstm_is_a_step_of_the_stateful_one() {
    let (layer, stateless) = (L::LSTM::new(2, 3), L::StatelessLSTM::new(None, 3).bias_init(0.5));
    assert_eq!(names(&stateless), ["/upward/W", "/upward/b", "/lateral/W"]);
    let (c, h) = stateless.forward(None, None, &x(&[4, 2]));
    stateless.copyparams(&layer).unwrap();
    assert_eq!((c.shape(), h.shape()), (&[4, 3].into(), &[4, 3].into()));
    let (c, h) = stateless.forward(None, None, &x(&[4, 2]));
    let first = layer.forward(&x(&[4, 2]));
    close(&values(&h), &values(&first));
    let (c, h) = stateless.forward(c, h, &(x(&[4, 2]) * 2.0));
    close(&values(&layer.forward(&(x(&[4, 2]) * 2.0))), &values(&h));
    close(&values(&layer.c().unwrap()), &values(&c));
    let (_, failed) = stateless.forward(None, x(&[2, 3]), &x(&[4, 2]));
    let error = failed.check().unwrap_err().to_string();
    assert!(error.contains("2 != 4") && error.contains("tests/links/"), "{error}");
}

#[test]
fn stateful_layers_keep_and_forget() {
    let gru = L::StatefulGRU::new(2, 3).bias_init(0.25);
    assert_eq!(names(&gru)[..4], ["/W_r/W", "/W_r/b", "/U_r/W", "/U_r/b"]);
    let first = values(&gru.forward(&x(&[4, 2])));
    let stateless = L::GRU::new(3, 2);
    stateless.copyparams(&gru).unwrap();
    let h = gru.h().unwrap();
    close(&values(&gru.forward(&x(&[4, 2]))), &values(&stateless.forward((&h, &x(&[4, 2])))));
    let error = gru.forward(&x(&[1, 2])).check().unwrap_err().to_string();
    assert!(error.contains("x.shape[0] = 1") && error.contains("tests/links/"), "{error}");
    gru.set_state(h.detach()).unwrap();
    assert!(gru.set_state(x(&[4, 2])).unwrap_err().to_string().contains("2 != 3"));
    gru.reset_state();
    close(&values(&gru.forward(&x(&[4, 2]))), &first);

    let peephole = L::StatefulPeepholeLSTM::new(2, 3);
    let names = names(&peephole);
    assert_eq!(names[2..], ["/lateral/W", "/peep_i/W", "/peep_f/W", "/peep_o/W"]);
    let first = values(&peephole.forward(&x(&[4, 2])));
    peephole.forward(&x(&[4, 2])).sum().backward().unwrap();
    assert!(peephole.params().iter().all(|parameter| parameter.grad().is_some()));
    assert!(peephole.forward(&x(&[3, 2])).check().unwrap_err().to_string().contains("3 != 4"));
    peephole.reset_state();
    assert!(peephole.c().is_none() && peephole.h().is_none());
    close(&values(&peephole.forward(&x(&[4, 2]))), &first);
}

#[test]
fn layers_over_sequences_give_the_results_of_each_sequence_alone() {
    let link = L::NStepBiLSTM::new(2, 3, 2, 0.0);
    assert_eq!(link.named_params().len(), 4 * 16);
    assert_eq!(names(&link)[16..18], ["/1/w0", "/1/b0"]);
    // Any order of length, and one without elements.
    let xs: Vec<Variable> = [2, 4, 0, 3].iter().map(|&length| x(&[length, 3]) * (1.0 + length as f64)).collect();
    let (hx, cx) = (x(&[4, 4, 2]), x(&[4, 4, 2]) * 0.5);
    let (hy, cy, ys) = link.forward(&hx, &cx, &xs);
    for (i, sequence) in xs.iter().enumerate() {
        let of = |states: &Variable| F::get_item(states, (.., i as isize..i as isize + 1));
        let (h, c, alone) = link.forward(of(&hx), of(&cx), [sequence]);
        close(&values(&of(&hy)), &values(&h));
        close(&values(&of(&cy)), &values(&c));
        assert_eq!(ys[i].shape(), &[sequence.len(), 4].into());
        close(&values(&ys[i]), &values(&alone[0]));
    }
    (ys.iter().fold(hy.sum(), |sum, y| sum + y.sum())).backward().unwrap();
    assert!(link.params().iter().all(|parameter| parameter.grad().is_some()));

    let (hy, ys) = L::NStepGRU::new(1, 3, 2, 0.0).forward(None, Vec::<Variable>::new());
    assert_eq!((hy.shape(), ys.len()), (&[1, 0, 2].into(), 0));
    let error = link.forward(x(&[4, 3, 2]), None, &xs).2[0].check().unwrap_err().to_string();
    assert!(error.contains("4 sequences") && error.contains("tests/links/"), "{error}");
    let error = link.forward(None, None, [x(&[2, 5])]).0.check().unwrap_err().to_string();
    assert!(error.contains("ws[0][0].shape == (hx.shape[2], xs[0].shape[1])"), "{error}");
}

#[test]
fn lstm_gates_start_one_by_one() {
    // An initializer sees the weights of one gate.
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let record = seen.clone();
    let init = move |shape: &Shape, dtype: Dtype| {
        record.lock().unwrap().push(shape.clone());
        0.5.generate(shape, dtype)
    };
    let layer = L::LSTM::new(None, 3).upward_init(init);
    layer.forward(&x(&[1, 2])).check().unwrap();
    assert_eq!(*seen.lock().unwrap(), vec![Shape::from([3, 2]); 4]);
}

#[test]
fn zoneout_keeps_units_of_the_old_state() {
    let (layer, plain) = (L::StatefulZoneoutLSTM::new(2, 3), L::LSTM::new(2, 3));
    plain.copyparams(&layer).unwrap();
    let all = |value: bool| Array::full([4, 3], value, Dtype::Bool);
    // Everything is new: long short-term memory as ever.
    for input in [x(&[4, 2]), x(&[4, 2]) * 2.0] {
        let y = layer.forward_with(&input, all(true), all(true));
        close(&values(&y), &values(&plain.forward(&input)));
        close(&values(&layer.c().unwrap()), &values(&plain.c().unwrap()));
    }
    // Nothing is new.
    let (c, h) = (values(&layer.c().unwrap()), values(&layer.h().unwrap()));
    let y = layer.forward_with(&x(&[4, 2]), all(false), all(false));
    assert_eq!((values(&y), values(&layer.c().unwrap())), (h.clone(), c));
    let failed = layer.forward_with(&x(&[4, 2]), all(true), Array::full([4, 2], true, Dtype::Bool));
    assert!(failed.check().is_err());
    assert_eq!(values(&layer.h().unwrap()), h);
    layer.set_state(None, None).unwrap();
    assert!(layer.h().is_none());
}
