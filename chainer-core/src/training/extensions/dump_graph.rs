//! The computational graph of an observed variable as a picture's text.

use std::io::Write;

use chainer_kernels::{Error, Result};

use super::super::{Context, Extension};
use crate::computational_graph::build_computational_graph;
use crate::reporter::Observed;
use crate::serializers::write_atomically;

/// Writes the graph that computed an observed variable, such as `main/loss`, at the first iteration, as `cg.dot` in the output
/// folder. Graphviz makes a picture of it: `dot -Tpng cg.dot -o cg.png`.
pub fn dump_graph(root_name: impl Into<String>) -> DumpGraph {
    DumpGraph { root_name: root_name.into(), out_name: "cg.dot".to_owned(), done: false }
}

/// The extension that [`dump_graph`] returns.
pub struct DumpGraph {
    root_name: String,
    out_name: String,
    done: bool,
}

impl DumpGraph {
    /// The name of the file.
    pub fn out_name(mut self, name: impl Into<String>) -> Self {
        self.out_name = name.into();
        self
    }
}

impl Extension for DumpGraph {
    fn run(&mut self, context: &mut Context<'_>) -> Result<()> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(());
        }
        let Some(Observed::Variable(root)) = context.observation.get(&self.root_name) else {
            let actual = format!("{:?}; observed are {:?}", self.root_name, context.observation.names());
            return Err(Error::value("dump_graph", "root_name of an observed variable", actual));
        };
        let text = build_computational_graph([root]).dump();
        let path = context.out.join(&self.out_name);
        write_atomically("dump_graph", &path, |file| {
            file.write_all(text.as_bytes()).map_err(|error| Error::io("dump_graph", &path, error))
        })
    }

    fn needs_graph(&self) -> bool {
        !self.done
    }

    fn default_name(&self) -> String {
        "dump_graph".to_owned()
    }
}
