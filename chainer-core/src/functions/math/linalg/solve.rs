//! [`solve`] and [`solve_triangular`].

use chainer_kernels::ops::linalg;

use super::{check_square, lower_part, transposed, upper_part};
use crate::functions::{matmul, refused, reshape, settings};
use crate::type_check::{self, Checked};
use crate::{Array, AsVariable, BackwardContext, Function, Gradients, Outputs, Retain, Shape, Variable, apply};

/// Which elements of a are read.
#[derive(Clone, Copy)]
enum Part {
    All,
    Lower,
    Upper,
}

/// a (…, n, n), b (…, n, k) → x with a x = b.
struct Solution {
    part: Part,
}

impl Function for Solution {
    fn name(&self) -> &'static str {
        match self.part {
            Part::All => "solve",
            _ => "solve_triangular",
        }
    }
    fn type_check(&self, inputs: &[Array]) -> Checked {
        let (a, b) = (&inputs[0], &inputs[1]);
        check_square(a)?;
        type_check::float("b", b)?;
        type_check::same_dtype("a", a, "b", b)?;
        type_check::min_ndim("b", b, 1)?;
        // Of a vector, which stands here as a column, the axis is its only one.
        type_check::equal("a.shape[-1]", a.shape()[a.ndim() - 1], "rows of b", b.shape()[b.ndim().saturating_sub(2)])?;
        let lead = |x: &Array| Shape::new(&x.shape()[..x.ndim() - 2]);
        let actual = format!("{:?} and {:?}", a.shape(), b.shape());
        type_check::expect(lead(a).broadcast(&lead(b)).is_some(), "leading axes that broadcast", actual)
    }
    fn forward(&self, inputs: &[Array]) -> Outputs {
        if let Some(refused) = refused(self, inputs) {
            return refused;
        }
        match self.part {
            Part::All => linalg::solve(&inputs[0], &inputs[1]),
            Part::Lower => linalg::solve_triangular(&inputs[0], &inputs[1], true),
            Part::Upper => linalg::solve_triangular(&inputs[0], &inputs[1], false),
        }
        .into()
    }
    fn retain(&self) -> Retain {
        Retain::none().input(0).output(0)
    }
    fn backward(&self, c: &BackwardContext<'_>) -> Gradients {
        let part = match self.part {
            Part::All => Part::All,
            Part::Lower => Part::Upper,
            Part::Upper => Part::Lower,
        };
        let gb = apply(Solution { part }, [&transposed(c.input(0)), c.gy(0)]).one();
        let ga = c.wants(0).then(|| -matmul(&gb, transposed(c.output(0))));
        let ga = ga.map(|ga| match self.part {
            Part::All => ga,
            _ if ga.error().is_some() => ga,
            Part::Lower => lower_part(&ga, 0),
            Part::Upper => upper_part(&ga),
        });
        (ga, gb).into()
    }
}

/// The function, for which a vector is a column.
#[track_caller]
fn solution(part: Part, a: Variable, b: Variable) -> Variable {
    let function = Solution { part };
    if b.error().is_some() || b.ndim() != 1 {
        return apply(function, [a, b]).one();
    }
    let rows = b.size();
    let x = apply(function, [a, reshape(b, [rows, 1])]).one();
    if x.error().is_some() {
        return x;
    }
    let shape = Shape::new(&x.shape()[..x.ndim() - 1]);
    reshape(x, shape)
}

/// The solutions x (…, n, k) of the equations `a x = b` with square a (…, n, n) and b (…, n, k); leading axes broadcast. A vector b (n,)
/// gives vectors.
///
/// # Errors
/// The result fails unless both have the same float dtype and shapes that fit. That a matrix is singular is an error when the solution is
/// computed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[2.0f32, 0.0], [1.0, 1.0]]));
/// let x = F::solve(&a, Array::from([4.0f32, 3.0]));
/// assert_eq!(x.to_vec::<f32>()?, [2.0, 1.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn solve(a: impl AsVariable, b: impl AsVariable) -> Variable {
    solution(Part::All, a.as_variable(), b.as_variable())
}

settings! {
    /// [`solve_triangular`] with the upper triangle.
    SolveTriangular() {
        /// Whether the lower triangle of a is meant (the default) or the upper one.
        lower: bool = true,
    }
}

impl SolveTriangular {
    /// Applies the function.
    #[track_caller]
    pub fn call(self, a: impl AsVariable, b: impl AsVariable) -> Variable {
        let part = if self.lower { Part::Lower } else { Part::Upper };
        solution(part, a.as_variable(), b.as_variable())
    }
}

/// [`solve`] for triangular matrices: of a only the lower triangle is read, and has a gradient ([`SolveTriangular`] reads the upper one).
///
/// # Errors
/// As [`solve`]; a zero on the diagonal is an error when the solution is computed.
///
/// ```
/// use chainer::{functions as F, Array, Variable};
/// let a = Variable::new(Array::from([[2.0f32, 9.0], [1.0, 1.0]]));
/// let b = Array::from([4.0f32, 3.0]);
/// assert_eq!(F::solve_triangular(&a, &b).to_vec::<f32>()?, [2.0, 1.0]);
/// assert_eq!(F::SolveTriangular::new().lower(false).call(&a, &b).to_vec::<f32>()?, [-11.5, 3.0]);
/// # Ok::<(), chainer::Error>(())
/// ```
#[track_caller]
pub fn solve_triangular(a: impl AsVariable, b: impl AsVariable) -> Variable {
    SolveTriangular::new().call(a, b)
}
