//! The ground that every room stands on: errors, files, text, numbers and tables. It knows no benchmark and
//! no Mantile.

pub mod day;
pub mod error;
pub mod file;
pub(crate) mod http;
pub(crate) mod parallel;
pub mod place;
pub mod settings;
pub mod statistics;
pub mod table;
pub mod tally;
pub mod text;
pub mod toml_file;
pub mod transaction;
pub mod units;
