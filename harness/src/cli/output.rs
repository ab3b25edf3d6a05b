//! The program's output: results go to stdout, notes, progress and errors to stderr.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anstyle::AnsiColor;
use indicatif::{ProgressBar, ProgressStyle};

use super::args::Format;
use crate::base::error::{Error, Result};
use crate::report::TextTable;

/// Prints a result.
pub(super) fn print(text: &str) -> Result<()> {
    write_line(std::io::stdout().lock(), text)
}

/// Prints a result for people. Its colours are kept on a terminal, unless `NO_COLOR` is set.
pub(super) fn show(text: &str) -> Result<()> {
    write_line(anstream::stdout().lock(), text)
}

/// Writes a line to stdout. A reader that has gone away, as `head` does, is no error.
fn write_line(mut stdout: impl std::io::Write, text: &str) -> Result<()> {
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write", Path::new("stdout"), error))
        }
        _ => Ok(()),
    }
}

/// Prints a result that is in this format.
pub(super) fn print_as(format: Format, text: &str) -> Result<()> {
    if format == Format::Text { show(text) } else { print(text) }
}

/// Prints a result as a table in this format, or on a terminal as this text.
pub(super) fn print_table(format: Format, table: &TextTable, text: &str) -> Result<()> {
    match format {
        Format::Text => show(text),
        Format::Markdown => print(&table.to_markdown()),
        Format::Csv => print(&table.to_csv()),
        Format::Json => print(&table.to_document()),
    }
}

/// A text for a terminal as a block of a Markdown page.
pub(super) fn fenced(text: &str) -> String {
    format!("```\n{text}\n```")
}

/// Prints a note on stderr.
pub(super) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints a note per item, and of a long list the number of those that are left out.
pub(super) fn note_each(items: &[String], text: &str) {
    for item in items.iter().take(MOST_NOTES) {
        note(&format!("note: {text} {item}"));
    }
    if let Some(more @ 1..) = items.len().checked_sub(MOST_NOTES) {
        note(&format!("note: {text} {more} more"));
    }
}

/// The number of notes of a kind that are printed.
const MOST_NOTES: usize = 5;

/// Prints an error on stderr.
pub(super) fn complain(error: &Error) {
    let word = AnsiColor::Red.on_default().bold();
    note(&format!("{word}error:{word:#} {error}"));
}

/// A progress bar; nothing is drawn if stderr is no terminal.
pub(super) fn progress(label: &str, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(label.to_owned());
    bar
}

/// The default folder for a model's generated files.
pub(super) fn reports_folder(root: &Path, model: &str) -> PathBuf {
    root.join("target").join("reconcile").join(model)
}

/// The default path of the predictions file.
pub(super) fn predictions_path(root: &Path, model: &str) -> PathBuf {
    reports_folder(root, model).join("mantile_predictions.csv")
}

/// A spinner for work of unknown length; nothing is drawn if stderr is no terminal.
pub(super) fn spinner(label: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(label.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(200));
    spinner
}
