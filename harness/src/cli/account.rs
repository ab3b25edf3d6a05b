//! The account of an extraction: what became of every result that was read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::extract::{Overlaps, Read};
use crate::base::text::plural;
use crate::intake::source::{Extraction, Fate};
use crate::report::TextTable;

/// So many files, in words.
pub(super) fn files(count: usize) -> String {
    format!("{count} file{}", plural(count))
}

/// What became of every result that was read: each is either written or counted under a reason.
#[derive(Debug, Default)]
pub(super) struct Account {
    results: usize,
    files: usize,
    /// Files by source.
    sources: Vec<(String, usize)>,
    /// By generation of artifacts: results that were taken and that were not.
    generations: BTreeMap<String, (usize, usize)>,
    /// Results that were not taken, by reason, the most first.
    reasons: Vec<(String, usize)>,
    /// Results that hold a key of no known generation.
    unknown_keys: Vec<(String, usize)>,
    unrecognised: Vec<PathBuf>,
    beside_json: usize,
    /// Configurations that were written, by GPU and framework.
    groups: BTreeMap<String, usize>,
    /// Of these: that a source listed before has, too; without a date; measured more than once.
    overlapping: usize,
    dateless: usize,
    repeated: usize,
}

impl Account {
    pub(super) fn new(extraction: &Extraction, overlaps: &Overlaps, read: &Read) -> Self {
        let Extraction { rows, reading, superseded } = extraction;
        let counted = |(name, count): (&String, &usize)| (name.clone(), *count);
        let mut account = Self {
            results: reading.fates.values().sum(),
            files: read.files,
            sources: read
                .by_source
                .iter()
                .map(|(name, files)| ((*name).to_owned(), *files))
                .collect(),
            unknown_keys: reading.unknown_keys.iter().map(counted).collect(),
            unrecognised: read.unrecognised.clone(),
            beside_json: read.beside_json,
            overlapping: overlaps.beside,
            dateless: rows.iter().filter(|row| row.provenance.benchmark_date.is_none()).count(),
            repeated: rows.iter().filter(|row| row.repeatability.is_some()).count(),
            ..Self::default()
        };
        let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
        for ((generation, fate), results) in &reading.fates {
            let (taken, skipped) = account.generations.entry(generation.to_string()).or_default();
            match fate {
                Fate::Taken => *taken += results,
                Fate::Skipped(reason) => {
                    *skipped += results;
                    *reasons.entry(reason).or_default() += results;
                }
            }
        }
        for (reason, results) in superseded {
            *reasons.entry(reason).or_default() += results;
        }
        if overlaps.older > 0 {
            reasons.insert("a source listed before has it as new or newer", overlaps.older);
        }
        account.reasons =
            reasons.into_iter().map(|(reason, results)| (reason.to_owned(), results)).collect();
        account.reasons.sort_by_key(|(_, results)| std::cmp::Reverse(*results));
        for row in rows {
            let group = format!("{} / {}", row.identity.gpu_model, row.identity.framework);
            *account.groups.entry(group).or_default() += 1;
        }
        account
    }

    pub(super) fn text(&self, output: &Path) -> String {
        let mut text = format!("read {} results in {}", self.results, files(self.files));
        let sources: Vec<String> =
            self.sources.iter().map(|(source, files)| format!("{source} {files}")).collect();
        let _ = writeln!(text, ": {}", sources.join(", "));
        for (generation, (taken, skipped)) in &self.generations {
            let _ = writeln!(text, "  {generation}: {taken} taken, {skipped} not");
        }
        for (reason, results) in &self.reasons {
            let _ = writeln!(text, "  {results:>6} not taken: {reason}");
        }
        if !self.unknown_keys.is_empty() {
            let keys: Vec<String> = self
                .unknown_keys
                .iter()
                .map(|(key, results)| format!("{key} ({results})"))
                .collect();
            let _ = writeln!(text, "  keys of no known generation, not read: {}", keys.join(", "));
        }
        if let Some(first) = self.unrecognised.first() {
            let _ = writeln!(
                text,
                "  {} in the folders of no source, such as {}",
                files(self.unrecognised.len()),
                first.display()
            );
        }
        if self.beside_json > 0 {
            let _ = writeln!(
                text,
                "  {} not read: a JSON file of the same name lies beside",
                files(self.beside_json)
            );
        }
        let rows: usize = self.groups.values().sum();
        if rows == 0 {
            return text.trim_end().to_owned();
        }
        let _ = writeln!(text, "  {rows:>6} configurations written to {}", output.display());
        for (group, rows) in &self.groups {
            let _ = writeln!(text, "         {rows:>5} {group}");
        }
        if self.overlapping > 0 {
            let _ = writeln!(
                text,
                "  {:>6} of them a source listed before has, too: older, or without a date here",
                self.overlapping
            );
        }
        if self.dateless > 0 {
            let _ = writeln!(
                text,
                "  {:>6} of them without a date: --run-date RUN=DATE gives it",
                self.dateless
            );
        }
        let _ = write!(
            text,
            "  {:>6} of them measured more than once on the same image",
            self.repeated
        );
        text
    }

    /// A line a count, with what it counts.
    pub(super) fn table(&self, output: &Path) -> TextTable {
        let mut table = TextTable::of(&["what", "name"], &["count"]);
        let mut line = |what: &str, name: &str, count: usize| {
            table.line(vec![what.to_owned(), name.to_owned(), count.to_string()]);
        };
        line("results read", "", self.results);
        for (source, files) in &self.sources {
            line("files read", source, *files);
        }
        for (generation, (taken, skipped)) in &self.generations {
            line("results taken", generation, *taken);
            line("results not taken", generation, *skipped);
        }
        for (reason, results) in &self.reasons {
            line("results not taken, by reason", reason, *results);
        }
        for (key, results) in &self.unknown_keys {
            line("results with an unknown key", key, *results);
        }
        for path in &self.unrecognised {
            line("files of no source", &path.display().to_string(), 1);
        }
        line("files beside a JSON file of the same name", "", self.beside_json);
        line("configurations written", &output.display().to_string(), self.groups.values().sum());
        for (group, rows) in &self.groups {
            line("configurations written, by group", group, *rows);
        }
        line("configurations that a source listed before has", "", self.overlapping);
        line("configurations without a date", "", self.dateless);
        line("configurations measured more than once", "", self.repeated);
        table
    }
}
