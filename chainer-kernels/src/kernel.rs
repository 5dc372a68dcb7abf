//! The closed set of computations that pass [`crate::backend::Backend::execute`].
//!
//! Invariant: a kernel says everything that its execution needs beside the memory of its inputs and outputs; anything new is a
//! composition of these before it is a new one. Shapes and dtypes were checked by whoever built the kernel (`ops/`, `expr/`); a
//! backend relies on them. What depends on the *values* of inputs (indices) is checked by the backend, which returns an error.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::dtype::Dtype;
use crate::error::Result;
use crate::program::{Program, ScalarBits, Value};
use crate::scalar::Scalar;
use crate::shape::Shape;
use crate::view::View;

/// One number for each spatial axis.
pub type Spatial = SmallVec<[usize; 3]>;

/// A computation over arrays in memory. The comment of each variant gives its inputs and outputs.
#[derive(Clone, Debug)]
pub enum Kernel {
    /// A fused elementwise program. Inputs: the program's, each a view of `shape` (broadcast axes have stride 0); outputs: the
    /// program's, likewise. An output may share its buffer with an input that has the same layout and is not read by a later
    /// instruction than the one that writes the output.
    Map(Map),
    /// Several maps that have nothing to do with each other, in one go: what the updates of all parameters become. Inputs: those of
    /// each map, one after the other; outputs likewise. What a map writes, no other one reads or writes; inside a map an output may
    /// share its buffer as [`Kernel::Map`] says.
    MapGroup(Vec<Map>),
    /// A program whose value is reduced over some axes. Inputs: the program's; outputs: the reduced array (the space's shape with
    /// size 1 on reduced axes), then the program's own outputs.
    Reduce(Reduce),
    /// `a @ b`: (…, m, k), (…, k, n) → (…, m, n); leading axes are equal (broadcast by stride 0); any strides.
    MatMul,
    /// A program over the product that [`Kernel::MatMul`] makes of a and b. Inputs: a, b, then the program's but the first one,
    /// which is the product (in the dtype of a and b), each a view of the product's shape (broadcast axes have stride 0); outputs:
    /// the program's, of that shape. An output shares no memory with an input.
    MatMulMap(Epilogue),
    /// x (N, C, spatial…), w (O, C/groups, kernel…) → y (N, O, out…). Positions outside x count as zero.
    Conv(Conv),
    /// A program over what [`Kernel::Conv`] makes of x and w. Inputs: x, w, then as for [`Kernel::MatMulMap`]; outputs likewise.
    ConvMap(Conv, Epilogue),
    /// gy (N, O, out…), w → gx (N, C, spatial…): the gradient with respect to x, and transposed convolution.
    ConvBackwardData(Conv),
    /// x, gy → gw (O, C/groups, kernel…).
    ConvBackwardFilter(Conv),
    /// x (N, C, spatial…) → y (N, C, out…), index int32 (N, C, out…): the place of the maximum in its window, row-major over the
    /// window, the first where several are equal. A window wholly in the padding gives -inf and index 0.
    MaxPool(Pool),
    /// gy, index → gx: each gradient goes to the place that `index` names.
    MaxPoolBackward(Pool),
    /// ggx, index → ggy: reads the place that `index` names.
    MaxPoolGather(Pool),
    /// x → y: the mean (or sum) over each window.
    AveragePool(AveragePool),
    /// gy → gx.
    AveragePoolBackward(AveragePool),
    /// x (N, C, spatial…) → y (N, C, window…, out…): what each element of the window meets; zeros outside x.
    Unfold(Window),
    /// y → x: each element of x is the sum of the places where [`Kernel::Unfold`] puts it.
    Fold(Window),
    /// x (N, C, height, width), regions (R, 5) → int64 (R, C, out…): the row-major place in x of the largest element in each cell of
    /// each region, -1 where a cell is empty.
    RegionMax(RegionPool),
    /// x, indices (int) → x's axis `axis` replaced by the axes of `indices`. Negative indices count from the end.
    Take {
        /// The axis of x.
        axis: usize,
    },
    /// base, indices, updates → base with `updates` (shaped as `Take` would return them) written or added along `axis`, in
    /// row-major order of the updates.
    Scatter {
        /// The axis of base.
        axis: usize,
        /// Whether to add or to overwrite.
        mode: ScatterMode,
    },
    /// x, indices (int, x's shape but for `axis`) → of each position the element that its index names along `axis`.
    TakeAlongAxis {
        /// The axis.
        axis: usize,
    },
    /// base, indices, updates (indices' shape) → base with each update written or added where its index says along `axis`.
    ScatterAlongAxis {
        /// The axis.
        axis: usize,
        /// Whether to add or to overwrite.
        mode: ScatterMode,
    },
    /// Any number of arrays of one dtype → one array: joined along an existing axis.
    Concat {
        /// The axis.
        axis: usize,
    },
    /// x → x inside a border of `value`.
    Pad {
        /// Elements before and after, for each axis.
        widths: SmallVec<[(usize, usize); 4]>,
        /// What the border holds.
        value: Scalar,
    },
    /// x → running sums or products along an axis.
    Scan {
        /// The axis.
        axis: usize,
        /// Sum or product.
        op: ScanOp,
    },
    /// a, b → y of their shape, `y[i] = a[i] * y[i - 1] + b[i]` along an axis; `y[-1]` is 0.
    Recurrence {
        /// The axis.
        axis: usize,
    },
    /// x → sorted copy, int64 order (the argsort), along the last axis, stable, NaN last. Where the outputs are shorter along that
    /// axis, they are the first elements of the whole ones.
    Sort {
        /// Whether the largest comes first.
        descending: bool,
    },
    /// Work that is written in Rust over host memory.
    Host(Arc<dyn HostKernel>),
}

/// See [`Kernel::Map`].
#[derive(Clone, Debug)]
pub struct Map {
    /// What is computed.
    pub program: Arc<Program>,
    /// The run-time scalars' bits.
    pub scalars: SmallVec<[ScalarBits; 8]>,
    /// The index space.
    pub shape: Shape,
}

impl Map {
    /// Floating-point operations, roughly.
    fn flops(&self) -> u64 {
        self.program.flops() * self.shape.size() as u64
    }
}

/// What a kernel does with its product: a program whose input 0 is the product. (The bare product is written too if the program has
/// the identity of that input among its outputs.)
#[derive(Clone, Debug)]
pub struct Epilogue {
    /// What is computed of each element.
    pub program: Arc<Program>,
    /// The run-time scalars' bits.
    pub scalars: SmallVec<[ScalarBits; 8]>,
}

/// See [`Kernel::Reduce`].
#[derive(Clone, Debug)]
pub struct Reduce {
    /// The prologue: what is computed of each element, and what of it is written besides.
    pub program: Arc<Program>,
    /// The run-time scalars' bits.
    pub scalars: SmallVec<[ScalarBits; 8]>,
    /// The index space.
    pub shape: Shape,
    /// The reduced axes, ascending.
    pub axes: SmallVec<[usize; 4]>,
    /// How values are combined.
    pub op: ReduceOp,
    /// The value of the program that is reduced. Its dtype is that of the result, but for `ArgMax` and `ArgMin` (int64).
    pub value: Value,
}

/// How a reduction combines values. Sums of float16, bfloat16 and float32 are accumulated so that the result is as if summed in
/// a wider type over chunks of a fixed size; results never depend on the number of threads.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ReduceOp {
    /// The sum; 0 of nothing.
    Sum,
    /// The product; 1 of nothing.
    Prod,
    /// The largest; NaN if there is one.
    Max,
    /// The smallest; NaN if there is one.
    Min,
    /// Whether any is true (bool).
    Any,
    /// Whether all are true (bool).
    All,
    /// int64 place of the first largest (or first NaN) in row-major order over the reduced axes.
    ArgMax,
    /// int64 place of the first smallest (or first NaN).
    ArgMin,
}

impl ReduceOp {
    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            ReduceOp::Sum => "sum",
            ReduceOp::Prod => "prod",
            ReduceOp::Max => "max",
            ReduceOp::Min => "min",
            ReduceOp::Any => "any",
            ReduceOp::All => "all",
            ReduceOp::ArgMax => "argmax",
            ReduceOp::ArgMin => "argmin",
        }
    }
}

/// The geometry of a convolution; sizes come from the views.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Conv {
    /// Steps of the window.
    pub stride: Spatial,
    /// Zeros before the first element (those after the last follow from the output's size).
    pub pad: Spatial,
    /// Steps inside the window.
    pub dilate: Spatial,
    /// Channel groups that do not mix.
    pub groups: usize,
}

/// The geometry of a pooling window.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Pool {
    /// The window.
    pub ksize: Spatial,
    /// Steps of the window.
    pub stride: Spatial,
    /// Padding before the first element.
    pub pad: Spatial,
}

/// The geometry of average pooling.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AveragePool {
    /// The window.
    pub pool: Pool,
    /// What a window's sum is divided by.
    pub divisor: Divisor,
}

/// What average pooling divides a window's sum by.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Divisor {
    /// The size of the window, padding included (as Chainer does).
    Window,
    /// The number of elements inside x.
    Inside,
    /// Nothing: the sum itself.
    One,
}

/// The geometry of a window that is laid out ([`Kernel::Unfold`]).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Window {
    /// The window.
    pub ksize: Spatial,
    /// Steps of the window.
    pub stride: Spatial,
    /// Padding before the first element.
    pub pad: Spatial,
    /// Steps inside the window.
    pub dilate: Spatial,
}

/// The geometry of pooling over regions. A region is (image, left, top, right, bottom) in units of which an element is `scale`; its borders
/// are rounded (halves to even) and belong to it, it has at least one row and column, and its cells overlap where they do not divide it.
#[derive(Clone, PartialEq, Debug)]
pub struct RegionPool {
    /// Rows and columns of cells.
    pub cells: [usize; 2],
    /// What regions are multiplied by.
    pub scale: f64,
}

/// Whether a scatter adds or overwrites.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScatterMode {
    /// Overwrites; of several updates of one place the last in row-major order stays.
    Set,
    /// Adds each.
    Add,
}

/// What a scan accumulates.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ScanOp {
    /// Running sum.
    Sum,
    /// Running product.
    Prod,
}

/// Work written in Rust over host memory: algorithms that are not worth a kernel of their own.
pub trait HostKernel: Send + Sync + std::fmt::Debug {
    /// What profiles and errors call it.
    fn name(&self) -> &str;
    /// Reads `inputs` and fills every element of `outputs`, all in host memory.
    fn execute(&self, inputs: &[View], outputs: &[View]) -> Result<()>;
}

impl Kernel {
    /// What profiles and errors call it.
    pub fn name(&self) -> &str {
        match self {
            Kernel::Map(_) => "map",
            Kernel::MapGroup(_) => "map_group",
            Kernel::Reduce(r) => r.op.name(),
            Kernel::MatMul => "matmul",
            Kernel::MatMulMap(_) => "matmul_map",
            Kernel::Conv(_) => "convolution",
            Kernel::ConvMap(..) => "convolution_map",
            Kernel::ConvBackwardData(_) => "convolution_backward_data",
            Kernel::ConvBackwardFilter(_) => "convolution_backward_filter",
            Kernel::MaxPool(_) => "max_pooling",
            Kernel::MaxPoolBackward(_) => "max_pooling_backward",
            Kernel::MaxPoolGather(_) => "max_pooling_gather",
            Kernel::AveragePool(_) => "average_pooling",
            Kernel::AveragePoolBackward(_) => "average_pooling_backward",
            Kernel::Unfold(_) => "unfold",
            Kernel::Fold(_) => "fold",
            Kernel::RegionMax(_) => "region_max",
            Kernel::Take { .. } => "take",
            Kernel::Scatter { .. } => "scatter",
            Kernel::TakeAlongAxis { .. } => "take_along_axis",
            Kernel::ScatterAlongAxis { .. } => "scatter_along_axis",
            Kernel::Concat { .. } => "concatenate",
            Kernel::Pad { .. } => "pad",
            Kernel::Scan { .. } => "scan",
            Kernel::Recurrence { .. } => "recurrence",
            Kernel::Sort { .. } => "sort",
            Kernel::Host(k) => k.name(),
        }
    }

    /// The kernel in a line: its name, what a fused program computes, and the shapes it runs on if any are given.
    pub fn describe(&self, inputs: &[View], outputs: &[View]) -> String {
        let names = |program: &Program| {
            let names: Vec<&str> = program.instrs.iter().map(|i| i.op.name()).collect();
            if names.is_empty() { String::new() } else { format!("[{}]", names.join(" ")) }
        };
        let program = match self {
            Kernel::Map(Map { program, .. })
            | Kernel::Reduce(Reduce { program, .. })
            | Kernel::MatMulMap(Epilogue { program, .. })
            | Kernel::ConvMap(_, Epilogue { program, .. }) => names(program),
            // Neighbours that compute the same are said once.
            Kernel::MapGroup(maps) => maps
                .chunk_by(|a, b| a.program == b.program)
                .map(|same| format!(" {}x{}", same.len(), names(&same[0].program)))
                .collect(),
            _ => String::new(),
        };
        let list = |views: &[View]| views.iter().map(|v| format!("{v:?}")).collect::<Vec<_>>().join(", ");
        let shapes =
            if outputs.is_empty() { String::new() } else { format!(" ({}) -> ({})", list(inputs), list(outputs)) };
        format!("{}{program}{shapes}", self.name())
    }

    /// Floating-point operations of one execution, roughly (exact for products and convolutions).
    pub fn flops(&self, inputs: &[View], outputs: &[View]) -> u64 {
        let size = |views: &[View], i: usize| views.get(i).map_or(0, |v| v.shape.size() as u64);
        // Each element of w meets each output position of its channel in each image.
        let convolution =
            |w: &View, y: &View| 2 * y.shape.size() as u64 * w.shape[1..].iter().product::<usize>() as u64;
        let product = || 2 * size(outputs, 0) * inputs[0].shape.last().copied().unwrap_or(1) as u64;
        match self {
            Kernel::Map(m) => m.flops(),
            Kernel::MapGroup(maps) => maps.iter().map(Map::flops).sum(),
            Kernel::Reduce(r) => (r.program.flops() + 1) * r.shape.size() as u64,
            Kernel::MatMul => product(),
            Kernel::MatMulMap(after) => product() + after.program.flops() * size(outputs, 0),
            Kernel::Conv(_) => convolution(&inputs[1], &outputs[0]),
            Kernel::ConvMap(_, after) => {
                convolution(&inputs[1], &outputs[0]) + after.program.flops() * size(outputs, 0)
            }
            Kernel::ConvBackwardData(_) => convolution(&inputs[1], &inputs[0]),
            Kernel::ConvBackwardFilter(_) => convolution(&outputs[0], &inputs[1]),
            Kernel::MaxPool(p) | Kernel::AveragePool(AveragePool { pool: p, .. }) => {
                size(outputs, 0) * p.ksize.iter().product::<usize>() as u64
            }
            Kernel::Recurrence { .. } => 2 * size(inputs, 0),
            Kernel::Scan { .. } | Kernel::MaxPoolBackward(_) | Kernel::AveragePoolBackward(_) | Kernel::Fold(_) => {
                size(inputs, 0)
            }
            _ => 0,
        }
    }

    /// Bytes read and written, each array counted once (a broadcast one by what it holds).
    pub fn bytes(&self, inputs: &[View], outputs: &[View]) -> u64 {
        inputs.iter().chain(outputs).map(|v| v.bytes_touched() as u64).sum()
    }

    /// The dtype in which the kernel computes, for profiles.
    pub fn dtype(&self, inputs: &[View], outputs: &[View]) -> Dtype {
        let told_by = match self {
            Kernel::MatMulMap(_) | Kernel::ConvMap(..) => inputs.first(),
            _ => outputs.first().or(inputs.first()),
        };
        told_by.map_or(Dtype::F32, |v| v.dtype)
    }
}
