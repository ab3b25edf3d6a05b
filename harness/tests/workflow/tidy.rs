//! The rules of the house, checked in the sources: which room may use which, which code is pure, and that no two
//! public types share a name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The names that pure code must not use: files, network, environment, clock, processes and asynchronous tasks.
const IMPURE: [&str; 14] = [
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::time::Instant",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "tokio",
    "reqwest",
    "wiremock",
    "base::file",
    "base::http",
    "base::transaction",
];

/// The pure code: whole rooms, and the files that decide of the rooms that also read or write.
const PURE: [&str; 24] = [
    "row/",
    "audit/",
    "judge/accept/",
    "judge/check/",
    "judge/compare/",
    "judge/drift.rs",
    "judge/evaluation.rs",
    "judge/frontier/",
    "judge/gate/",
    "judge/model/consistency.rs",
    "judge/propose/",
    "judge/side_by_side.rs",
    "judge/verdict/",
    "calibrate/",
    "rules/band.rs",
    "rules/config",
    "rules/deviation.rs",
    "rules/names.rs",
    "rules/audit_check.rs",
    "base/statistics/",
    "base/text.rs",
    "base/units.rs",
    "predict/mapping/",
    "predict/prediction",
];

/// A source file: its path under `harness/src`, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The lines of code with their numbers, without those of comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// The same lines without unit tests, which are at the end of a file.
    fn code_without_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code().take_while(|(_, line)| line.trim() != "#[cfg(test)]")
    }

    /// Its room; `None` for the files at the top.
    fn room(&self) -> Option<&str> {
        Some(self.path.split_once('/')?.0)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("harness/src");
    let mut open = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = open.pop() {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                sources.push(Source { path, text });
            }
        }
    }
    assert!(sources.len() > 100, "no sources in {}", root.display());
    sources
}

/// The rooms in the order of `lib.rs`.
fn rooms(sources: &[Source]) -> Vec<String> {
    let map = sources.iter().find(|source| source.path == "lib.rs").unwrap();
    let rooms = map.code().filter_map(|(_, line)| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    rooms.map(str::to_owned).collect()
}

/// The names after `crate::` in a line.
fn named_rooms(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

/// Every use of a room by a room above it.
fn upward_uses(sources: &[Source], rooms: &[String]) -> Vec<String> {
    let place = |name: &str| rooms.iter().position(|room| room == name);
    let mut faults = Vec::new();
    for source in sources {
        let Some(room) = source.room() else { continue };
        let Some(room_place) = place(room) else {
            faults.push(format!("harness/src/{}: {room} is not a room of lib.rs", source.path));
            continue;
        };
        for (number, line) in source.code() {
            let below =
                named_rooms(line).find(|name| place(name).is_some_and(|place| place > room_place));
            if let Some(below) = below {
                faults.push(format!(
                    "harness/src/{}:{number}: {room} uses {below}, which is below it in lib.rs: move \
                     what both need into a room above them",
                    source.path
                ));
            }
            let depth = source.path.matches('/').count();
            if line.matches("super::").count() > depth + 1 {
                faults.push(format!(
                    "harness/src/{}:{number}: `super::` leads out of {room}: write crate::<room>",
                    source.path
                ));
            }
        }
    }
    faults
}

/// Every line of pure code that uses a name which is not pure.
fn impure_lines(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    for source in sources.iter().filter(|source| PURE.iter().any(|p| source.path.starts_with(p))) {
        for (number, line) in source.code_without_tests() {
            if let Some(named) = IMPURE.iter().find(|named| line.contains(**named)) {
                faults.push(format!(
                    "harness/src/{}:{number}: pure code uses {named}: let the caller read, and pass \
                     what was read",
                    source.path
                ));
            }
        }
    }
    faults
}

/// Every name that two public types share.
fn shared_names(sources: &[Source]) -> Vec<String> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources {
        for (number, line) in source.code_without_tests() {
            let kinds = ["pub struct ", "pub enum ", "pub trait ", "pub type "];
            let Some(rest) = kinds.iter().find_map(|kind| line.strip_prefix(kind)) else {
                continue;
            };
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let name = &rest[..end.unwrap_or(rest.len())];
            let place = format!("harness/src/{}:{number}", source.path);
            places.entry(name.to_owned()).or_default().push(place);
        }
    }
    let shared = places.into_iter().filter(|(_, places)| places.len() > 1);
    shared
        .map(|(name, places)| format!("{}: two types are named {name}", places.join(", ")))
        .collect()
}

#[test]
fn a_room_uses_only_the_rooms_above_it() {
    let sources = sources();
    let rooms = rooms(&sources);
    assert_eq!(rooms.len(), 11, "{rooms:?}");
    let faults = upward_uses(&sources, &rooms);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn pure_code_uses_no_files_network_environment_or_clock() {
    let sources = sources();
    for pure in PURE {
        assert!(sources.iter().any(|source| source.path.starts_with(pure)), "no {pure}");
    }
    let faults = impure_lines(&sources);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_two_public_types_share_a_name() {
    let faults = shared_names(&sources());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn planted_violations_are_found() {
    let rooms = ["row", "judge"].map(str::to_owned);
    let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let planted = [
        source("row/mod.rs", "// crate::judge is below\nuse crate::judge::verdict;\n"),
        source(
            "judge/verdict/judging.rs",
            "use crate::row::Row;\npub struct Row;\nlet now = Timestamp::now();\n",
        ),
        source(
            "row/csv.rs",
            "pub struct Row<'a>;\nuse super::super::judge;\n#[cfg(test)]\nstd::fs",
        ),
        source("cellar/mod.rs", ""),
    ];
    let upward = upward_uses(&planted, &rooms).join("\n");
    assert!(upward.contains("harness/src/row/mod.rs:2: row uses judge"), "{upward}");
    assert!(upward.contains("harness/src/cellar/mod.rs: cellar is not a room"), "{upward}");
    assert_eq!(upward.lines().count(), 2, "{upward}");
    let impure = impure_lines(&planted);
    assert_eq!(impure.len(), 1, "{impure:?}");
    assert!(impure[0].starts_with("harness/src/judge/verdict/judging.rs:3:"), "{impure:?}");
    assert_eq!(shared_names(&planted).len(), 1);
}
