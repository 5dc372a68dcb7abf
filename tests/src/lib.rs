//! What the integration tests share: the harness of the conformance runner ([`golden`]) and the [`index`] of functions. The examples of
//! the README and of the book are compiled and run as documentation tests of this crate.

pub mod golden;
pub mod index;

/// Makes each chapter's code blocks documentation tests.
macro_rules! chapters {
    ($($name:ident: $path:literal;)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($path)]
            mod $name {}
        )*
    };
}
chapters! {
    readme: "../../README.md";
    install_and_train: "../../docs/src/mnist.md";
    variables_and_gradients: "../../docs/src/variables.md";
    links_and_chains: "../../docs/src/links.md";
    the_function_library: "../../docs/src/library.md";
    your_own_function: "../../docs/src/functions.md";
    errors_and_type_checks: "../../docs/src/errors.md";
    what_runs_when: "../../docs/src/laziness.md";
    define_by_run_that_compiles: "../../docs/src/compile.md";
}
