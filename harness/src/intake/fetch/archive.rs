//! An artifact's zip archive, unpacked within bounds: nothing leaves the folder, and nothing grows
//! beyond measure. Sizes that the archive states are not trusted; bytes are counted as they come.

use std::fs::File;
use std::io::{BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::base::error::Error;
use crate::base::text::plural;

/// How large an archive may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Of the archive itself, bytes.
    pub archive_bytes: u64,
    /// Entries in it.
    pub entries: usize,
    /// Of one entry unpacked, bytes.
    pub entry_bytes: u64,
    /// Of all entries unpacked, bytes.
    pub total_bytes: u64,
    /// Unpacked over packed size, for an entry that unpacks to more than a mebibyte. Aggregates of a
    /// sweep reach about 20.
    pub ratio: u64,
}

const MEBIBYTE: u64 = 1 << 20;

impl Default for Bounds {
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

/// Why an archive was not unpacked.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It must not be: the sentence names the entry.
    Unsafe(String),
    /// It is cut short or damaged; another download may not be.
    Broken(String),
    /// Its files could not be written.
    Io(Error),
}

/// The kinds of files that hold results.
const EXTENSIONS: [&str; 3] = ["json", "jsonl", "csv"];

/// Unpacks the result files of an archive into a folder, and returns their paths in it, with their
/// sizes in bytes. Any entry that is refused refuses the whole archive.
pub(super) fn unpack(
    archive: &Path,
    folder: &Path,
    bounds: &Bounds,
) -> Result<Vec<(PathBuf, u64)>, Refusal> {
    let file =
        File::open(archive).map_err(|source| Refusal::Io(Error::io("read", archive, source)))?;
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| of_zip(&error))?;
    if zip.len() > bounds.entries {
        let many = format!("{} entries, more than the {} allowed", zip.len(), bounds.entries);
        return Err(Refusal::Unsafe(many));
    }
    if zip.has_duplicate_names() {
        return Err(Refusal::Unsafe("two entries of the same name".to_owned()));
    }
    if zip.has_overlapping_entries().map_err(|error| of_zip(&error))? {
        return Err(Refusal::Unsafe("entries that overlap".to_owned()));
    }
    // All names first: nothing of an archive is unpacked of which some entry is refused.
    let mut wanted = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(|error| of_zip(&error))?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let path = entry_path(&name).map_err(Refusal::Unsafe)?;
        if entry.is_symlink() {
            return Err(Refusal::Unsafe(format!("entry {name:?} is a symbolic link")));
        }
        if entry.encrypted() {
            return Err(Refusal::Unsafe(format!("entry {name:?} is encrypted")));
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if !entry.is_dir() && EXTENSIONS.contains(&extension.as_str()) {
            wanted.push((index, name, path));
        }
    }
    let mut unpacked = Vec::with_capacity(wanted.len());
    let mut left = bounds.total_bytes;
    for (index, name, path) in wanted {
        let entry = zip.by_index(index).map_err(|error| of_entry(&name, &error))?;
        let bytes = unpack_entry(entry, &name, &folder.join(&path), bounds, left)?;
        left -= bytes;
        unpacked.push((path, bytes));
    }
    Ok(unpacked)
}

fn unpack_entry<R: std::io::Read>(
    mut entry: ZipFile<'_, R>,
    name: &str,
    target: &Path,
    bounds: &Bounds,
    left: u64,
) -> Result<u64, Refusal> {
    let io = |source| Refusal::Io(Error::io("write", target, source));
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent).map_err(io)?;
    }
    let mut file = File::create_new(target).map_err(io)?;
    let packed = entry.compressed_size();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = entry.read(&mut buffer).map_err(|error| {
            Refusal::Broken(format!("entry {name:?} cannot be unpacked: {error}"))
        })?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        let unfit =
            |what: String| Err(Refusal::Unsafe(format!("entry {name:?} unpacks to {what}")));
        if bytes > bounds.entry_bytes {
            return unfit(format!("more than {}", size(bounds.entry_bytes)));
        }
        if bytes > left {
            return unfit(format!("more than is left of {} in all", size(bounds.total_bytes)));
        }
        if bytes > MEBIBYTE && bytes / bounds.ratio > packed {
            return unfit(format!("more than {} times its packed size", bounds.ratio));
        }
        file.write_all(&buffer[..read]).map_err(io)?;
    }
    file.sync_all().map_err(io)?;
    Ok(bytes)
}

/// The path that an entry's name is in its folder, and never out of it.
pub(super) fn entry_path(name: &str) -> Result<PathBuf, String> {
    let refuse = |why: &str| Err(format!("entry {name:?} {why}"));
    if name.starts_with('/') {
        return refuse("has an absolute path");
    }
    if name.contains(['\\', ':']) || name.chars().any(char::is_control) {
        return refuse("has a character that no artifact's file has");
    }
    let parts: Vec<&str> = name.strip_suffix('/').unwrap_or(name).split('/').collect();
    if parts.contains(&"..") {
        return refuse("leads out of its folder");
    }
    if parts.iter().any(|part| part.is_empty() || *part == ".") {
        return refuse("has an empty part in its path");
    }
    Ok(parts.iter().collect())
}

/// A number of bytes for people.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} byte{}", plural(usize::try_from(bytes).unwrap_or(usize::MAX))),
        1024..MEBIBYTE => format!("{:.0} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / MEBIBYTE as f64),
    }
}

fn of_zip(error: &ZipError) -> Refusal {
    match error {
        ZipError::UnsupportedArchive(_) => Refusal::Unsafe(format!("an unusual archive: {error}")),
        _ => Refusal::Broken(format!("no whole zip archive: {error}")),
    }
}

fn of_entry(name: &str, error: &ZipError) -> Refusal {
    match error {
        ZipError::Io(_) | ZipError::InvalidArchive(_) => {
            Refusal::Broken(format!("entry {name:?} cannot be read: {error}"))
        }
        _ => Refusal::Unsafe(format!("entry {name:?} cannot be read: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::*;

    fn archive(fill: impl FnOnce(&mut ZipWriter<File>)) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        let mut writer = ZipWriter::new(File::create(&path).unwrap());
        fill(&mut writer);
        writer.finish().unwrap();
        (folder, path)
    }

    fn add(writer: &mut ZipWriter<File>, name: &str, content: &[u8]) {
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }

    fn refusal(
        bounds: &Bounds,
        fill: impl FnOnce(&mut ZipWriter<File>),
    ) -> (String, tempfile::TempDir) {
        let (folder, path) = archive(fill);
        match unpack(&path, &folder.path().join("in/to"), bounds) {
            Err(Refusal::Unsafe(reason)) => (reason, folder),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn result_files_come_out_and_others_stay() {
        let (folder, path) = archive(|writer| {
            add(writer, "agg_bmk.json", b"[]");
            add(writer, "logs/server.log", b"noise");
            writer.add_directory("deep", SimpleFileOptions::default()).unwrap();
            add(writer, "deep/more.CSV", b"a,b");
        });
        let unpacked = unpack(&path, &folder.path().join("out"), &Bounds::default()).unwrap();
        let expected = [("agg_bmk.json".into(), 2), ("deep/more.CSV".into(), 3)];
        assert_eq!(unpacked, expected);
        assert_eq!(std::fs::read(folder.path().join("out/deep/more.CSV")).unwrap(), b"a,b");
        assert!(!folder.path().join("out/logs").exists());
    }

    #[test]
    fn an_entry_that_leads_out_refuses_the_whole_archive() {
        let (reason, folder) = refusal(&Bounds::default(), |writer| {
            add(writer, "good.json", b"[]");
            add(writer, "../evil.json", b"[]");
        });
        assert_eq!(reason, "entry \"../evil.json\" leads out of its folder");
        assert!(!folder.path().join("in").exists());
        // Also where the entry would not have been unpacked.
        let (reason, _) = refusal(&Bounds::default(), |writer| add(writer, "a/../../evil.sh", b""));
        assert_eq!(reason, "entry \"a/../../evil.sh\" leads out of its folder");
    }

    #[test]
    fn a_symbolic_link_is_refused() {
        let (reason, _) = refusal(&Bounds::default(), |writer| {
            writer.add_symlink("a.json", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        });
        assert_eq!(reason, "entry \"a.json\" is a symbolic link");
    }

    #[test]
    fn what_grows_beyond_measure_is_refused() {
        let zeros = vec![0; 4 << 20];
        let (reason, _) = refusal(&Bounds::default(), |writer| add(writer, "a.json", &zeros));
        assert_eq!(reason, "entry \"a.json\" unpacks to more than 200 times its packed size");

        let bounds = Bounds { entry_bytes: 3, ..Bounds::default() };
        let (reason, _) = refusal(&bounds, |writer| add(writer, "a.json", b"1234"));
        assert_eq!(reason, "entry \"a.json\" unpacks to more than 3 bytes");

        let bounds = Bounds { total_bytes: 5, ..Bounds::default() };
        let (reason, _) = refusal(&bounds, |writer| {
            add(writer, "a.json", b"123");
            add(writer, "b.json", b"123");
        });
        assert_eq!(reason, "entry \"b.json\" unpacks to more than is left of 5 bytes in all");

        let bounds = Bounds { entries: 1, ..Bounds::default() };
        let (reason, _) = refusal(&bounds, |writer| {
            add(writer, "a.json", b"1");
            add(writer, "b.json", b"1");
        });
        assert_eq!(reason, "2 entries, more than the 1 allowed");
    }

    #[test]
    fn half_an_archive_is_broken_not_unsafe() {
        let (folder, path) = archive(|writer| add(writer, "a.json", &[7; 9000]));
        let whole = std::fs::read(&path).unwrap();
        for part in [0, 10, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..part]).unwrap();
            let refusal = unpack(&path, &folder.path().join("out"), &Bounds::default());
            assert!(matches!(refusal, Err(Refusal::Broken(_))), "{part}: {refusal:?}");
        }
        // A flipped bit is found by the checksum.
        let mut flipped = whole.clone();
        flipped[45] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        let refusal = unpack(&path, &folder.path().join("other"), &Bounds::default());
        assert!(matches!(refusal, Err(Refusal::Broken(_))), "{refusal:?}");
    }

    #[test]
    fn names_that_could_lead_anywhere_are_refused() {
        for name in [
            "",
            "/etc/passwd",
            "..",
            "../a",
            "a/..",
            "a/../b",
            "a//b",
            "./a",
            "a\\..\\b",
            "C:a",
            "C:\\a",
            "\\\\host\\a",
            "a\0b",
            "a\nb",
            "//a",
        ] {
            assert!(entry_path(name).is_err(), "{name:?}");
        }
        assert_eq!(entry_path("a/b.json").unwrap(), Path::new("a/b.json"));
        assert_eq!(entry_path("a/").unwrap(), Path::new("a"));
        assert_eq!(entry_path("..a/b..json").unwrap(), Path::new("..a/b..json"));
    }

    proptest! {
        #[test]
        fn no_name_leads_out_of_the_folder(name in r"([a-z.]{0,3}|\.\.|[/\\:]|\PC){0,8}") {
            if let Ok(path) = entry_path(&name) {
                let inside = path
                    .components()
                    .all(|part| matches!(part, std::path::Component::Normal(_)));
                prop_assert!(inside && path.components().next().is_some(), "{path:?}");
            }
        }
    }
}
