//! Mantile compared with other estimators as a document for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::judge::side_by_side::{GroupOfBoth, PairedErrors, SideBySide};
use crate::predict::rivals::Estimator;
use crate::report::json::{ByMetric, by_metric, document};

/// An estimator with its errors and Mantile's on the rows that both predict.
#[derive(Serialize)]
struct Side<'a> {
    name: &'a str,
    about: &'a str,
    source: Option<&'a str>,
    licence: Option<&'a str>,
    caveats: &'a [String],
    file: Option<String>,
    rows: usize,
    unpredicted: &'a BTreeMap<String, usize>,
    unmeasured: &'a [String],
    metrics: ByMetric<Option<PairedErrors>>,
    by: Breakdowns<'a>,
}

#[derive(Serialize)]
struct Breakdowns<'a> {
    #[serde(rename = "gpu_model / framework")]
    gpu_and_framework: Vec<GroupErrors<'a>>,
    mode: Vec<GroupErrors<'a>>,
}

#[derive(Serialize)]
struct GroupErrors<'a> {
    group: &'a str,
    rows: usize,
    metrics: ByMetric<Option<PairedErrors>>,
}

/// Mantile compared with other estimators: an object per estimator.
#[must_use]
pub fn side_by_side_json(sides: &[SideBySide]) -> Value {
    document(&sides.iter().map(side).collect::<Vec<_>>())
}

fn side(side: &SideBySide) -> Side<'_> {
    let Estimator { entry, path, unpredicted, unmeasured, .. } = &side.estimator;
    Side {
        name: &entry.name,
        about: &entry.about,
        source: entry.source.as_deref(),
        licence: entry.licence.as_deref(),
        caveats: &entry.caveats,
        file: path.as_ref().map(|path| path.display().to_string()),
        rows: side.rows,
        unpredicted,
        unmeasured,
        metrics: by_metric(&side.overall),
        by: Breakdowns {
            gpu_and_framework: groups(&side.by_gpu_and_framework),
            mode: groups(&side.by_mode),
        },
    }
}

fn groups(groups: &[GroupOfBoth]) -> Vec<GroupErrors<'_>> {
    groups.iter().map(group).collect()
}

fn group(GroupOfBoth { label, rows, errors }: &GroupOfBoth) -> GroupErrors<'_> {
    GroupErrors { group: label, rows: *rows, metrics: by_metric(errors) }
}
