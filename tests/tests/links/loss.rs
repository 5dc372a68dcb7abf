//! Losses with parameters.

use chainer::prelude::*;
use chainer::{Dtype, functions as F, links as L};

#[test]
fn the_probabilities_of_all_words_of_a_tree_add_up_to_1() {
    let tree = L::BinaryHierarchicalSoftmax::create_huffman_tree([(0, 8), (3, 5), (4, 6), (7, 4), (9, 1)]).unwrap();
    let loss = L::BinaryHierarchicalSoftmax::new(3, tree);
    let x = Variable::new(Array::from([[0.5f32, -1.0, 2.0]]));
    let probability = |word: i32| {
        let t = Variable::constant(Array::from([word]));
        (-loss.forward((&x, &t)).item::<f64>().unwrap()).exp()
    };
    let sum: f64 = [0, 3, 4, 7, 9].map(probability).iter().sum();
    assert!((sum - 1.0).abs() < 1e-6, "{sum}");
}

#[test]
fn losses_with_parameters_say_what_is_wrong_with_them() {
    let x = Variable::new(Array::zeros([2, 3], Dtype::F32));
    let t = Variable::constant(Array::from([0i32, 2]));
    let refused = |y: Variable, parts: &[&str]| {
        let error = y.check().unwrap_err().to_string();
        assert!(parts.iter().chain(&["tests/links/"]).all(|part| error.contains(part)), "{error}");
    };
    let none = L::NegativeSampling::new(3, &[0, 0, 0], 2);
    refused(none.forward((&x, &t)), &["NegativeSampling", "sum(probs) > 0"]);
    refused(L::BlackOut::new(3, &[], 2).forward((&x, &t)), &["BlackOut", "0 of 0 numbers"]);
    refused(L::BlackOut::new(3, &[0, 0, 0], 2).forward((&x, &t)), &["BlackOut", "sum(probs) > 0"]);
    refused(L::NegativeSampling::new(4, &[1, 1, 1], 2).forward((&x, &t)), &["negative_sampling", "3 != 4"]);
    refused(L::CRF1d::new(2).forward([&x], [&t]), &["crf1d", "xs[0].shape[1] == cost.shape[0]"]);
    let twice = L::BinaryHierarchicalSoftmax::new(3, ((0, 1), 0));
    refused(twice.forward((&x, &t)), &["BinaryTree", "0 occurs twice"]);
    let unknown = L::BinaryHierarchicalSoftmax::new(3, ((0, 1), 3));
    refused(unknown.forward((&x, &t)), &["BinaryHierarchicalSoftmax", "t is a word of the tree", "t[1] = 2"]);
    let narrow = L::BinaryHierarchicalSoftmax::new(2, ((0, 1), 2));
    refused(narrow.forward((&x, &t)), &["x.shape[1] == W.shape[1]", "3 != 2"]);
}

#[test]
fn sampled_words_come_with_their_frequencies() {
    chainer::random::seed(7);
    // Only word 1 occurs: it is every negative sample.
    let loss = L::NegativeSampling::new(1, &[0, 5, 0], 3).initial_w(Array::from([[0.0f32], [1.0], [9.0]]));
    let (x, t) = (Variable::new(Array::from([[2.0f32]])), Variable::constant(Array::from([0i32])));
    let want = 2f32.ln() + 3.0 * (1.0 + 2f32.exp()).ln();
    assert!((loss.forward((&x, &t)).item::<f32>().unwrap() - want).abs() < 1e-5);
    // To the power 0 all words that could occur do.
    let flat = L::NegativeSampling::new(1, &[1, 1000], 1000).power(0.0).initial_w(Array::from([[0.0f32], [1.0]]));
    let drawn = flat.loss(&x, &t, F::Reduction::Sum).item::<f32>().unwrap();
    let (zero, one) = (2f32.ln(), (1.0 + 2f32.exp()).ln());
    let share = (drawn - zero - 1000.0 * zero) / (one - zero) / 1000.0;
    assert!((share - 0.5).abs() < 0.1, "{share}");
}
