//! The paths of entries, which stay inside their folder.

use std::path::PathBuf;

/// The path of an entry inside its folder; the error says why its name leads elsewhere.
pub(in crate::intake::fetch) fn entry_path(name: &str) -> Result<PathBuf, String> {
    let refuse = |why: &str| Err(format!("entry {name:?} {why}"));
    if name.starts_with('/') {
        return refuse("has an absolute path");
    }
    if name.contains(['\\', ':']) || name.chars().any(char::is_control) {
        return refuse("has a character that is not allowed in a path");
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

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
