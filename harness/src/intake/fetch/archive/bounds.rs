//! The largest archive that is unpacked.

use crate::base::text::plural;

/// The bounds of an archive and of what it unpacks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::intake::fetch) struct ArchiveBounds {
    /// The size of the archive itself, bytes.
    pub archive_bytes: u64,
    /// The number of its entries.
    pub entries: usize,
    /// The size of one unpacked entry, bytes.
    pub entry_bytes: u64,
    /// The size of all unpacked entries together, bytes.
    pub total_bytes: u64,
    /// The ratio of unpacked to packed size of an entry that unpacks to more than a mebibyte. The aggregates of a
    /// sweep reach about 20.
    pub ratio: u64,
}

pub(super) const MEBIBYTE: u64 = 1 << 20;

impl Default for ArchiveBounds {
    fn default() -> Self {
        Self {
            archive_bytes: 256 * MEBIBYTE,
            entries: 10_000,
            entry_bytes: 256 * MEBIBYTE,
            total_bytes: 512 * MEBIBYTE,
            ratio: 200,
        }
    }
}

/// A number of bytes for people.
pub(in crate::intake::fetch) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} byte{}", plural(usize::try_from(bytes).unwrap_or(usize::MAX))),
        1024..MEBIBYTE => format!("{:.0} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / MEBIBYTE as f64),
    }
}
