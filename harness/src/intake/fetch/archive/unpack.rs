//! Unpacking an archive.

use std::fs::File;
use std::io::{BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::bounds::{ArchiveBounds, MEBIBYTE, size};
use super::entry_path::entry_path;
use super::refusal::ArchiveRefusal;
use crate::base::error::Error;

/// The extensions of files that hold results.
const EXTENSIONS: [&str; 3] = ["json", "jsonl", "csv"];

/// Unpacks the result files of an archive into a folder. Returns their paths in the folder with their sizes in
/// bytes. A single refused entry refuses the whole archive.
pub(in crate::intake::fetch) fn unpack(
    archive: &Path,
    folder: &Path,
    bounds: &ArchiveBounds,
) -> Result<Vec<(PathBuf, u64)>, ArchiveRefusal> {
    let file = File::open(archive)
        .map_err(|source| ArchiveRefusal::Io(Error::io("read", archive, source)))?;
    let mut zip = ZipArchive::new(BufReader::new(file))
        .map_err(|error| ArchiveRefusal::of_archive(&error))?;
    if zip.len() > bounds.entries {
        let many = format!("{} entries, more than the {} allowed", zip.len(), bounds.entries);
        return Err(ArchiveRefusal::Unsafe(many));
    }
    if zip.has_duplicate_names() {
        return Err(ArchiveRefusal::Unsafe("two entries of the same name".to_owned()));
    }
    if zip.has_overlapping_entries().map_err(|error| ArchiveRefusal::of_archive(&error))? {
        return Err(ArchiveRefusal::Unsafe("entries that overlap".to_owned()));
    }
    let wanted = wanted_entries(&mut zip)?;
    let mut unpacked = Vec::with_capacity(wanted.len());
    let mut left = bounds.total_bytes;
    for (index, name, path) in wanted {
        let entry = zip.by_index(index).map_err(|error| ArchiveRefusal::of_entry(&name, &error))?;
        let bytes = unpack_entry(entry, &name, &folder.join(&path), bounds, left)?;
        left -= bytes;
        unpacked.push((path, bytes));
    }
    Ok(unpacked)
}

/// An entry that holds results: its index in the archive, its name and its path in the folder.
type WantedEntry = (usize, String, PathBuf);

/// The entries that hold results. All names are checked before anything is unpacked.
fn wanted_entries(
    zip: &mut ZipArchive<BufReader<File>>,
) -> Result<Vec<WantedEntry>, ArchiveRefusal> {
    let mut wanted = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(|error| ArchiveRefusal::of_archive(&error))?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let path = entry_path(&name).map_err(ArchiveRefusal::Unsafe)?;
        if entry.is_symlink() {
            return Err(ArchiveRefusal::Unsafe(format!("entry {name:?} is a symbolic link")));
        }
        if entry.encrypted() {
            return Err(ArchiveRefusal::Unsafe(format!("entry {name:?} is encrypted")));
        }
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if !entry.is_dir() && EXTENSIONS.contains(&extension.as_str()) {
            wanted.push((index, name, path));
        }
    }
    Ok(wanted)
}

/// Unpacks an entry to a new file and returns its size in bytes, at most `left`. Sizes that the archive states are
/// not trusted; the bytes are counted as they come.
fn unpack_entry<R: std::io::Read>(
    mut entry: ZipFile<'_, R>,
    name: &str,
    target: &Path,
    bounds: &ArchiveBounds,
    left: u64,
) -> Result<u64, ArchiveRefusal> {
    let io = |source| ArchiveRefusal::Io(Error::io("write", target, source));
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent).map_err(io)?;
    }
    let mut file = File::create_new(target).map_err(io)?;
    let packed = entry.compressed_size();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = entry.read(&mut buffer).map_err(|error| {
            ArchiveRefusal::Broken(format!("entry {name:?} cannot be unpacked: {error}"))
        })?;
        if read == 0 {
            break;
        }
        bytes += read as u64;
        let too_large =
            |what: String| Err(ArchiveRefusal::Unsafe(format!("entry {name:?} unpacks to {what}")));
        if bytes > bounds.entry_bytes {
            return too_large(format!("more than {}", size(bounds.entry_bytes)));
        }
        if bytes > left {
            return too_large(format!("more than is left of {} in all", size(bounds.total_bytes)));
        }
        if bytes > MEBIBYTE && bytes / bounds.ratio > packed {
            return too_large(format!("more than {} times its packed size", bounds.ratio));
        }
        file.write_all(&buffer[..read]).map_err(io)?;
    }
    file.sync_all().map_err(io)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
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
        bounds: &ArchiveBounds,
        fill: impl FnOnce(&mut ZipWriter<File>),
    ) -> (String, tempfile::TempDir) {
        let (folder, path) = archive(fill);
        match unpack(&path, &folder.path().join("in/to"), bounds) {
            Err(ArchiveRefusal::Unsafe(reason)) => (reason, folder),
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
        let unpacked =
            unpack(&path, &folder.path().join("out"), &ArchiveBounds::default()).unwrap();
        let expected = [("agg_bmk.json".into(), 2), ("deep/more.CSV".into(), 3)];
        assert_eq!(unpacked, expected);
        assert_eq!(std::fs::read(folder.path().join("out/deep/more.CSV")).unwrap(), b"a,b");
        assert!(!folder.path().join("out/logs").exists());
    }

    #[test]
    fn an_entry_that_leads_out_refuses_the_whole_archive() {
        let (reason, folder) = refusal(&ArchiveBounds::default(), |writer| {
            add(writer, "good.json", b"[]");
            add(writer, "../evil.json", b"[]");
        });
        assert_eq!(reason, "entry \"../evil.json\" leads out of its folder");
        assert!(!folder.path().join("in").exists());
        // Also where the entry would not have been unpacked.
        let (reason, _) =
            refusal(&ArchiveBounds::default(), |writer| add(writer, "a/../../evil.sh", b""));
        assert_eq!(reason, "entry \"a/../../evil.sh\" leads out of its folder");
    }

    #[test]
    fn a_symbolic_link_is_refused() {
        let (reason, _) = refusal(&ArchiveBounds::default(), |writer| {
            writer.add_symlink("a.json", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        });
        assert_eq!(reason, "entry \"a.json\" is a symbolic link");
    }

    #[test]
    fn what_grows_beyond_measure_is_refused() {
        let zeros = vec![0; 4 << 20];
        let (reason, _) =
            refusal(&ArchiveBounds::default(), |writer| add(writer, "a.json", &zeros));
        assert_eq!(reason, "entry \"a.json\" unpacks to more than 200 times its packed size");

        let bounds = ArchiveBounds { entry_bytes: 3, ..ArchiveBounds::default() };
        let (reason, _) = refusal(&bounds, |writer| add(writer, "a.json", b"1234"));
        assert_eq!(reason, "entry \"a.json\" unpacks to more than 3 bytes");

        let bounds = ArchiveBounds { total_bytes: 5, ..ArchiveBounds::default() };
        let (reason, _) = refusal(&bounds, |writer| {
            add(writer, "a.json", b"123");
            add(writer, "b.json", b"123");
        });
        assert_eq!(reason, "entry \"b.json\" unpacks to more than is left of 5 bytes in all");

        let bounds = ArchiveBounds { entries: 1, ..ArchiveBounds::default() };
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
            let refusal = unpack(&path, &folder.path().join("out"), &ArchiveBounds::default());
            assert!(matches!(refusal, Err(ArchiveRefusal::Broken(_))), "{part}: {refusal:?}");
        }
        // A flipped bit is found by the checksum.
        let mut flipped = whole.clone();
        flipped[45] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        let refusal = unpack(&path, &folder.path().join("other"), &ArchiveBounds::default());
        assert!(matches!(refusal, Err(ArchiveRefusal::Broken(_))), "{refusal:?}");
    }
}
