//! CSV files read strictly: every cell is typed where it enters, and every error names and shows the file, the
//! line and the column.

mod header;
mod record;
mod span;
#[expect(clippy::module_inception, reason = "a file is named after the noun that it owns")]
mod table;

pub use record::Record;
pub use table::Table;
