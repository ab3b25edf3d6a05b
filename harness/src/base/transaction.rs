//! Several files replaced together: all or none of them, even when the program is stopped midway.
//!
//! The new contents are staged in a folder, and writing the journal there is the commit. When the program is
//! stopped before it, nothing has happened; after it, the next run of the program finishes the work.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::base::error::{Error, Place, Result};
use crate::base::file;

/// The folder of the staged contents, under the project's folder.
const STAGING: &str = ".mantile-reconcile-accept";
const JOURNAL: &str = "journal.json";

/// The moves to make: each staged file's name with its target, relative to the project's folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Journal {
    moves: Vec<(String, PathBuf)>,
}

/// Replaces files, given by their paths relative to `root`.
pub fn replace_all(root: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    stage(root, files)?;
    finish(root)
}

/// True if a replacement was stopped after its commit and is waiting to be finished.
#[must_use]
pub fn is_pending(root: &Path) -> bool {
    root.join(STAGING).join(JOURNAL).exists()
}

/// Finishes a replacement that was stopped after its commit, or removes one that was stopped before it;
/// returns whether there was one to finish.
pub fn recover(root: &Path) -> Result<bool> {
    let staging = root.join(STAGING);
    if is_pending(root) {
        finish(root)?;
        Ok(true)
    } else {
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(|source| Error::io("clear", &staging, source))?;
        }
        Ok(false)
    }
}

/// Stages the contents, then commits.
fn stage(root: &Path, files: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    let staging = root.join(STAGING);
    let mut moves = Vec::with_capacity(files.len());
    for (index, (target, content)) in files.iter().enumerate() {
        let name = index.to_string();
        file::replace(&staging.join(&name), content)?;
        moves.push((name, target.clone()));
    }
    let journal =
        serde_json::to_vec(&Journal { moves }).expect("a journal can always be written as JSON");
    file::replace(&staging.join(JOURNAL), &journal)
}

/// Makes the moves of the journal, without those that are made already.
fn finish(root: &Path) -> Result<()> {
    let staging = root.join(STAGING);
    let path = staging.join(JOURNAL);
    let Journal { moves } = serde_json::from_str(&file::read_text(&path)?)
        .map_err(|error| Error::content(Place::file(&path), format!("not a journal: {error}")))?;
    for (name, target) in moves {
        let (staged, target) = (staging.join(name), root.join(target));
        if staged.exists() {
            if let Some(folder) = target.parent() {
                fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
            }
            fs::rename(&staged, &target).map_err(|source| Error::io("write", &target, source))?;
        }
    }
    fs::remove_file(&path).map_err(|source| Error::io("clear", &path, source))?;
    fs::remove_dir_all(&staging).map_err(|source| Error::io("clear", &staging, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<(PathBuf, Vec<u8>)> {
        vec![("a.txt".into(), b"new a".to_vec()), ("deep/b.txt".into(), b"new b".to_vec())]
    }

    fn read(root: &Path, name: &str) -> String {
        fs::read_to_string(root.join(name)).unwrap()
    }

    #[test]
    fn all_files_are_replaced_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), "old a").unwrap();
        replace_all(folder.path(), &files()).unwrap();
        assert_eq!(
            (read(folder.path(), "a.txt").as_str(), read(folder.path(), "deep/b.txt").as_str()),
            ("new a", "new b")
        );
        assert!(!folder.path().join(STAGING).exists());
        assert!(!recover(folder.path()).unwrap());
    }

    #[test]
    fn stopped_before_the_commit_nothing_has_happened() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.txt"), "old a").unwrap();
        stage(folder.path(), &files()).unwrap();
        fs::remove_file(folder.path().join(STAGING).join(JOURNAL)).unwrap();
        assert!(!is_pending(folder.path()));
        assert!(!recover(folder.path()).unwrap());
        assert_eq!(read(folder.path(), "a.txt"), "old a");
        assert!(!folder.path().join(STAGING).exists());
    }

    #[test]
    fn stopped_after_the_commit_it_is_finished_from_wherever_it_was() {
        for moved in 0..=2 {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("a.txt"), "old a").unwrap();
            stage(folder.path(), &files()).unwrap();
            fs::create_dir_all(folder.path().join("deep")).unwrap();
            for (index, (target, _)) in files().iter().enumerate().take(moved) {
                let staged = folder.path().join(STAGING).join(index.to_string());
                fs::rename(staged, folder.path().join(target)).unwrap();
            }
            assert!(is_pending(folder.path()));
            assert!(recover(folder.path()).unwrap());
            assert_eq!(read(folder.path(), "a.txt"), "new a");
            assert_eq!(read(folder.path(), "deep/b.txt"), "new b");
        }
    }
}
