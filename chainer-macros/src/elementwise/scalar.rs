//! The scalar text of an `#[elementwise]` function: as written, but for calls of other elementwise functions.

use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprCall, PathSegment};

use super::methods;

/// The block with `swish(x)` turned into `swish::scalar(x)`.
pub fn body(block: &Block) -> Block {
    let mut block = block.clone();
    Calls.visit_block_mut(&mut block);
    block
}

struct Calls;

impl VisitMut for Calls {
    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        visit_mut::visit_expr_call_mut(self, call);
        if let Expr::Path(function) = &mut *call.func
            && methods::of_primitive(&function.path).is_none()
            && let Some(last) = function.path.segments.last()
        {
            let scalar = PathSegment::from(syn::Ident::new("scalar", last.ident.span()));
            function.path.segments.push(scalar);
        }
    }
}
