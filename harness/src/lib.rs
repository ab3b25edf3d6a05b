//! Compares Mantile's predictions of LLM inference performance with public benchmark measurements.
//!
//! Data flows one way:
//!
//! ```text
//! artifact → Row → Request → Answer → Prediction → Comparison → Verdict → Report
//!  intake    row   predict   mantile   predict      judge        judge     report
//! ```
//!
//! The modules are rooms, in this order. A room uses only the rooms above it:
//!
//! - [`base`] has errors, files, text, numbers and tables.
//! - [`row`] is one measured configuration: its identity, metrics and CSV format, groups and filters.
//! - [`intake`] turns the result files of benchmarks into rows.
//! - [`mantile`] is the service: its requests and answers, the client, and the recordings that replay it.
//! - [`rules`] reads a model's own files: configuration, bands, known deviations and calibration.
//! - [`predict`] turns a row into a prediction, by Mantile or by another estimator.
//! - [`audit`] checks that measured rows are plausible.
//! - [`judge`] turns predictions into verdicts, and compares releases.
//! - [`calibrate`] fits Mantile's hardware parameters to the measurements.
//! - [`report`] writes text, tables, JSON and pages for people and programs.
//! - [`cli`] is the command line.
//!
//! [`row`], [`audit`] and [`calibrate`] are pure, as are the files of [`rules`], [`predict`] and [`judge`] that
//! decide: they use no clock, network, environment or files. `tests/workflow/tidy.rs` checks both rules.
//!
//! # Example
//!
//! One row, from its measurement to the verdict, with the recorded answers of the accepted release:
//!
//! ```
//! use std::path::Path;
//!
//! use mantile_reconcile::judge::{compare, model, verdict};
//! use mantile_reconcile::mantile::recording;
//! use mantile_reconcile::predict::service::MantileService;
//! use mantile_reconcile::predict::{ask, mapping};
//! use mantile_reconcile::row::metric::Metric;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let root = Path::new(env!("CARGO_MANIFEST_DIR"));
//! let model = model::load(root, "openai_GPT-OSS-120B")?;
//! let row = model.rows.iter().find(|row| mapping::map(row, &model.config).is_ok());
//! let row = row.expect("Mantile models some rows").clone();
//!
//! let recording = recording::load(root, &model.release, &model.config.model_id)?;
//! let mantile = MantileService::replayed(recording, &model.config).await?;
//! let prediction = ask::predict(&mantile, &row).await;
//!
//! let joined = compare::join(vec![row], vec![prediction]);
//! let comparison = &joined.comparisons[0];
//! let tpot = comparison.pair(Metric::Tpot).expect("the row is measured and predicted");
//! assert!(tpot.ratio() > 0.0);
//!
//! let today = jiff::civil::date(2026, 1, 28);
//! let verdict = verdict::judge(comparison, model.rules(), today);
//! println!("{}: TPOT is predicted at {:.2} × measured", verdict.status.words(), tpot.ratio());
//! # Ok(())
//! # }
//! ```

pub mod base;

pub mod row;

pub mod intake;

pub mod mantile;

pub mod rules;

pub mod predict;

pub mod audit;

pub mod judge;

pub mod calibrate;

pub mod report;

pub mod cli;

#[cfg(test)]
mod testing;
