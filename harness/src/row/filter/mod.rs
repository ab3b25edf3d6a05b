//! The language that picks rows: `gpu_model = b200 and tensor_parallel >= 2 and not framework in (vllm, trt)`.
//!
//! ```text
//! expression = term { "or" term }            term = factor { "and" factor }
//! factor     = "not" factor | "(" expression ")" | field operator value
//!            | field ["not"] "in" "(" value { "," value } ")"
//! operator   = "=" | "!=" | "<" | "<=" | ">" | ">="
//! ```
//!
//! A value is a bare word or stands in quotes; `*` and `?` in it are wildcards for `=`, `!=` and `in`. The order
//! operators compare numbers, and days for `benchmark_date`; they are false where a row has no value.

mod display;
mod eval;
mod expression;
mod parse;
mod token;

pub use expression::{Bound, Filter, Order, ValuePattern};
