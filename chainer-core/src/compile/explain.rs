//! A compiled graph for people.

use chainer_kernels::graph::{Explanation, short};

use super::{CompiledGraph, Recomputed};

impl CompiledGraph<'_> {
    /// The most bytes that the traced call, which ran define-by-run, held at one time beyond what was there before. (Of a forward
    /// computation: together with its gradients.) What other threads take at the same time counts, too.
    pub fn traced_peak(&self) -> usize {
        self.variant.traced_peak
    }

    /// The graph for people: a table of the kernels that run (how many captured ones each stands for, work, memory traffic, and time if
    /// [`measure`](super::Compiled::measure) was on), what the passes did, the memory of a run beside that of the traced call, and why
    /// elementwise kernels that read each other are still two. Of a forward computation its gradients follow as a second table.
    ///
    /// ```
    /// use chainer::{compile, functions as F, prelude::*, Array};
    /// let w = Parameter::new(Array::from([[1.0f32, 2.0], [3.0, 4.0]]));
    /// let mut f = compile(move |x: Variable| F::softmax(F::tanh(F::matmul(&x, &w)) * 2.0));
    /// f.measure(true);
    /// for _ in 0..3 {
    ///     drop(f.call(Variable::constant(Array::from([[0.5f32, -0.5]]))));
    /// }
    /// let text = f.graph().unwrap().explain();
    /// assert!(text.contains("matmul") && text.contains("kernels were captured"), "{text}");
    /// ```
    pub fn explain(&self) -> String {
        let variant = self.variant;
        let forward = Explanation { graph: &variant.graph, report: &variant.report, executable: &variant.executable };
        let mut rest =
            format!("define-by-run, the traced call held {} bytes at its peak.\n", short(variant.traced_peak));
        if let Some(Recomputed { kernels, bytes: [before, now], flops }) = variant.recomputed {
            rest += &format!(
                "for the budget of memory {kernels} kernels run again ({} flops): {} bytes instead of {} live at one time.\n",
                short(flops as usize),
                short(now),
                short(before)
            );
        }
        let Some(flow) = &variant.flow else { return format!("{forward}{rest}") };
        let later = flow.later();
        let gradients = Explanation { graph: &flow.graph, report: &flow.report, executable: &later };
        format!("{forward}\nits gradients:\n{gradients}\n{rest}")
    }
}
