//! Parameters as cells: their values and their gradients.

use std::any::Any;
use std::sync::Arc;

use super::session::{self, Cell};
use super::traced::Slot;
use crate::{Parameter, Variable};

/// The value of a parameter.
struct Value(Parameter);

impl Cell for Value {
    fn arrays(&self, visit: &mut dyn FnMut(Slot<'_>)) {
        self.0.visit_value(|array| visit(Slot::Array(array)));
    }

    fn mode(&self) -> u8 {
        self.0.requires_grad() as u8
    }

    fn trained(&self) -> Option<Parameter> {
        self.0.requires_grad().then(|| self.0.clone())
    }

    fn label(&self) -> String {
        format!("the parameter {:?}", self.0.name().unwrap_or_default())
    }
}

/// The gradient of a parameter, if it has one.
pub(super) struct Gradient(pub(super) Parameter);

impl Cell for Gradient {
    fn arrays(&self, visit: &mut dyn FnMut(Slot<'_>)) {
        self.0.visit_grad(|grad| {
            if let Some(grad) = grad {
                visit(Slot::Variable(grad));
            }
        });
    }

    fn template(&self) -> Option<Box<dyn Any + Send + Sync>> {
        let mut present = false;
        self.0.visit_grad(|grad| present = grad.is_some());
        Some(Box::new(present))
    }

    fn restore(&self, template: &(dyn Any + Send + Sync)) {
        let present = template.downcast_ref::<bool>() == Some(&true);
        self.0.visit_grad(|grad| *grad = present.then(|| Variable::constant(crate::Array::scalar(0f32))));
    }

    fn gradient_of(&self) -> Option<usize> {
        Some(self.0.id())
    }

    fn label(&self) -> String {
        format!("the gradient of the parameter {:?}", self.0.name().unwrap_or_default())
    }
}

/// Kinds of cells at the address of a parameter.
const VALUE: u8 = 0;
const GRADIENT: u8 = 1;
/// Cells of other addresses.
pub(crate) const STATE: u8 = 2;

/// A parameter is about to be used in a captured call.
#[cold]
pub(crate) fn touch_parameter(parameter: &Parameter) {
    if !parameter.is_initialized() {
        return;
    }
    session::touch(parameter.id(), VALUE, || Arc::new(Value(parameter.clone())));
    session::touch(parameter.id(), GRADIENT, || Arc::new(Gradient(parameter.clone())));
}
