//! `audit`: physical and statistical checks of measured rows, a model's own or those of further files.

use std::path::Path;

use super::args::{AuditArgs, Format};
use super::output::{note, print_as};
use super::record::ask;
use super::rows::{choose_source, pick};
use crate::audit::{AuditSubject, Finding, audit, judge};
use crate::base::error::{Exit, Result};
use crate::base::text::is_identifier;
use crate::judge::model::{self, Model};
use crate::mantile::Client;
use crate::mantile::recording::{self, Recording};
use crate::predict::mapping;
use crate::report::{audit_json, audit_table, audit_text};
use crate::row::Row;
use crate::row::filter::Filter;
use crate::rules::audit_check::AcceptedFinding;
use crate::rules::config::{Config, SourceConfig};

pub(super) async fn run(root: &Path, args: &AuditArgs) -> Result<Exit> {
    let Model { mut config, rows: committed, release, .. } = model::load(root, &args.model)?;
    let offered = read_files(args, &mut config)?;
    let (rows, mut peers) =
        if args.files.is_empty() { (committed, Vec::new()) } else { (offered, committed) };
    let rows = select(rows, args.select.filter.as_ref(), &mut peers)?;
    let recording = recorded(root, &release, args, &rows, &config).await?;
    let recording = recording.as_ref();
    let subject = AuditSubject { rows: &rows, peers: &peers, config: &config, recording };
    let findings = audit(subject);
    let accepted = &config.audit_accepted;
    print_as(args.format, &formatted(args, &findings, accepted, rows.len()))?;
    let has_unaccepted_errors = !judge(&findings, accepted).open.is_empty();
    Ok(if has_unaccepted_errors { Exit::GateFailed } else { Exit::Inside })
}

fn formatted(
    args: &AuditArgs,
    findings: &[Finding],
    accepted: &[AcceptedFinding],
    rows: usize,
) -> String {
    match args.format {
        Format::Text => audit_text(findings, accepted, rows, args.all),
        Format::Markdown => audit_table(findings, accepted).to_markdown(),
        Format::Csv => audit_table(findings, accepted).to_csv(),
        Format::Json => audit_json(findings, accepted).to_string(),
    }
}

/// The rows of the files on the command line. Each file becomes a source of the configuration.
fn read_files(args: &AuditArgs, config: &mut Config) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for path in &args.files {
        let source = source_for(path, args, config)?;
        rows.extend(model::read_rows(path, &source)?);
        config.sources.push(source);
    }
    Ok(rows)
}

/// The rows that the filter picks. The others become peers.
fn select(rows: Vec<Row>, filter: Option<&Filter>, peers: &mut Vec<Row>) -> Result<Vec<Row>> {
    if let Some(filter) = filter {
        peers.extend(rows.iter().filter(|row| !filter.picks(row)).cloned());
    }
    pick(rows, filter)
}

/// The recording of the release, completed by a live Mantile if one is given. A recording that cannot be read
/// is noted on stderr.
async fn recorded(
    root: &Path,
    release: &str,
    args: &AuditArgs,
    rows: &[Row],
    config: &Config,
) -> Result<Option<Recording>> {
    let mut recording = match recording::load(root, release, &config.model_id) {
        Ok(recording) => recording,
        Err(error) => {
            note(&format!("note: rows are not compared with the limits of the hardware: {error}"));
            return Ok(None);
        }
    };
    if let Some(url) = &args.api_url {
        let client = Client::new(url, args.patience.options())?;
        complete(&mut recording, &client, rows, config).await?;
    }
    Ok(Some(recording))
}

/// The source for the rows of a file. It has the settings of the source that `--source` names, and the name of
/// the file.
fn source_for(path: &Path, args: &AuditArgs, config: &Config) -> Result<SourceConfig> {
    let template = choose_source(config, args.source.as_deref())?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    let fits = |c: char| is_identifier(c.encode_utf8(&mut [0; 4]));
    let mut name: String = stem.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    while name.is_empty() || config.source(&name).is_some() {
        name.push_str("-new");
    }
    let mean_length_ratio = args.mean_length_ratio.unwrap_or(template.mean_length_ratio);
    let file = path.display().to_string();
    Ok(SourceConfig { name, file, mean_length_ratio, ..template.clone() })
}

/// Asks a live Mantile for the requests of the rows that the recording lacks. Nothing is written.
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
