//! Where the program writes: results to stdout, progress and complaints to stderr.

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

/// Prints a result for people: in colour on a terminal, unless `NO_COLOR` is set.
pub(super) fn show(text: &str) -> Result<()> {
    write_line(anstream::stdout().lock(), &painted(text))
}

/// Writes to stdout. A reader that has gone away, as `head` does, is no error.
fn write_line(mut stdout: impl std::io::Write, text: &str) -> Result<()> {
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write", Path::new("stdout"), error))
        }
        _ => Ok(()),
    }
}

/// Prints a result in a format: what is for a terminal as for people.
pub(super) fn print_as(format: Format, text: &str) -> Result<()> {
    if format == Format::Text { show(text) } else { print(text) }
}

/// Prints a result as its table; for a terminal its text.
pub(super) fn print_table(format: Format, table: &TextTable, text: &str) -> Result<()> {
    match format {
        Format::Text => show(text),
        Format::Markdown => print(&table.to_markdown()),
        Format::Csv => print(&table.to_csv()),
        Format::Json => {
            let document = serde_json::json!({ "schema_version": 1, "lines": table.to_json() });
            print(&document.to_string())
        }
    }
}

/// A text for a terminal as a part of a Markdown page.
pub(super) fn fenced(text: &str) -> String {
    format!("```\n{text}\n```")
}

/// Prints a diagnostic.
pub(super) fn note(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints an error.
pub(super) fn complain(error: &Error) {
    let word = AnsiColor::Red.on_default().bold();
    note(&format!("{word}error:{word:#} {error}"));
}

/// The words that a line is judged by, with their colours.
const JUDGEMENTS: [(&str, AnsiColor); 11] = [
    ("PASS", AnsiColor::Green),
    ("FAIL", AnsiColor::Red),
    ("INCOMPLETE", AnsiColor::Yellow),
    ("OK:", AnsiColor::Green),
    ("IMPROVED:", AnsiColor::Green),
    ("CHANGED:", AnsiColor::Yellow),
    ("REGRESSED:", AnsiColor::Red),
    ("BROKEN:", AnsiColor::Red),
    ("=> significantly better", AnsiColor::Green),
    ("=> not written", AnsiColor::Yellow),
    ("! worse than before", AnsiColor::Yellow),
];

/// A text with what its lines are judged by in colour, where that begins or ends a line.
fn painted(text: &str) -> String {
    let paint = |line: &str| {
        for (word, colour) in JUDGEMENTS {
            let style = colour.on_default().bold();
            let ends = |rest: &&str| !rest.starts_with(char::is_alphanumeric);
            if let Some(rest) = line.strip_prefix(word).filter(ends) {
                return format!("{style}{word}{style:#}{rest}");
            }
            if let Some(rest) = line.strip_suffix(word).filter(|rest| rest.ends_with(' ')) {
                return format!("{rest}{style}{word}{style:#}");
            }
        }
        line.to_owned()
    };
    text.split('\n').map(paint).collect::<Vec<_>>().join("\n")
}

/// A bar on the terminal; nothing where stderr is none.
pub(super) fn progress(label: &str, total: usize) -> ProgressBar {
    let bar = ProgressBar::new(total as u64);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(label.to_owned());
    bar
}

/// The folder that a model's generated files go to.
pub(super) fn reports_folder(root: &Path, model: &str) -> PathBuf {
    root.join("target").join("reconcile").join(model)
}

/// The predictions file, unless named otherwise.
pub(super) fn predictions_path(root: &Path, model: &str) -> PathBuf {
    reports_folder(root, model).join("mantile_predictions.csv")
}

/// A sign of life on the terminal, for work whose end is not known; nothing where stderr is none.
pub(super) fn spinner(label: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(label.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(200));
    spinner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_judges_is_painted_and_nothing_is_lost() {
        let text = "PASS\na model  FAIL\nPASSWORDS are no verdict, nor is PASS in a line\nplain";
        let painted = painted(text);
        assert_eq!(painted.matches("\u{1b}[1m").count(), 2, "{painted:?}");
        assert_eq!(anstream::adapter::strip_str(&painted).to_string(), text);
    }
}
