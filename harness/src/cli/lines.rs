//! Results that are lines of figures: a document for programs, or a table or a sentence for people.

use serde::Serialize;

use super::args::Format;
use super::output::{print, print_table};
use crate::base::error::Result;
use crate::report::TextTable;

/// The `--format json` document. Its keys, and those of the lines, are in alphabetical order.
#[derive(Serialize)]
struct LinesDocument<'a, T> {
    lines: &'a [T],
    schema_version: u32,
}

/// Prints lines as their document, or else as their table or text.
pub(super) fn print_lines<T: Serialize>(
    format: Format,
    lines: &[T],
    table: &TextTable,
    text: &str,
) -> Result<()> {
    if format != Format::Json {
        return print_table(format, table, text);
    }
    let document = LinesDocument { lines, schema_version: 1 };
    print(&serde_json::to_string(&document).expect("words and numbers are JSON"))
}
