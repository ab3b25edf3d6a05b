//! `extract`: artifacts to rows, with an account.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::args::ExtractArgs;
use super::output::{note, print};
use crate::error::{Error, Exit, Result};
use crate::source::{Extraction, inferencemax};
use crate::{file, folder, row};

pub(super) fn run(root: &Path, args: &ExtractArgs) -> Result<Exit> {
    let config = folder::load_config(root, &args.model)?;
    let source =
        config.sources.iter().find(|source| source.name == args.source).ok_or_else(|| {
            let names: Vec<&str> =
                config.sources.iter().map(|source| source.name.as_str()).collect();
            Error::usage(format!("no source `{}` in {}", args.source, config.path.display()))
                .with_help(format!("the sources are: {}", names.join(", ")))
        })?;
    let run_dates: BTreeMap<String, String> = args.run_dates.iter().cloned().collect();
    let extraction =
        inferencemax::extract(&args.raw, &source.name, &source.artifact_models, &run_dates)?;
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| folder::by_model(root).join(&args.model).join(&source.file));
    let bytes = row::write(&extraction.rows);
    // What is written must be readable: the reader is stricter than the artifacts.
    let text = String::from_utf8_lossy(&bytes);
    row::read(&output, &text, &source.name, &[])?;
    file::replace(&output, &bytes)?;
    for warning in &extraction.warnings {
        note(&format!("note: {warning}"));
    }
    print(&account(&extraction, &output))?;
    Ok(Exit::Inside)
}

/// Every result read is either written or counted under a reason.
fn account(extraction: &Extraction, output: &Path) -> String {
    let mut text = format!("read {} results in {} files\n", extraction.results, extraction.files);
    let mut reasons: Vec<(&String, &usize)> = extraction.skipped.iter().collect();
    reasons.sort_by_key(|(_, results)| std::cmp::Reverse(**results));
    for (reason, results) in reasons {
        let _ = writeln!(text, "  {results:>6} not taken: {reason}");
    }
    let _ = writeln!(
        text,
        "  {:>6} configurations written to {}",
        extraction.rows.len(),
        output.display()
    );
    let mut groups: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in &extraction.rows {
        let key = (row.identity.gpu_model.clone(), row.identity.framework.clone());
        *groups.entry(key).or_default() += 1;
    }
    for ((gpu, framework), rows) in groups {
        let _ = writeln!(text, "         {rows:>5} {gpu} / {framework}");
    }
    let repeated = extraction.rows.iter().filter(|row| row.repeatability.is_some()).count();
    let _ = write!(text, "  {repeated:>6} of them measured more than once on the same image");
    text
}
