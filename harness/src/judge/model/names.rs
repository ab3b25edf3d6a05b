//! The names of the models, which are the names of their folders.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::base::error::{Error, Result};
use crate::base::text::nearest;

/// The folder with the folders of all models, in the project's folder.
#[must_use]
pub fn by_model(root: &Path) -> PathBuf {
    root.join("by_model")
}

/// The names of all models, sorted. Having no models is an error, because nothing would be checked.
pub fn list(root: &Path) -> Result<Vec<String>> {
    let folder = by_model(root);
    let help = "run the command in the project's folder, or name that folder with --root";
    if !folder.is_dir() {
        return Err(Error::usage(format!("no folder {}", folder.display())).with_help(help));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(|source| Error::io("read", &folder, source))? {
        let entry = entry.map_err(|source| Error::io("read", &folder, source))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err(Error::usage(format!("no model in {}", folder.display())).with_help(help));
    }
    names.sort();
    Ok(names)
}

/// The given names without repetition, or the names of all models if none is given.
pub fn named(root: &Path, names: &[String]) -> Result<Vec<String>> {
    if names.is_empty() {
        return list(root);
    }
    let mut seen = BTreeSet::new();
    Ok(names.iter().filter(|name| seen.insert(*name)).cloned().collect())
}

/// The error that no model of this name. It suggests the nearest name, or lists all of them.
pub(super) fn unknown_model(root: &Path, name: &str) -> Result<Error> {
    let models = list(root)?;
    let models: Vec<&str> = models.iter().map(String::as_str).collect();
    let help = match nearest(name, &models).or_else(|| containing(name, &models)) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("the models are: {}", models.join(", ")),
    };
    let message = format!("no model `{name}` in {}", by_model(root).display());
    Ok(Error::usage(message).with_help(help))
}

/// The only model whose name contains `part`, in any case.
fn containing<'a>(part: &str, models: &[&'a str]) -> Option<&'a str> {
    let part = part.to_lowercase();
    let mut matching = models.iter().filter(|model| model.to_lowercase().contains(&part));
    match (matching.next(), matching.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}
