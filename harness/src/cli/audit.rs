//! `audit`: physical and statistical checks of measured rows, committed ones or a file of new ones.

use std::path::Path;

use super::args::{AuditArgs, Format};
use super::output::{note, print_as};
use super::record::ask;
use super::rows::{choose_source, pick};
use crate::audit::{AuditSubject, audit, judge};
use crate::base::error::{Exit, Result};
use crate::judge::model::{self, Model};
use crate::mantile::Client;
use crate::mantile::recording::{self, Recording};
use crate::predict::mapping;
use crate::report::{audit_json, audit_table, audit_text};
use crate::row::Row;
use crate::rules::config::{Config, SourceConfig};

pub(super) async fn run(root: &Path, args: &AuditArgs) -> Result<Exit> {
    let Model { config, rows: committed, release, .. } = model::load(root, &args.model)?;
    let mut config = config;
    let mut rows = Vec::new();
    for path in &args.files {
        let source = source_of(path, args, &config)?;
        rows.extend(model::read_rows(path, &source)?);
        config.sources.push(source);
    }
    let candidates = !args.files.is_empty();
    let (rows, mut peers) = if candidates { (rows, committed) } else { (committed, Vec::new()) };
    let rows = match &args.select.filter {
        None => rows,
        Some(filter) => {
            let rest = rows.iter().filter(|row| !filter.picks(row)).cloned();
            peers.extend(rest.collect::<Vec<_>>());
            pick(rows, Some(filter))?
        }
    };
    let mut recording = match recording::load(root, &release, &config.model_id) {
        Ok(recording) => Some(recording),
        Err(error) => {
            note(&format!("note: nothing is held against the hardware: {error}"));
            None
        }
    };
    if let (Some(url), Some(recording)) = (&args.api_url, &mut recording) {
        let client = Client::new(url, args.patience.options())?;
        complete(recording, &client, &rows, &config).await?;
    }
    let recording = recording.as_ref();
    let subject = AuditSubject { rows: &rows, peers: &peers, config: &config, recording };
    let findings = audit(subject);
    let accepted = &config.audit_accepted;
    print_as(
        args.format,
        &match args.format {
            Format::Text => audit_text(&findings, accepted, rows.len(), args.all),
            Format::Markdown => audit_table(&findings, accepted).to_markdown(),
            Format::Csv => audit_table(&findings, accepted).to_csv(),
            Format::Json => audit_json(&findings, accepted).to_string(),
        },
    )?;
    let open = !judge(&findings, accepted).open.is_empty();
    Ok(if open { Exit::GateFailed } else { Exit::Inside })
}

/// The source that a file's rows are of: like the one it is said to be like, under the file's own name.
fn source_of(path: &Path, args: &AuditArgs, config: &Config) -> Result<SourceConfig> {
    let like = choose_source(config, args.source.as_deref())?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut name: String = stem.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    while name.is_empty() || config.sources.iter().any(|source| source.name == name) {
        name.push_str("-new");
    }
    let mean_length_ratio = args.mean_length_ratio.unwrap_or(like.mean_length_ratio);
    Ok(SourceConfig { name, file: path.display().to_string(), mean_length_ratio, ..like.clone() })
}

/// Asks a live Mantile for what the rows need and the recording lacks. Nothing is written.
async fn complete(
    recording: &mut Recording,
    client: &Client,
    rows: &[Row],
    config: &Config,
) -> Result<()> {
    let layers = recording.layers()?;
    let mut missing = mapping::requests(rows, config, &layers);
    missing.retain(|key, _| !recording.entries.contains_key(key));
    recording.entries.extend(ask(client, missing.into_values().collect()).await?);
    Ok(())
}
