//! The standard CSV format: seventeen required columns, and optional ones that complete a row.

mod cell;
mod columns;
mod read;
mod write;

pub use columns::{COLUMNS, identity_columns, required_identity_columns};
pub use read::{names_providers, read, read_identity, read_metrics, read_of, read_record};
pub use write::{cells, identity_cells, write};

/// The column of the provider, which a file with rows of several sources has as well.
const PROVIDER: &str = "provider";
/// The separator of the derived metrics of a row.
const SEPARATOR: char = ';';
/// The concurrency of a row that was measured at the best one, which was not published.
const PEAK: &str = "peak";
