//! What the integration tests share: the harness of the conformance runner ([`golden`]).

pub mod golden;
