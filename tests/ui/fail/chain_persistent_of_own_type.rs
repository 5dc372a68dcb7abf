#![allow(unused)]
use chainer::prelude::*;

struct Statistics;
#[chain]
struct Net {
    #[persistent]
    statistics: State<Statistics>, //~ a `State<Statistics>` cannot be saved
}

fn main() {}
