//! Where the program writes: results to stdout, progress and complaints to stderr.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::{Error, Result};

/// Prints a result. A reader that has gone away, as `head` does, is no error.
pub(super) fn print(text: &str) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write", Path::new("stdout"), error))
        }
        _ => Ok(()),
    }
}

/// Prints a diagnostic.
pub(super) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Prints an error.
pub(super) fn complain(error: &Error) {
    note(&format!("error: {error}"));
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
