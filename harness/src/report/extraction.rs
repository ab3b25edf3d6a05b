//! The account of an extraction, as sentences for people and as lines for programs.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::TextTable;
use crate::base::tally::Tally;
use crate::base::text::plural;
use crate::intake::extraction::ExtractionAccount;

/// The longest list that is printed whole unless everything is asked for.
const SHOWN: usize = 5;

/// The account in sentences, the number of written rows last. It has at most 25 lines unless `verbose`.
#[must_use]
pub fn extraction_text(account: &ExtractionAccount, output: &Path, verbose: bool) -> String {
    let shown = if verbose { usize::MAX } else { SHOWN };
    let mut text = format!(
        "Read {} in {} ({}).\n",
        counted(account.results, "result"),
        counted(account.files.total(), "file"),
        list(&account.files, usize::MAX)
    );
    generations(&mut text, account, shown);
    let reasons = account.skipped.most_frequent_first();
    if !reasons.is_empty() {
        let _ = writeln!(text, "Not taken: {}.", counted(account.skipped.total(), "result"));
    }
    for (reason, results) in reasons.iter().take(shown) {
        let _ = writeln!(text, "  {results:>6}  {reason}");
    }
    more(&mut text, reasons.len(), shown, "reason");
    files_and_keys(&mut text, account, shown);
    if account.rows() > 0 {
        rows(&mut text, account, output, shown);
    }
    text.trim_end().to_owned()
}

/// The results of each generation of the formats. A format with a single generation needs no line.
fn generations(text: &mut String, account: &ExtractionAccount, shown: usize) {
    let is_reader = |generation: &&str| account.files.count(generation) > 0;
    if account.generations.len() == 1 && account.generations.keys().all(is_reader) {
        return;
    }
    for (generation, results) in account.generations.iter().take(shown) {
        let (taken, skipped) = (results.taken, results.skipped);
        let _ = writeln!(text, "  {generation}: {taken} taken, {skipped} not taken");
    }
    more(text, account.generations.len(), shown, "generation");
}

/// The keys and files that were not read.
fn files_and_keys(text: &mut String, account: &ExtractionAccount, shown: usize) {
    let keys = account.unknown_keys.len();
    if keys > 0 {
        let verb = if keys == 1 { "belongs" } else { "belong" };
        let in_results =
            |(key, results): (&String, usize)| format!("{key} in {}", counted(results, "result"));
        let mut names: Vec<String> =
            account.unknown_keys.iter().take(shown).map(in_results).collect();
        if keys > shown {
            names.push(format!("and {} more", keys - shown));
        }
        let (keys, names) = (counted(keys, "key"), names.join(", "));
        let _ =
            writeln!(text, "{keys} {verb} to no known generation and had to be left out: {names}.");
    }
    if let Some(first) = account.unrecognised.first() {
        let count = account.unrecognised.len();
        let verb = if count == 1 { "belongs" } else { "belong" };
        let files = counted(count, "file");
        let _ = writeln!(text, "{files} {verb} to no source, such as {}.", first.display());
    }
    let tables = account.beside_json;
    if tables > 0 {
        let verb = if tables == 1 { "was" } else { "were" };
        let files = counted(tables, "file");
        let _ = writeln!(
            text,
            "{files} {verb} not read, because a JSON file of the same name holds more."
        );
    }
}

/// The rows that were written, and remarks about them.
fn rows(text: &mut String, account: &ExtractionAccount, output: &Path, shown: usize) {
    let rows = counted(account.rows(), "row");
    let groups = list(&account.groups, shown);
    let _ = writeln!(text, "Wrote {rows} to {}: {groups}.", output.display());
    let remarks = [
        (
            account.overlapping,
            "also in a source listed earlier: older there, or without a date here",
        ),
        (account.dateless, "without a date: give it with --date or --run-date"),
        (account.repeated, "measured more than once on the same image"),
    ];
    for (rows, remark) in remarks {
        if rows > 0 {
            let _ = writeln!(text, "  {rows:>6}  {remark}");
        }
    }
}

/// A count with its noun: "1 row", "2 rows".
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", plural(count))
}

/// Names with their counts, in the order of names: "inferencemax 4, vllm 1".
fn list<K: Ord + std::fmt::Display>(tally: &Tally<K>, shown: usize) -> String {
    let mut names: Vec<String> =
        tally.iter().take(shown).map(|(name, count)| format!("{name} {count}")).collect();
    if tally.len() > shown {
        names.push(format!("and {} more", tally.len() - shown));
    }
    names.join(", ")
}

/// A line for the part of a list that is not shown.
fn more(text: &mut String, count: usize, shown: usize, noun: &str) {
    if let Some(hidden) = count.checked_sub(shown).filter(|hidden| *hidden > 0) {
        let s = plural(hidden);
        let _ = writeln!(text, "  … and {hidden} more {noun}{s}; --verbose lists all");
    }
}

/// The account as a document for programs.
#[derive(Debug, Serialize)]
struct ExtractionDocument {
    lines: Vec<AccountLine>,
    schema_version: u32,
}

/// A count, and what it counts.
#[derive(Debug, Serialize)]
struct AccountLine {
    count: usize,
    /// The reader, generation, reason, key, file or group that is counted; `None` for a total.
    name: Option<String>,
    what: &'static str,
}

/// The account as JSON.
#[must_use]
pub fn extraction_json(account: &ExtractionAccount, output: &Path) -> String {
    let document = ExtractionDocument { lines: lines(account, output), schema_version: 1 };
    serde_json::to_string(&document).expect("counts and names are plain JSON")
}

/// The account as a table, one line per count.
#[must_use]
pub fn extraction_table(account: &ExtractionAccount, output: &Path) -> TextTable {
    let mut table = TextTable::of(&["what", "name"], &["count"]);
    for AccountLine { count, name, what } in lines(account, output) {
        table.line(vec![what.to_owned(), name.unwrap_or_default(), count.to_string()]);
    }
    table
}

fn lines(account: &ExtractionAccount, output: &Path) -> Vec<AccountLine> {
    let mut lines = Vec::new();
    let mut line = |what: &'static str, name: Option<String>, count: usize| {
        lines.push(AccountLine { count, name, what });
    };
    line("results read", None, account.results);
    for (reader, files) in account.files.iter() {
        line("files read", Some((*reader).to_owned()), files);
    }
    for (generation, results) in &account.generations {
        line("results taken", Some((*generation).to_owned()), results.taken);
        line("results not taken", Some((*generation).to_owned()), results.skipped);
    }
    for (reason, results) in account.skipped.most_frequent_first() {
        line("results not taken, by reason", Some(reason.to_string()), results);
    }
    for (key, results) in account.unknown_keys.iter() {
        line("results with an unknown key", Some(key.clone()), results);
    }
    for path in &account.unrecognised {
        line("files of no source", Some(path.display().to_string()), 1);
    }
    line("files beside a JSON file of the same name", None, account.beside_json);
    line("configurations written", Some(output.display().to_string()), account.rows());
    for (group, rows) in account.groups.iter() {
        line("configurations written, by group", Some(group.clone()), rows);
    }
    line("configurations that a source listed before has", None, account.overlapping);
    line("configurations without a date", None, account.dateless);
    line("configurations measured more than once", None, account.repeated);
    lines
}
