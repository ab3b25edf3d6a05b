//! The one error type, and the exit code that each kind of failure ends the program with.

use std::path::{Path, PathBuf};

pub use crate::base::place::Place;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The exit code of the process. The numbers are a contract, listed in the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked for was done, and every gate held.
    Inside = 0,
    /// The work was done and a gate failed: a row left its band, coverage was lost, or a live answer
    /// differs from its recording.
    GateFailed = 1,
    /// The input or the command line cannot be used, or the output cannot be written.
    BadInput = 2,
    /// Mantile, its recording, or a service that rows are fetched from did not answer some or all requests.
    Unavailable = 3,
}

impl Exit {
    /// The worst of several: bad input outweighs a missing answer, which outweighs a failed gate, because the
    /// less was judged, the worse.
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
    #[error("{place}: {message}{}{}", excerpt_below(place, message), help_line(.help.as_ref()))]
    Content {
        /// The file, and the line and column where they are known.
        place: Place,
        /// The fault.
        message: String,
        /// The next step for the user.
        help: Option<String>,
    },
    /// A file or folder that cannot be read or written.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// The action that failed, as a verb: "read", "write", "create".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A request that makes no sense: unknown model, clashing options.
    #[error("{message}{}", help_line(.help.as_ref()))]
    Usage {
        /// The fault.
        message: String,
        /// The next step for the user.
        help: Option<String>,
    },
    /// Mantile, or the recording that stands in for it, gave no usable answer.
    #[error("{message}{}", help_line(.help.as_ref()))]
    Unavailable {
        /// The event.
        message: String,
        /// The next step for the user.
        help: Option<String>,
    },
}

impl Error {
    /// Wraps an error of the operating system with the action and the path.
    #[must_use]
    pub fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_path_buf(), source }
    }

    /// Content of a file that cannot be used.
    pub fn content(place: Place, message: impl Into<String>) -> Self {
        Self::Content { place, message: message.into(), help: None }
    }

    /// A request that cannot be met as it was made.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: None }
    }

    /// A service or a recording that is missing.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::Unavailable { message: message.into(), help: None }
    }

    /// Adds the next step, except to an I/O error.
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

    /// Adds the next step where there is none yet.
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

/// The line of the file, unless the message shows it already, as that of a filter expression does.
fn excerpt_below(place: &Place, message: &str) -> String {
    let shows_it = message.contains('\n');
    let excerpt = if shows_it { None } else { place.excerpt() };
    excerpt.map(|text| format!("\n{text}")).unwrap_or_default()
}

fn help_line(help: Option<&String>) -> String {
    help.map(|text| format!("\n  help: {text}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_follows_on_its_own_line() {
        let error = Error::usage("no such model").with_help("list by_model/");
        assert_eq!(error.to_string(), "no such model\n  help: list by_model/");
        assert_eq!(error.exit(), Exit::BadInput);
    }
}
