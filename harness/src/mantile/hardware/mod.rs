//! A hardware configuration of Mantile: the answer of `GET /hardware/{id}`, and a file of Mantile's data folder.

mod file;
mod parameters;

pub use file::HardwareDescription;
pub use parameters::{Hardware, Overlap};
