//! Reading whole files and replacing them all at once.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::base::error::{Error, Place, Result};
use crate::base::text::line_at;

/// Reads a file that must be UTF-8 text.
pub fn read_text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|source| Error::io("read", path, source))?;
    String::from_utf8(bytes).map_err(|source| {
        let valid = source.utf8_error().valid_up_to();
        let readable = String::from_utf8_lossy(&source.as_bytes()[..valid]);
        let line = line_at(&readable, valid) as u64;
        Error::content(Place::line(path, line), format!("not UTF-8 text at byte {valid}"))
            .with_help("save the file as UTF-8")
    })
}

/// Replaces the file at `path` by `bytes` in one step, after making its folder.
///
/// A reader sees the old content or the new, never a part, even when the program is stopped midway: the
/// bytes are written to a temporary file in the same folder, reach the disk, and take the name.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let prefix = format!(".{name}.");
    clear_leftovers(folder, &prefix);
    let write = || -> std::io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(LEFTOVER);
        // A temporary file is private by default; a replaced file keeps its mode, and a new file gets
        // the usual mode.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(path).map_or(0o666, |meta| meta.permissions().mode() & 0o777);
            builder.permissions(fs::Permissions::from_mode(mode));
        }
        let mut partial = builder.tempfile_in(folder)?;
        partial.as_file_mut().write_all(bytes)?;
        partial.as_file().sync_all()?;
        partial.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|source| Error::io("write", path, source))
}

/// Checks that a folder exists and is writable, or can be made. Call it before long work whose result goes
/// there.
pub fn check_writable(folder: &Path) -> Result<()> {
    let existing = folder.ancestors().find(|folder| folder.exists());
    let existing = existing.unwrap_or(Path::new("."));
    if existing.is_file() {
        return Err(Error::usage(format!("{} is a file; a folder is needed", existing.display()))
            .with_help("name a folder that exists, or one that can be made"));
    }
    let probe = tempfile::Builder::new().prefix(".").suffix(LEFTOVER).tempfile_in(existing);
    probe.map(drop).map_err(|source| Error::io("write into", folder, source))
}

/// Makes a folder with these files, all or none of it. The folder must not exist.
pub fn create_folder(path: &Path, files: &[(&str, String)]) -> Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
    let partial = tempfile::Builder::new()
        .prefix(".")
        .suffix(LEFTOVER)
        .tempdir_in(parent)
        .map_err(|source| Error::io("create", path, source))?;
    for (name, text) in files {
        replace(&partial.path().join(name), text.as_bytes())?;
    }
    open_to_all(partial.path())?;
    fs::rename(partial.path(), path).map_err(|source| Error::io("create", path, source))?;
    // The folder has moved: nothing is left at the temporary name to be removed.
    let _ = partial.keep();
    Ok(())
}

/// Gives a temporary folder, which is private, the mode of any other folder.
pub fn open_to_all(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
            .map_err(|source| Error::io("create", path, source))?;
    }
    Ok(())
}

/// The ending of a temporary file's name.
const LEFTOVER: &str = ".partial";
/// A temporary file that was not touched for this long is left over from a run that was stopped.
const LEFTOVER_AGE: Duration = Duration::from_mins(1);

/// Removes the temporary files that stopped runs left of the same file. They do no harm, so a failure to
/// remove them is ignored.
fn clear_leftovers(folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let age = entry
            .metadata()
            .and_then(|meta| meta.modified())
            .ok()
            .and_then(|time| time.elapsed().ok());
        if name.starts_with(prefix)
            && name.ends_with(LEFTOVER)
            && age.is_some_and(|age| age > LEFTOVER_AGE)
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_leaves_only_the_new_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/file.txt");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(read_text(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("by_model/m");
        let file = |name: &'static str| (name, "text".to_owned());
        assert!(create_folder(&path, &[file("a"), file("bad\0name")]).is_err());
        assert!(!path.exists());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
        create_folder(&path, &[file("a"), file("b")]).unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn old_leftovers_of_the_same_file_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (old, young, other) = (".a.csv.1.partial", ".a.csv.2.partial", ".b.csv.1.partial");
        for name in [old, young, other] {
            fs::write(folder.path().join(name), "half").unwrap();
        }
        let past = std::time::SystemTime::now() - 2 * LEFTOVER_AGE;
        for name in [old, other] {
            fs::File::options()
                .write(true)
                .open(folder.path().join(name))
                .unwrap()
                .set_modified(past)
                .unwrap();
        }
        replace(&folder.path().join("a.csv"), b"whole").unwrap();
        let left = |name: &str| folder.path().join(name).exists();
        assert_eq!([left(old), left(young), left(other)], [false, true, true]);
    }

    #[test]
    fn text_that_is_not_utf8_names_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("latin1.csv");
        fs::write(&path, b"a\nb\xe9\n").unwrap();
        let message = read_text(&path).unwrap_err().to_string();
        assert!(message.contains("latin1.csv:2: not UTF-8 text at byte 3"), "{message}");
    }
}
