//! The one error type, and the exit code that each kind of failure ends the program with.

use std::path::{Path, PathBuf};

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the process exits with. The numbers are a contract, listed in the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done, and every gate held.
    Inside = 0,
    /// The work was done and a gate failed: a row left its band, coverage was lost, a live answer
    /// differs from its recording.
    GateFailed = 1,
    /// The input or the command line cannot be used, or the output cannot be written.
    BadInput = 2,
    /// Mantile, its recording or a service that rows are fetched from did not answer, wholly or in part.
    Unavailable = 3,
}

impl Exit {
    /// Of several the worst: bad input outweighs a missing answer, and that a failed gate, for the less was
    /// judged, the worse.
    #[must_use]
    pub fn worst(exits: &[Self]) -> Self {
        [Self::BadInput, Self::Unavailable, Self::GateFailed]
            .into_iter()
            .find(|exit| exits.contains(exit))
            .unwrap_or(Self::Inside)
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure, worded to follow "error: ".
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file whose content cannot be used, at a place in it.
    #[error("{place}: {message}{}", help_line(.help.as_ref()))]
    Content {
        /// Where: file, line, and column where known.
        place: Place,
        /// What is wrong there.
        message: String,
        /// What to do next.
        help: Option<String>,
    },
    /// A file or folder that cannot be read or written.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// What was tried, as a verb: "read", "write", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A request that makes no sense: unknown model, clashing options.
    #[error("{message}{}", help_line(.help.as_ref()))]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do next.
        help: Option<String>,
    },
    /// Mantile, or the recording that stands in for it, gave no usable answer.
    #[error("{message}{}", help_line(.help.as_ref()))]
    Unavailable {
        /// What happened.
        message: String,
        /// What to do next.
        help: Option<String>,
    },
}

impl Error {
    /// Wraps an operating-system error with what was tried on which path.
    #[must_use]
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_path_buf(), source }
    }

    /// Content of a file that cannot be used.
    pub fn content(place: Place, message: impl Into<String>) -> Self {
        Self::Content { place, message: message.into(), help: None }
    }

    /// A request that cannot be met as asked.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: None }
    }

    /// A service or a recording that is not there.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into(), help: None }
    }

    /// Adds what to do next; an I/O error keeps its own words.
    #[must_use]
    pub fn with_help(mut self, text: impl Into<String>) -> Self {
        match &mut self {
            Self::Content { help, .. }
            | Self::Usage { help, .. }
            | Self::Unavailable { help, .. } => {
                *help = Some(text.into());
            }
            Self::Io { .. } => {}
        }
        self
    }

    /// Adds what to do next where nothing is said yet.
    #[must_use]
    pub fn or_help(self, text: impl Into<String>) -> Self {
        match &self {
            Self::Content { help: None, .. }
            | Self::Usage { help: None, .. }
            | Self::Unavailable { help: None, .. } => self.with_help(text),
            _ => self,
        }
    }

    /// The exit code that this failure ends the program with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unavailable { .. } => Exit::Unavailable,
            Self::Content { .. } | Self::Io { .. } | Self::Usage { .. } => Exit::BadInput,
        }
    }
}

/// A place in a file: `file:line:column`, with as much of it as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: Option<u64>,
    /// A column: a CSV column's name, a text column's number, or a JSON key as `/a/b`.
    pub column: Option<String>,
}

impl Place {
    /// The whole file.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self { path: path.to_path_buf(), line: None, column: None }
    }

    /// A line of the file, from 1.
    #[must_use]
    pub fn line(path: &Path, line: u64) -> Self {
        Self { path: path.to_path_buf(), line: Some(line), column: None }
    }

    /// The line and text column of a byte offset in `text`.
    #[must_use]
    pub fn offset(path: &Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        Self { path: path.to_path_buf(), line: Some(line), column: Some(column.to_string()) }
    }

    /// This place narrowed to a named column.
    #[must_use]
    pub fn in_column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match &self.column {
            Some(column) if column.bytes().all(|b| b.is_ascii_digit()) => write!(f, ":{column}"),
            Some(column) => match column.strip_prefix('/') {
                Some(key) => write!(f, ", key `{key}`"),
                None => write!(f, ", column `{column}`"),
            },
            None => Ok(()),
        }
    }
}

fn help_line(help: Option<&String>) -> String {
    help.map(|text| format!("\n  help: {text}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_becomes_line_and_column() {
        let place = Place::offset(Path::new("a.toml"), "one\ntwo = 3\n", 8);
        assert_eq!(place.to_string(), "a.toml:2:5");
    }

    #[test]
    fn a_pointer_is_a_key_and_a_name_a_column() {
        let place = Place::line(Path::new("a"), 3);
        assert_eq!(place.clone().in_column("/x/y").to_string(), "a:3, key `x/y`");
        assert_eq!(place.in_column("x").to_string(), "a:3, column `x`");
    }

    #[test]
    fn help_follows_on_its_own_line() {
        let error = Error::usage("no such model").with_help("list by_model/");
        assert_eq!(error.to_string(), "no such model\n  help: list by_model/");
        assert_eq!(error.exit(), Exit::BadInput);
    }
}
