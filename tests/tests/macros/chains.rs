//! `#[chain]`, `Link`, `Forward`, `Sequential`, `#[fallible]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chainer::links::{ChainList, Sequential};
use chainer::prelude::*;
use chainer::reporter::Observer;
use chainer::serializers::{load_npz, save_npz};
use chainer::{Dtype, Shape};

use super::{array, leaf, message, values};

#[chain]
pub struct Scale {
    #[chain(name = "W")]
    w: Parameter,
    b: Option<Parameter>,
}
impl Scale {
    pub fn new(size: usize) -> Self {
        Scale { w: Parameter::new(Array::ones(size, Dtype::F64)), b: None }
    }
}
impl Forward for Scale {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Variable {
        x * &self.w
    }
}
type Alias = Scale;

#[derive(Clone, Copy)]
#[allow(dead_code)]
pub enum Activation {
    Relu,
    Tanh,
}

#[chain]
#[allow(dead_code)]
pub struct Everything<P, A: Clone>
where
    A: std::fmt::Display,
{
    head: P,
    layers: Vec<P>,
    alias: Alias,
    maybe: Option<Alias>,
    absent: Option<Alias>,
    named: BTreeMap<String, Alias>,
    pair: (Alias, Parameter),
    list: ChainList<Scale>,
    dynamic: Box<dyn Forward>,
    shared: Arc<Scale>,
    count: usize,
    rate: f64,
    name: String,
    #[plain]
    activation: Activation,
    #[persistent]
    average: State<Array>,
    counter: State<usize>,
    #[chain(skip)]
    teacher: Scale,
    #[plain]
    extra: A,
    marker: std::marker::PhantomData<A>,
    two: [Scale; 2],
    r#type: Parameter,
}

fn everything() -> Everything<Scale, u8> {
    let scale = || Scale::new(2);
    Everything {
        head: scale(),
        layers: vec![scale(), scale()],
        alias: scale(),
        maybe: Some(scale()),
        absent: None,
        named: [("a".to_owned(), scale())].into(),
        pair: (scale(), Parameter::new(array(&[1.0]))),
        list: [scale()].into_iter().collect(),
        dynamic: Box::new(scale()),
        shared: Arc::new(scale()),
        count: 1,
        rate: 0.1,
        name: "n".into(),
        activation: Activation::Tanh,
        average: State::new(array(&[1.0, 2.0])),
        counter: State::new(0),
        teacher: scale(),
        extra: 7,
        marker: Default::default(),
        two: [scale(), scale()],
        r#type: Parameter::uninitialized(|shape| Array::zeros(shape, Dtype::F32)),
    }
}

fn names(link: &impl Link) -> Vec<String> {
    link.named_params().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn every_kind_of_field_is_found_under_its_path() {
    let model = everything();
    let want = "/head/W /layers/0/W /layers/1/W /alias/W /maybe/W /named/a/W /pair/0/W /pair/1 /list/0/W /dynamic/W /shared/W \
                /two/0/W /two/1/W /type";
    assert_eq!(names(&model).join(" "), want);
    let links: Vec<String> = model.named_links().into_iter().map(|(name, _)| name).collect();
    assert_eq!(links[..4], ["/", "/head", "/layers/0", "/layers/1"]);
    let children: Vec<&str> = model.children().iter().map(|link| link.type_name()).collect();
    assert_eq!((children.len(), children[7]), (12, "ChainList"));
    assert!(model.has_uninitialized_params());
    assert_eq!(model.count_params(), 12 * 2 + 1);
    assert!(model.to_device(chainer::Device::Cpu).is_ok());
}

#[test]
fn a_chain_prints_as_a_tree() {
    #[chain]
    struct Outer {
        inner: Scale,
        others: Vec<Scale>,
        #[persistent]
        calls: State<usize>,
        lazy: Parameter,
    }
    let lazy = Parameter::uninitialized(|shape| Array::zeros(shape, Dtype::F32));
    let outer = Outer { inner: Scale::new(3), others: vec![Scale::new(1)], calls: State::new(2), lazy };
    let want = "Outer
  inner: Scale
    W: (3,), float64
  others:
    0: Scale
      W: (1,), float64
  calls: one int64, persistent
  lazy: uninitialized
";
    assert_eq!(format!("{outer:?}"), want);
}

#[chain]
pub enum Head {
    One(Scale),
    Deep { a: Scale, b: Scale },
    Boxed(Box<Head>),
    Several(Scale, Parameter),
    Size(#[plain] usize),
    Nothing,
}

#[test]
fn a_variant_of_one_link_is_transparent_and_others_name_their_fields() {
    assert_eq!(names(&Head::One(Scale::new(1))), ["/W"]);
    assert_eq!(names(&Head::Deep { a: Scale::new(1), b: Scale::new(1) }), ["/a/W", "/b/W"]);
    assert_eq!(names(&Head::Boxed(Box::new(Head::One(Scale::new(1))))), ["/W"]);
    assert_eq!(names(&Head::Several(Scale::new(1), Parameter::new(array(&[1.0])))), ["/0/W", "/1"]);
    assert!(names(&Head::Size(3)).is_empty() && names(&Head::Nothing).is_empty());
}

#[chain]
pub struct Tree<P> {
    value: P,
    kids: Vec<Tree<P>>,
}

#[chain]
pub struct Unit;

#[test]
fn recursive_types_resolve() {
    let leaf = || Tree { value: Scale::new(1), kids: vec![] };
    let tree = Tree { value: Scale::new(1), kids: vec![leaf(), leaf()] };
    assert_eq!(names(&tree), ["/value/W", "/kids/0/value/W", "/kids/1/value/W"]);
    assert!(Unit.params().is_empty());
}

#[test]
fn shared_parameters_count_once() {
    #[chain]
    struct Tied {
        encoder: Arc<Scale>,
        decoder: Arc<Scale>,
    }
    let scale = Arc::new(Scale::new(4));
    let tied = Tied { encoder: scale.clone(), decoder: scale };
    assert_eq!((tied.params().len(), tied.count_params()), (1, 4));
}

#[test]
fn gradients_and_values_travel_between_links_of_one_structure() {
    let (a, b) = (Scale::new(2), Scale::new(2));
    b.w.set(array(&[5.0, 6.0]));
    a.forward(&leaf(&[1.0, 2.0])).sum().backward().unwrap();
    b.forward(&leaf(&[3.0, 4.0])).sum().backward().unwrap();
    a.addgrads(&b).unwrap();
    assert_eq!(a.w.grad().unwrap().to_vec::<f64>().unwrap(), [4.0, 6.0]);
    a.copyparams(&b).unwrap();
    assert_eq!(a.w.array().unwrap().to_vec::<f64>().unwrap(), [5.0, 6.0]);
    a.cleargrads();
    assert!(a.w.grad().is_none() && b.w.grad().is_some());

    let error = a.copyparams(&Scale::new(3)).unwrap_err().to_string();
    assert!(error.contains("/W") && error.contains("(2,)") && error.contains("(3,)"), "{error}");
    assert!(a.addgrads(&Unit).unwrap_err().to_string().contains("Unit has no such parameter"));
}

#[test]
fn a_model_is_saved_under_chainers_keys_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.npz");
    let (saved, restored) = (everything(), Arc::new(everything()));
    saved.layers[1].w.set(array(&[8.0, 9.0]));
    saved.average.set(array(&[3.0, 4.0]));
    save_npz(&path, &saved).unwrap();
    load_npz(&path, restored.clone()).unwrap();
    assert_eq!(restored.layers[1].w.array().unwrap().to_vec::<f64>().unwrap(), [8.0, 9.0]);
    assert_eq!(restored.average.get().to_vec::<f64>().unwrap(), [3.0, 4.0]);
    assert!(!restored.r#type.is_initialized());

    let other = Scale::new(2);
    let error = load_npz(&path, &other).unwrap_err().to_string();
    assert!(error.contains("\"W\""), "{error}");
    save_npz(&path, &Scale::new(3)).unwrap();
    let error = load_npz(&path, &other).unwrap_err().to_string();
    assert!(error.contains("(2,)") && error.contains("(3,)"), "{error}");
}

#[test]
fn a_lazy_parameter_takes_shape_and_value_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.npz");
    save_npz(&path, &Scale::new(3)).unwrap();
    let lazy = Scale { w: Parameter::uninitialized(|shape| Array::zeros(shape, Dtype::F64)), b: None };
    load_npz(&path, &lazy).unwrap();
    assert_eq!(lazy.w.array().unwrap().to_vec::<f64>().unwrap(), [1.0; 3]);
}

#[test]
fn the_reporter_knows_links_by_address_and_type() {
    let model = Arc::new(everything());
    let (own, head) = (model.observer_id(), model.head.observer_id());
    assert!(own.is_some() && own != head);
    assert_eq!(own, (*model).observer_id());
    assert_eq!(model.named_links()[1].1.observer_id(), head);
    assert!(Unit.observer_id().is_none());
}

#[chain]
struct Double;
impl Forward for Double {
    fn forward(&self, x: &Variable) -> Variable {
        x * 2.0
    }
}

#[test]
fn layers_run_in_order_and_errors_name_the_users_line() {
    let boxed: Box<dyn Forward> = Box::new(Scale::new(2));
    let model: Sequential = seq![Scale::new(2), |h: Variable| h + 1.0, Double, boxed];
    assert_eq!(values(&model.forward(&leaf(&[1.0, 2.0]))), [4.0, 6.0]);
    assert_eq!(names(&model), ["/0/W", "/2/W"]);
    let error = model.forward(&leaf(&[1.0, 2.0, 3.0])).check().unwrap_err();
    assert!(error.location().unwrap().file().ends_with("chains.rs"), "{error}");
    assert!(seq![].forward(&leaf(&[1.0])).check().is_ok());
}

#[chain]
struct Attention {
    q: Scale,
    k: Scale,
}
impl Forward<(Variable, Variable)> for Attention {
    #[fallible]
    fn forward(&self, (q, k): (&Variable, &Variable)) -> Variable {
        let [n] = q.dims()?;
        if n == 0 {
            return q.clone();
        }
        let [_] = k.dims()?;
        self.q.forward(q) * self.k.forward(k)
    }
}

#[fallible]
fn rows(x: &Variable) -> Variable {
    let [n, _] = x.dims()?;
    let mut sum = 0.0;
    for i in [1.0, 2.0] {
        let square = |x: f64| {
            if x > 5.0 {
                return 0.0;
            }
            x * x
        };
        sum += square(i);
    }
    x * n as f64 + sum
}

#[test]
fn fallible_functions_return_errors_inside_the_value() {
    let attention = Attention { q: Scale::new(2), k: Scale::new(2) };
    let x = leaf(&[2.0, 3.0]);
    assert_eq!(values(&attention.forward((&x, &x))), [4.0, 9.0]);
    let flat = x.reshape([1, 2]);
    let text = message(&attention.forward((&flat, &x)));
    assert!(text.contains("chains.rs") && text.contains("ndim == 1"), "{text}");
    assert_eq!(attention.forward((&leaf(&[]), &flat)).shape(), &Shape::from([0]));
    assert_eq!(values(&rows(&flat)), [7.0, 8.0]);
    assert!(rows(&x).check().is_err());
}

#[test]
fn states_are_cells() {
    let state = State::new(vec![1, 2]);
    state.update(|list| list.push(3));
    assert_eq!((state.read(Vec::len), state.clone().replace(vec![])), (3, vec![1, 2, 3]));
    assert_eq!((state.take(), state.get()), (vec![1, 2, 3], vec![]));
}
