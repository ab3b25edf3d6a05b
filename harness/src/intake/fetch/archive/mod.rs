//! Zip archives of artifacts, unpacked within bounds: no file leaves the folder, and none grows without limit.

mod bounds;
mod entry_path;
mod refusal;
mod unpack;

pub(super) use bounds::{ArchiveBounds, size};
pub(super) use entry_path::entry_path;
pub(super) use refusal::ArchiveRefusal;
pub(super) use unpack::unpack;
