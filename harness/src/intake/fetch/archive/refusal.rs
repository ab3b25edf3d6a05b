//! The reasons not to unpack an archive.

use zip::result::ZipError;

use crate::base::error::Error;

/// The reason why an archive was not unpacked.
#[derive(Debug)]
pub(in crate::intake::fetch) enum ArchiveRefusal {
    /// Unpacking would be unsafe. The sentence names the entry.
    Unsafe(String),
    /// The archive is cut short or damaged. Another download may be whole.
    Broken(String),
    /// The files could not be written.
    Io(Error),
}

impl ArchiveRefusal {
    /// The refusal of an archive that cannot be opened.
    pub(super) fn of_archive(error: &ZipError) -> Self {
        match error {
            ZipError::UnsupportedArchive(_) => {
                Self::Unsafe(format!("an unsupported kind of archive: {error}"))
            }
            _ => Self::Broken(format!("not a complete zip archive: {error}")),
        }
    }

    /// The refusal of an entry that cannot be opened.
    pub(super) fn of_entry(name: &str, error: &ZipError) -> Self {
        match error {
            ZipError::Io(_) | ZipError::InvalidArchive(_) => {
                Self::Broken(format!("entry {name:?} cannot be read: {error}"))
            }
            _ => Self::Unsafe(format!("entry {name:?} cannot be read: {error}")),
        }
    }
}
