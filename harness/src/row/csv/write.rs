//! Writes the standard format.

use super::PROVIDER;
use super::cell::figure;
use super::columns::{COLUMNS, Content, Degree, Engine, TABLE};
use crate::row::{Identity, Layout, Row};

/// Writes rows as a standard-format CSV, in the order of their identities: the same rows give the
/// same bytes, whatever order they come in. Optional columns in which no row
/// has a value are left out.
#[must_use]
pub fn write(rows: &[Row]) -> Vec<u8> {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    sorted.sort_by(|a, b| (&a.identity, &a.provider).cmp(&(&b.identity, &b.provider)));
    let several = sorted.iter().any(|row| row.provider != sorted[0].provider);
    let columns: Vec<&str> = COLUMNS.iter().copied().chain([PROVIDER]).collect();
    let line = |row: &Row| {
        let mut line = cells(row);
        line.push(if several { row.provider.clone() } else { String::new() });
        line
    };
    let lines: Vec<Vec<String>> = sorted.into_iter().map(line).collect();
    let written: Vec<usize> = (0..columns.len())
        .filter(|&column| {
            TABLE.get(column).is_some_and(|column| column.is_required)
                || lines.iter().any(|line| !line[column].is_empty())
        })
        .collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = written.iter().map(|&column| columns[column]);
    writer.write_record(header).expect("writing to memory cannot fail");
    for line in &lines {
        let cells = written.iter().map(|&column| &line[column]);
        writer.write_record(cells).expect("writing to memory with equal lengths cannot fail");
    }
    writer.into_inner().expect("writing to memory cannot fail")
}

/// The cells of one row, in the order of [`COLUMNS`].
#[must_use]
pub fn cells(row: &Row) -> Vec<String> {
    let cell = |content: &Content| match content {
        Content::Identity(write, _) => write(&row.identity),
        Content::Parallelism(engine, degree) => degree_cell(&row.identity, *engine, *degree),
        Content::Mean(metric) => figure(row.measured.means[*metric]),
        Content::Figure(_, value, _) => figure(value(&row.measured)),
        Content::Other(write, _) => write(row),
    };
    TABLE.iter().map(|column| cell(&column.content)).collect()
}

/// The cells of one identity, in the order of [`super::identity_columns`].
#[must_use]
pub fn identity_cells(identity: &Identity) -> Vec<String> {
    let cell = |content: &Content| match content {
        Content::Identity(write, _) => Some(write(identity)),
        Content::Parallelism(engine, degree) => Some(degree_cell(identity, *engine, *degree)),
        Content::Mean(_) | Content::Figure(..) | Content::Other(..) => None,
    };
    TABLE.iter().filter_map(|column| cell(&column.content)).collect()
}

/// The cell of a part of a parallelism; it is empty where the row has no such engine.
fn degree_cell(identity: &Identity, engine: Engine, degree: Degree) -> String {
    let (parallelism, pool) = match (engine, &identity.layout) {
        (Engine::Aggregated, Layout::Aggregated(parallelism)) => (parallelism, None),
        (Engine::Prefill, Layout::Disaggregated { prefill: pool, .. })
        | (Engine::Decode, Layout::Disaggregated { decode: pool, .. }) => {
            (&pool.parallelism, Some(pool))
        }
        _ => return String::new(),
    };
    let unless_one = |degree: u32| if degree == 1 { String::new() } else { degree.to_string() };
    match degree {
        Degree::Tensor => parallelism.tensor_parallel.to_string(),
        Degree::Expert => parallelism.expert_parallel.to_string(),
        Degree::DpAttention => parallelism.dp_attention.to_string(),
        Degree::Pipeline => unless_one(parallelism.pipeline_parallel),
        Degree::PrefillContext => unless_one(parallelism.prefill_context_parallel),
        Degree::DecodeContext => unless_one(parallelism.decode_context_parallel),
        Degree::Workers => pool.map(|pool| pool.workers.to_string()).unwrap_or_default(),
        Degree::Gpus => pool.map(|pool| pool.gpus.to_string()).unwrap_or_default(),
    }
}
