//! Everything may stand inside of a function body, as in a documentation example.
#![deny(warnings)]

use chainer::prelude::*;

fn main() {
    #[chain]
    struct Net {
        w: Parameter,
    }

    /// Twice.
    #[function]
    impl Twice {
        fn forward(&self, x: &Array) -> Array {
            x + x
        }
        fn backward(&self, gy: &Variable) -> Variable {
            gy + gy
        }
    }

    #[elementwise]
    fn square(x: f32) -> f32 {
        x * x
    }
    #[elementwise]
    fn fourth(x: f32) -> f32 {
        square(square(x))
    }

    impl Forward for Net {
        fn forward(&self, x: &Variable) -> Variable {
            fourth(twice(x * &self.w))
        }
    }

    let net = Net { w: Parameter::new(Array::scalar(1.0f32)) };
    let _ = net.forward(&Variable::new(Array::scalar(1.0f32)));
}
