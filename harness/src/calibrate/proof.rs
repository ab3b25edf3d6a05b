//! Whether a calibration holds: the errors on rows that it was not fitted to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use nalgebra::DMatrix;
use serde::Serialize;

use super::{Conditions, Fit, Latencies, Mode, Observation, Physics, Setting};
use crate::datasheet;
use crate::hardware::{Hardware, Overlap};
use crate::metric::Metric;
use crate::row::Identity;
use crate::statistics::{self, Interval95, Pair, paired_mape_change};

/// A GPU, with a framework or with all of them: what gets parameters of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Group {
    /// The rows' `gpu_model`.
    pub gpu_model: String,
    /// Their framework; `None` where all are pooled.
    pub framework: Option<String>,
}

impl Group {
    /// Whether rows of this identity are in it.
    #[must_use]
    pub fn holds(&self, identity: &Identity) -> bool {
        let framework = self.framework.as_ref();
        self.gpu_model == identity.gpu_model
            && framework.is_none_or(|framework| *framework == identity.framework)
    }
}

impl std::fmt::Display for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.framework {
            Some(framework) => write!(f, "{} / {framework}", self.gpu_model),
            None => f.write_str(&self.gpu_model),
        }
    }
}

/// A group's calibration with its proof.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Whose it is.
    pub group: Group,
    /// How many rows it was fitted to.
    pub rows: usize,
    /// How many workloads (model, lengths, width) these are of.
    pub workloads: usize,
    /// The models, sorted.
    pub models: Vec<String>,
    /// The first and the last day that they were measured, where they say.
    pub days: Option<(String, String)>,
    /// Mantile's parameters alone.
    pub alone: Found,
    /// Those with the serving terms, where rows measure TTFT and TPOT.
    pub corrected: Option<Found>,
}

/// What a fit found and how it holds.
#[derive(Debug, Clone)]
pub struct Found {
    /// The parameters, fitted to all rows.
    pub setting: Setting,
    /// Each of them with what is known of it.
    pub parameters: Vec<ParameterFound>,
    /// The largest over the smallest eigenvalue of the fit's information, in logarithms of the parameters
    /// that are free and that rows tell something of: large where a combination of them is hardly told.
    pub condition_number: Option<f64>,
    /// Pairs of parameters that rows hardly tell apart: names and correlation, beyond 0.9 in size.
    pub correlated: Vec<(String, String, f64)>,
    /// The errors, by who was held out; those of a kind that cannot be had, by the reason.
    pub errors: Vec<(HeldOut, Result<MetricErrors, String>)>,
    /// What each row is predicted as by a fit to the other workloads, by model and the row's name.
    pub held_out: BTreeMap<(String, String), Latencies>,
    /// The largest TPOT (else E2E) MAPE over all rows of the ten fits that leave a tenth of them out, percent.
    pub worst_without_a_tenth: f64,
}

/// What a fit did not see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldOut {
    /// Nothing: the errors are of the rows that were fitted.
    Nothing,
    /// Each workload (model, ISL, OSL, TP) in turn.
    Workload,
    /// Each model in turn.
    Model,
    /// This GPU: its parameters are other GPUs' shares of the datasheet.
    Gpu,
    /// The newest fifth of the rows, by day.
    Newest,
}

impl HeldOut {
    /// The words in tables.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Nothing => "in-sample",
            Self::Workload => "workload out",
            Self::Model => "model out",
            Self::Gpu => "GPU out",
            Self::Newest => "newest out",
        }
    }
}

/// The errors by the metrics' names.
pub type MetricErrors = BTreeMap<&'static str, Errors>;

/// The errors of a metric before and after, over the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Errors {
    /// How many rows.
    pub n: usize,
    /// MAPE of Mantile's recorded answers, percent.
    pub before: Interval95,
    /// MAPE of the calibrated predictions, percent.
    pub after: Interval95,
    /// The change, percentage points: paired.
    pub change: Interval95,
    /// The bias of the calibrated predictions.
    pub bias: f64,
}

/// A fitted parameter.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParameterFound {
    /// With its unit.
    pub name: String,
    /// Fitted.
    pub value: f64,
    /// As Mantile's configuration has it now; `None` where it has none.
    pub before: Option<f64>,
    /// Between which it was sought.
    pub lower: f64,
    /// See `lower`.
    pub upper: f64,
    /// Whether it ended at one of these.
    pub at_bound: bool,
    /// Whether the rows say anything of it; else it is where its fit started.
    pub told: bool,
    /// The least and most that it came to in ten fits that each leave a tenth of the rows out.
    pub without_a_tenth: (f64, f64),
}

impl Found {
    /// The errors of a metric under a kind of proof.
    #[must_use]
    pub fn errors(&self, held_out: HeldOut, metric: Metric) -> Option<Errors> {
        let (_, errors) = self.errors.iter().find(|(kind, _)| *kind == held_out)?;
        errors.as_ref().ok()?.get(metric.name()).copied()
    }
}

impl Proof {
    /// Whether the parameters alone are worth writing: the main metric improves on workloads held out.
    #[must_use]
    pub fn improves(&self) -> bool {
        let errors = self.alone.errors(HeldOut::Workload, self.main_metric());
        errors.is_some_and(|errors| errors.change.high < 0.0)
    }

    /// What its rows are judged by first: TPOT, or E2E where none measures it.
    #[must_use]
    pub fn main_metric(&self) -> Metric {
        let tpot = self.alone.errors(HeldOut::Workload, Metric::Tpot);
        if tpot.is_some() { Metric::Tpot } else { Metric::E2eLatency }
    }
}

/// Fewer rows than this are not calibrated …
const LEAST_ROWS: usize = 12;
/// … nor fewer workloads, of which one is held out.
const LEAST_WORKLOADS: usize = 3;
/// The share of rows that count as newest.
const NEWEST_SHARE: f64 = 0.2;
/// Fits that leave a part of the rows out.
const PARTS: usize = 10;
/// A correlation that is told.
const CORRELATED: f64 = 0.9;

/// Calibrates each group and proves it. `now` gives Mantile's parameters for a group today; `done` is told
/// after each group. A group that cannot be calibrated comes with the reason.
pub fn prove(
    groups: BTreeMap<Group, Vec<&Observation>>,
    dtypes: &[String],
    physics: Physics,
    now: impl Fn(&Group) -> Option<Hardware> + Sync,
    done: impl Fn() + Sync,
) -> Vec<(Group, Result<Proof, String>)> {
    let groups: Vec<(Group, Vec<&Observation>)> = groups.into_iter().collect();
    let subjects: Vec<Result<Subject<'_>, String>> =
        in_parallel(&groups, |(group, rows)| Subject::new(group, rows, dtypes, physics));
    let fitted: Vec<&Subject<'_>> =
        subjects.iter().filter_map(|found| found.as_ref().ok()).collect();
    let proofs = in_parallel(&subjects, |subject| {
        let proof = subject.as_ref().map_err(Clone::clone).and_then(|subject| {
            let elsewhere =
                |other: &&&Subject<'_>| other.group.gpu_model != subject.group.gpu_model;
            let others: Vec<&Subject<'_>> = fitted.iter().filter(elsewhere).copied().collect();
            subject.prove(&others, now(subject.group).as_ref())
        });
        done();
        proof
    });
    let names: Vec<Group> = groups.iter().map(|(group, _)| group.clone()).collect();
    names.into_iter().zip(proofs).collect()
}

/// Maps items on all processors, in their order.
fn in_parallel<'i, I: Sync, T: Send>(items: &'i [I], work: impl Fn(&'i I) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let made: Mutex<BTreeMap<usize, T>> = Mutex::new(BTreeMap::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(items.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    made.lock().unwrap_or_else(PoisonError::into_inner).insert(index, result);
                }
            });
        }
    });
    made.into_inner().unwrap_or_else(PoisonError::into_inner).into_values().collect()
}

/// A group with the fits to all its rows.
struct Subject<'a> {
    group: &'a Group,
    rows: &'a [&'a Observation],
    conditions: Conditions<'a>,
    alone: Fit,
    corrected: Option<Fit>,
}

impl<'a> Subject<'a> {
    fn new(
        group: &'a Group,
        rows: &'a [&'a Observation],
        dtypes: &'a [String],
        physics: Physics,
    ) -> Result<Self, String> {
        let sheet = datasheet::of(&group.gpu_model)
            .ok_or_else(|| format!("no datasheet of {} is known", group.gpu_model))?;
        let workloads: BTreeSet<_> = rows.iter().map(|row| row.workload()).collect();
        if rows.len() < LEAST_ROWS || workloads.len() < LEAST_WORKLOADS {
            return Err(format!(
                "{} rows of {} workloads: it takes {LEAST_ROWS} of {LEAST_WORKLOADS}",
                rows.len(),
                workloads.len()
            ));
        }
        let conditions = Conditions { sheet, dtypes, physics };
        let alone = conditions.fit(rows, Mode::Alone, &Overlap::ALL)?;
        let parts = rows.iter().filter(|row| row.has_parts()).count();
        let corrected = (parts >= LEAST_ROWS)
            .then(|| conditions.fit(rows, Mode::WithCorrection, &Overlap::ALL))
            .transpose()?;
        Ok(Self { group, rows, conditions, alone, corrected })
    }

    fn prove(&self, others: &[&Self], now: Option<&Hardware>) -> Result<Proof, String> {
        let rows = self.rows;
        let alone = self.found(&self.alone, Mode::Alone, others, now)?;
        let corrected = self
            .corrected
            .as_ref()
            .map(|fit| self.found(fit, Mode::WithCorrection, others, now))
            .transpose()?;
        let models: BTreeSet<&String> = rows.iter().map(|row| &row.model).collect();
        let days: BTreeSet<String> = rows.iter().filter_map(|row| day(row)).collect();
        let workloads: BTreeSet<_> = rows.iter().map(|row| row.workload()).collect();
        Ok(Proof {
            group: self.group.clone(),
            rows: rows.len(),
            workloads: workloads.len(),
            models: models.into_iter().cloned().collect(),
            days: days.first().cloned().zip(days.last().cloned()),
            alone,
            corrected,
        })
    }

    fn found(
        &self,
        fit: &Fit,
        mode: Mode,
        others: &[&Self],
        now: Option<&Hardware>,
    ) -> Result<Found, String> {
        let rows = self.rows;
        let predict = |setting: &Setting, rows: &[&'a Observation]| -> Vec<_> {
            rows.iter().map(|&row| (row, setting.predict(row))).collect()
        };
        let by_workload = self.hold_out(mode, |row| format!("{:?}", row.workload()))?;
        let held_out = by_workload
            .iter()
            .map(|(row, latencies)| ((row.model.clone(), row.row.name()), *latencies))
            .collect();
        let models: BTreeSet<&String> = rows.iter().map(|row| &row.model).collect();
        let model_out = if models.len() > 1 {
            self.hold_out(mode, |row| row.model.clone()).map(|found| errors(&found))
        } else {
            Err("it takes rows of two models".to_owned())
        };
        let gpu_out =
            self.transferred(mode, others).map(|setting| errors(&predict(&setting, rows)));
        let newest = self.newest(mode).map(|found| errors(&found));
        let (ranges, worst) = self.without_a_tenth(fit, mode)?;
        Ok(Found {
            setting: fit.setting.clone(),
            parameters: self.parameters(fit, now, &ranges),
            condition_number: condition_number(fit),
            correlated: self.correlated(fit),
            errors: vec![
                (HeldOut::Nothing, Ok(errors(&predict(&fit.setting, rows)))),
                (HeldOut::Workload, Ok(errors(&by_workload))),
                (HeldOut::Model, model_out),
                (HeldOut::Gpu, gpu_out),
                (HeldOut::Newest, newest),
            ],
            held_out,
            worst_without_a_tenth: worst,
        })
    }

    /// Each row as it is predicted by a fit to the rows that have another key.
    fn hold_out(
        &self,
        mode: Mode,
        key: impl Fn(&Observation) -> String,
    ) -> Result<Vec<(&'a Observation, Latencies)>, String> {
        let keys: BTreeSet<String> = self.rows.iter().map(|row| key(row)).collect();
        let mut predicted = Vec::new();
        for held in keys {
            let (out, rest): (Vec<&Observation>, Vec<&Observation>) =
                self.rows.iter().partition(|row| key(row) == held);
            if rest.len() < LEAST_ROWS / 2 {
                return Err(format!("without {held} too few rows are left"));
            }
            let fit = self.conditions.fit(&rest, mode, &Overlap::ALL)?;
            predicted.extend(out.iter().map(|&row| (row, fit.setting.predict(row))));
        }
        Ok(predicted)
    }

    /// The setting that other GPUs' fits come to here: those of the framework, else of any.
    fn transferred(&self, mode: Mode, others: &[&Self]) -> Result<Setting, String> {
        let same: Vec<&&Self> =
            others.iter().filter(|other| other.group.framework == self.group.framework).collect();
        let from = if same.is_empty() { others.iter().collect() } else { same };
        let fits: Vec<&Fit> = from.iter().filter_map(|other| other.fit_of(mode)).collect();
        let own = self.fit_of(mode).ok_or("it is not fitted")?;
        if fits.is_empty() {
            return Err("no other GPU is calibrated".to_owned());
        }
        let points: Vec<(&super::Space, &[f64])> =
            fits.iter().map(|fit| (&fit.space, &fit.minimum.x[..])).collect();
        // What most of them have; of equally many, the plainest.
        let often = |overlap: &Overlap| fits.iter().filter(|fit| fit.overlap == *overlap).count();
        let overlap = Overlap::ALL.into_iter().rev().max_by_key(often).unwrap_or_default();
        Ok(own.space.setting(&own.space.transferred(&points), overlap))
    }

    fn fit_of(&self, mode: Mode) -> Option<&Fit> {
        match mode {
            Mode::Alone => Some(&self.alone),
            Mode::WithCorrection => self.corrected.as_ref(),
        }
    }

    /// The newest rows as a fit to the older ones predicts them.
    fn newest(&self, mode: Mode) -> Result<Vec<(&'a Observation, Latencies)>, String> {
        let mut days: Vec<String> = self.rows.iter().filter_map(|row| day(row)).collect();
        if days.len() < self.rows.len() {
            return Err("not every row says when it was measured".to_owned());
        }
        days.sort();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "of the length"
        )]
        let cut = &days[(days.len() as f64 * (1.0 - NEWEST_SHARE)) as usize];
        let (new, old): (Vec<&Observation>, Vec<&Observation>) =
            self.rows.iter().partition(|row| day(row).is_some_and(|day| day >= *cut));
        if old.len() < LEAST_ROWS {
            return Err(format!("{} rows are older than {cut}", old.len()));
        }
        let fit = self.conditions.fit(&old, mode, &Overlap::ALL)?;
        Ok(new.iter().map(|&row| (row, fit.setting.predict(row))).collect())
    }

    /// The range of each parameter over fits that leave every tenth row out, and the largest error.
    fn without_a_tenth(&self, fit: &Fit, mode: Mode) -> Result<(Vec<(f64, f64)>, f64), String> {
        let mut ranges: Vec<(f64, f64)> = fit.minimum.x.iter().map(|x| (*x, *x)).collect();
        let mut worst: f64 = 0.0;
        for part in 0..PARTS {
            let rest: Vec<&Observation> = (0..self.rows.len())
                .filter(|index| index % PARTS != part)
                .map(|index| self.rows[index])
                .collect();
            let without = self.conditions.fit(&rest, mode, &[fit.overlap])?;
            for (parameter, x) in without.space.parameters.iter().zip(&without.minimum.x) {
                let place = fit.space.parameters.iter().position(|own| own.kind == parameter.kind);
                if let Some(place) = place {
                    let (low, high) = &mut ranges[place];
                    (*low, *high) = (low.min(*x), high.max(*x));
                }
            }
            let mape = |metric| {
                let pair = |&row: &&'a Observation| pair(row, without.setting.predict(row), metric);
                let pairs: Vec<Pair> = self.rows.iter().filter_map(pair).collect();
                statistics::of(&pairs).map(|found| found.mape_percent)
            };
            let main = mape(Metric::Tpot).or_else(|| mape(Metric::E2eLatency));
            worst = worst.max(main.unwrap_or_default());
        }
        Ok((ranges.into_iter().map(|(low, high)| (low.exp(), high.exp())).collect(), worst))
    }

    fn parameters(
        &self,
        fit: &Fit,
        now: Option<&Hardware>,
        ranges: &[(f64, f64)],
    ) -> Vec<ParameterFound> {
        let dtypes = self.conditions.dtypes;
        let of = |index: usize| {
            let parameter = &fit.space.parameters[index];
            let value = fit.minimum.x[index].exp();
            ParameterFound {
                name: parameter.kind.name(dtypes),
                value,
                before: now.and_then(|now| parameter.kind.of(now, dtypes)),
                lower: parameter.lower,
                upper: parameter.upper,
                at_bound: at_bound(fit, index),
                told: is_told(fit, index),
                without_a_tenth: ranges[index],
            }
        };
        (0..fit.minimum.x.len()).map(of).collect()
    }

    fn correlated(&self, fit: &Fit) -> Vec<(String, String, f64)> {
        let free = free(fit);
        let prior = &fit.minimum.prior;
        let information = DMatrix::from_fn(free.len(), free.len(), |a, b| {
            let (j, k) = (free[a], free[b]);
            fit.minimum.information[(j, k)] + if j == k { prior[j] } else { 0.0 }
        });
        let Some(covariance) = information.try_inverse() else { return Vec::new() };
        let name = |a: usize| fit.space.parameters[free[a]].kind.name(self.conditions.dtypes);
        let mut pairs = Vec::new();
        for a in 0..free.len() {
            for b in 0..a {
                let scale = (covariance[(a, a)] * covariance[(b, b)]).sqrt();
                let correlation = covariance[(a, b)] / scale;
                if correlation.abs() > CORRELATED {
                    pairs.push((name(b), name(a), correlation));
                }
            }
        }
        pairs
    }
}

fn day(row: &Observation) -> Option<String> {
    row.row.provenance.benchmark_date.as_ref().map(|date| date.chars().take(10).collect())
}

/// Whether a parameter ended at a bound.
fn at_bound(fit: &Fit, index: usize) -> bool {
    let parameter = &fit.space.parameters[index];
    let x = fit.minimum.x[index];
    (x - parameter.lower.ln()).abs() < 1e-6 || (x - parameter.upper.ln()).abs() < 1e-6
}

/// Whether rows say more of a parameter than its start does.
fn is_told(fit: &Fit, index: usize) -> bool {
    fit.minimum.information[(index, index)] > fit.minimum.prior[index]
}

/// The parameters that are not at a bound and that the rows tell something of.
fn free(fit: &Fit) -> Vec<usize> {
    (0..fit.minimum.x.len()).filter(|&index| !at_bound(fit, index) && is_told(fit, index)).collect()
}

fn condition_number(fit: &Fit) -> Option<f64> {
    let free = free(fit);
    let information = &fit.minimum.information;
    let matrix = DMatrix::from_fn(free.len(), free.len(), |a, b| information[(free[a], free[b])]);
    let eigenvalues = matrix.symmetric_eigenvalues();
    let (low, high) = (eigenvalues.min(), eigenvalues.max());
    (low > 0.0).then(|| high / low)
}

/// A prediction of a metric with the measurement, where there is one.
pub(super) fn pair(row: &Observation, predicted: Latencies, metric: Metric) -> Option<Pair> {
    let measured = row.row.measured.means[metric]?;
    Some(Pair { measured, predicted: row.metrics(predicted)[metric] })
}

/// The errors of predictions by metric, where it is measured.
fn errors(predicted: &[(&Observation, Latencies)]) -> MetricErrors {
    let mut all = BTreeMap::new();
    for metric in Metric::ALL {
        let pairs: Vec<(Pair, Pair)> = predicted
            .iter()
            .filter_map(|(row, latencies)| {
                Some((pair(row, row.answered, metric)?, pair(row, *latencies, metric)?))
            })
            .collect();
        let (old, new): (Vec<Pair>, Vec<Pair>) = pairs.iter().copied().unzip();
        let Some(statistics) = statistics::of(&new) else { continue };
        all.insert(
            metric.name(),
            Errors {
                n: pairs.len(),
                before: statistics::mape_interval(&old),
                after: statistics::mape_interval(&new),
                change: paired_mape_change(&pairs),
                bias: statistics.bias,
            },
        );
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::observation::tests::observations;
    use super::super::{Correction, Kind, Observations, Space};
    use super::*;

    /// Some of the vLLM rows on H200, measured as if the hardware were what `setting` makes of the datasheet.
    fn as_if(setting: impl Fn(&mut Setting)) -> (Observations, Setting) {
        let of = |row: &crate::row::Row| {
            let identity = &row.identity;
            let few = matches!(identity.concurrency.fixed(), Some(4 | 16 | 64));
            let h200 = identity.gpu_model == "h200" && identity.framework == "vllm";
            few && h200 && row.provider == "inferencemax"
        };
        let mut found = observations("openai_GPT-OSS-120B", of, |_| ());
        let sheet = datasheet::of("h200").unwrap();
        let dtypes: Vec<usize> = (0..found.dtypes.len()).collect();
        let space = Space::new(sheet, &found.dtypes, &dtypes, true, Physics::Bounded).unwrap();
        let point = space.logarithms(|parameter| parameter.center);
        let mut truth = space.setting(&point, Overlap::default());
        setting(&mut truth);
        for row in &mut found.rows {
            let seen = truth.predict(row);
            let metrics = row.metrics(seen);
            for metric in Metric::ALL {
                row.row.measured.means[metric] = Some(metrics[metric]);
            }
        }
        (found, truth)
    }

    fn proof(found: &Observations) -> Proof {
        let group = Group { gpu_model: "h200".to_owned(), framework: None };
        let rows = found.rows.iter().collect();
        let mut proofs = prove(
            BTreeMap::from([(group, rows)]),
            &found.dtypes,
            Physics::Bounded,
            |_| None,
            || (),
        );
        proofs.remove(0).1.unwrap()
    }

    #[test]
    fn parameters_that_made_the_measurements_are_found_again_and_hold_on_workloads_held_out() {
        let (found, truth) = as_if(|setting| {
            setting.hardware.bandwidth_gb_per_s = 3000.0;
            setting.hardware.kernel_overhead_us = 9.0;
            setting.hardware.interconnect_gb_per_s = 40.0;
            setting.correction = Some(Correction {
                prefill_share: 0.7,
                host_ms: 8.0,
                wait_steps: 4.0,
                burst_share: 0.05,
            });
        });
        let proof = proof(&found);
        let corrected = proof.corrected.as_ref().unwrap();
        for (name, expected) in [
            ("bandwidth_gb_per_s", truth.hardware.bandwidth_gb_per_s),
            ("kernel_overhead_us", truth.hardware.kernel_overhead_us),
            ("interconnect_gb_per_s", truth.hardware.interconnect_gb_per_s),
            ("prefill_share", 0.7),
        ] {
            let value = corrected.parameters.iter().find(|found| found.name == name).unwrap().value;
            assert!((value / expected - 1.0).abs() < 0.02, "{name}: {value} against {expected}");
        }
        let tpot = corrected.errors(HeldOut::Workload, Metric::Tpot).unwrap();
        assert!(tpot.after.estimate < 0.5, "{tpot:?}");
        assert!(proof.improves());
        assert!(corrected.held_out.len() == proof.rows && proof.workloads >= LEAST_WORKLOADS);
        let reason =
            |kind: HeldOut| corrected.errors.iter().find(|(held, _)| *held == kind).unwrap();
        assert!(reason(HeldOut::Model).1.as_ref().unwrap_err().contains("two models"));
        assert!(reason(HeldOut::Gpu).1.as_ref().unwrap_err().contains("no other GPU"));
    }

    #[test]
    fn where_mantile_is_right_already_nothing_improves() {
        let (mut found, _) = as_if(|_| ());
        for row in &mut found.rows {
            let metrics = row.metrics(row.answered);
            for metric in Metric::ALL {
                row.row.measured.means[metric] = Some(metrics[metric]);
            }
        }
        assert!(!proof(&found).improves());
    }

    #[test]
    fn few_rows_are_not_calibrated() {
        let (mut found, _) = as_if(|_| ());
        found.rows.truncate(5);
        let group = Group { gpu_model: "h200".to_owned(), framework: None };
        let rows: Vec<&Observation> = found.rows.iter().collect();
        let reason = |gpu: &str| {
            let group = Group { gpu_model: gpu.to_owned(), ..group.clone() };
            Subject::new(&group, &rows, &found.dtypes, Physics::Bounded).err().unwrap()
        };
        assert!(reason("h200").starts_with("5 rows of"));
        assert_eq!(reason("x1"), "no datasheet of x1 is known");
    }

    #[test]
    fn a_parameter_without_work_is_not_told() {
        let (mut found, _) = as_if(|_| ());
        found.rows.retain(|row| row.workload().3 == 1);
        let sheet = datasheet::of("h200").unwrap();
        let conditions = Conditions { sheet, dtypes: &found.dtypes, physics: Physics::Bounded };
        let rows: Vec<&Observation> = found.rows.iter().collect();
        let fit = conditions.fit(&rows, Mode::Alone, &[Overlap::default()]).unwrap();
        let told = |kind: Kind| {
            let place = fit.space.parameters.iter().position(|own| own.kind == kind).unwrap();
            is_told(&fit, place)
        };
        assert!(told(Kind::Bandwidth) && told(Kind::KernelOverhead));
        assert!(!told(Kind::Interconnect), "one GPU exchanges nothing");
    }
}
