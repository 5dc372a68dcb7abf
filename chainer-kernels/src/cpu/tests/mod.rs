//! The executor against the naive interpreter, over dtypes, layouts, vector levels and thread counts.

mod arrays;
mod epilogues;
mod map_groups;
mod operations;
mod programs;
mod reductions;
mod reference;
