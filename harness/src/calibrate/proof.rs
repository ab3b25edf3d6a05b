//! Whether a calibration holds: the errors on rows that it was not fitted to.

use std::collections::{BTreeMap, BTreeSet};

use super::errors::{Predicted, errors, verdict};
use super::sensitivity::{
    ParameterFound, Shift, condition_number, correlated, moved, parameters, without_tenths,
};
use super::{
    Aim, Conditions, Fit, FitGroup, FitMode, FittedSetting, HeldOut, Latencies, Load, Members,
    MetricErrors, Observation, Observations, ParameterSpace, Physics,
};
use crate::base::parallel;
use crate::mantile::datasheet;
use crate::mantile::hardware::{Hardware, Overlap};
use crate::row::Identity;

/// A group's calibration with its proof.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Whose it is.
    pub group: FitGroup,
    /// How many rows it was fitted to.
    pub rows: usize,
    /// How many workloads (model, lengths, width) these are of.
    pub workloads: usize,
    /// The models, sorted, each with what its own rows say.
    pub models: Vec<ModelProof>,
    /// The first and the last day that they were measured, where they say.
    pub days: Option<(String, String)>,
    /// The day since when rows are newest, or why there is none.
    pub newest_since: Result<String, String>,
    /// How many rows are left out of the fit though Mantile is asked for them.
    pub left_out: usize,
    /// Mantile's parameters alone.
    pub alone: FoundParameters,
    /// Those with the serving terms, where rows measure TTFT and TPOT.
    pub corrected: Option<FoundParameters>,
}

/// What the rows of one model say of a calibration.
#[derive(Debug, Clone)]
pub struct ModelProof {
    /// As Mantile names it.
    pub model: String,
    /// How many rows are its.
    pub rows: usize,
    /// What they say of the parameters alone: only where these are better are its rows to ask for them.
    pub alone: ModelJudgement,
    /// What they say of those with the serving terms.
    pub corrected: Option<ModelJudgement>,
}

/// Whether predictions hold.
#[derive(Debug, Clone)]
pub struct ModelJudgement {
    /// The errors on workloads held out.
    pub errors: MetricErrors,
    /// That these are better than Mantile's for certain, in words, else the reason.
    pub verdict: Result<String, String>,
}

/// What a fit found and how it holds.
#[derive(Debug, Clone)]
pub struct FoundParameters {
    /// The parameters, fitted to all rows.
    pub setting: FittedSetting,
    /// Each of them with what is known of it.
    pub parameters: Vec<ParameterFound>,
    /// The largest over the smallest eigenvalue of the fit's information, in logarithms of the parameters
    /// that are free and that rows tell something of: large where a combination of them is hardly told.
    pub condition_number: Option<f64>,
    /// Pairs of parameters that rows hardly tell apart: names and correlation, beyond 0.9 in size.
    pub correlated: Vec<(String, String, f64)>,
    /// The errors, by who was held out; those of a kind that cannot be had, by the reason.
    pub errors: Vec<(HeldOut, Result<MetricErrors, String>)>,
    /// The errors on workloads held out if Mantile divided the weights that it counts whole; `None` where
    /// it counts none so.
    pub if_divided: Option<MetricErrors>,
    /// The errors on the rows that are left out though Mantile is asked for them.
    pub left_out: MetricErrors,
    /// What each row is predicted as by a fit to the other workloads, by model and the row's name.
    pub held_out: BTreeMap<(String, String), Latencies>,
    /// How far predictions of TPOT move at most, on the mean, by a fit without one of ten random tenths of the
    /// rows or one workload, percent.
    pub moved_percent: f64,
}

impl FoundParameters {
    /// The errors under a kind of proof, where they can be had.
    #[must_use]
    pub fn errors(&self, held_out: HeldOut) -> Option<&MetricErrors> {
        let (_, errors) = self.errors.iter().find(|(kind, _)| *kind == held_out)?;
        errors.as_ref().ok()
    }
}

impl Proof {
    /// Whether what a fit found is better for the rows of any model.
    #[must_use]
    pub fn improves(&self, mode: FitMode) -> bool {
        self.models.iter().any(|model| model.improves(mode))
    }

    /// Whether it is for the rows of this model.
    #[must_use]
    pub fn improves_for(&self, model: &str, mode: FitMode) -> bool {
        self.models.iter().any(|own| own.model == model && own.improves(mode))
    }

    /// The models' names.
    #[must_use]
    pub fn model_names(&self) -> Vec<String> {
        self.models.iter().map(|own| own.model.clone()).collect()
    }

    /// What a fit found.
    #[must_use]
    pub fn found(&self, mode: FitMode) -> Option<&FoundParameters> {
        match mode {
            FitMode::Alone => Some(&self.alone),
            FitMode::WithCorrection => self.corrected.as_ref(),
        }
    }
}

impl ModelProof {
    /// What its rows say of a fit.
    #[must_use]
    pub fn judged(&self, mode: FitMode) -> Option<&ModelJudgement> {
        match mode {
            FitMode::Alone => Some(&self.alone),
            FitMode::WithCorrection => self.corrected.as_ref(),
        }
    }

    fn improves(&self, mode: FitMode) -> bool {
        self.judged(mode).is_some_and(|judged| judged.verdict.is_ok())
    }
}

/// Fewer rows than this are not calibrated …
const LEAST_ROWS: usize = 12;
/// … nor fewer workloads, of which one is held out.
const LEAST_WORKLOADS: usize = 3;
/// The share of rows that count as newest.
const NEWEST_SHARE: f64 = 0.2;

/// Calibrates each group and proves it. `now` gives Mantile's parameters for a group today; `done` is told
/// after each group. A group that cannot be calibrated comes with the reason.
pub fn prove(
    observations: &Observations,
    group: impl Fn(&Identity) -> FitGroup,
    physics: Physics,
    now: impl Fn(&FitGroup) -> Option<Hardware> + Sync,
    done: impl Fn() + Sync,
) -> Vec<(FitGroup, Result<Proof, String>)> {
    let groups: Vec<(FitGroup, Members<'_>)> = observations.groups(group).into_iter().collect();
    let subjects: Vec<Result<Subject<'_>, String>> = parallel::map(&groups, |(group, members)| {
        Subject::new(group, members, &observations.dtypes, physics, now(group))
    });
    let fitted: Vec<&Subject<'_>> =
        subjects.iter().filter_map(|found| found.as_ref().ok()).collect();
    let proofs = parallel::map(&subjects, |subject| {
        let proof = subject.as_ref().map_err(Clone::clone).and_then(|subject| {
            let elsewhere =
                |other: &&&Subject<'_>| other.group.gpu_model != subject.group.gpu_model;
            let others: Vec<&Subject<'_>> = fitted.iter().filter(elsewhere).copied().collect();
            subject.prove(&others)
        });
        done();
        proof
    });
    let names: Vec<FitGroup> = groups.iter().map(|(group, _)| group.clone()).collect();
    names.into_iter().zip(proofs).collect()
}

/// A group with the fits to all its rows.
struct Subject<'a> {
    group: &'a FitGroup,
    rows: &'a [&'a Observation],
    left_out: &'a [&'a Observation],
    conditions: Conditions<'a>,
    now: Option<Hardware>,
    /// Mantile as it is now, for the dtypes that layers really have.
    today: Option<FittedSetting>,
    alone: Fit,
    corrected: Option<Fit>,
}

/// Rows that are held out, with what a fit to the others comes to.
struct Fold<'a> {
    out: Vec<&'a Observation>,
    without: FittedSetting,
}

/// What folds predict for their rows.
fn of_folds<'a>(folds: &[Fold<'a>], load: Load) -> Vec<(&'a Observation, Latencies)> {
    let of_fold = |fold: &Fold<'a>| -> Vec<_> {
        fold.out.iter().map(|&row| (row, fold.without.predict_with(row, load))).collect()
    };
    folds.iter().flat_map(of_fold).collect()
}

/// The rows that were measured last, with those to fit to: older, and of other configurations.
struct Newest<'a> {
    since: String,
    new: Vec<&'a Observation>,
    old: Vec<&'a Observation>,
}

impl<'a> Subject<'a> {
    fn new(
        group: &'a FitGroup,
        members: &'a Members<'a>,
        dtypes: &'a [String],
        physics: Physics,
        now: Option<Hardware>,
    ) -> Result<Self, String> {
        let Members { rows, left_out } = members;
        let sheet = datasheet::of(&group.gpu_model)
            .ok_or_else(|| format!("no datasheet of {} is known", group.gpu_model))?;
        let workloads = workloads(rows);
        if rows.len() < LEAST_ROWS || workloads < LEAST_WORKLOADS {
            return Err(format!(
                "{} rows of {workloads} workloads: it takes {LEAST_ROWS} of {LEAST_WORKLOADS}",
                rows.len(),
            ));
        }
        let conditions = Conditions { sheet, dtypes, physics };
        let today = now.as_ref().and_then(|now| FittedSetting::today(now, sheet, dtypes).ok());
        let alone = conditions.fit(rows, Aim::of(FitMode::Alone))?;
        let parts = rows.iter().filter(|row| row.has_parts()).count();
        let corrected = (parts >= LEAST_ROWS)
            .then(|| conditions.fit(rows, Aim::of(FitMode::WithCorrection)))
            .transpose()?;
        Ok(Self { group, rows, left_out, conditions, now, today, alone, corrected })
    }

    fn prove(&self, others: &[&Self]) -> Result<Proof, String> {
        let rows = self.rows;
        let newest = self.newest();
        let alone = self.found(&self.alone, FitMode::Alone, others, &newest)?;
        let corrected = self
            .corrected
            .as_ref()
            .map(|fit| self.found(fit, FitMode::WithCorrection, others, &newest))
            .transpose()?;
        let names: BTreeSet<&String> = rows.iter().map(|row| &row.model).collect();
        let days: BTreeSet<String> = rows.iter().filter_map(|row| day(row)).collect();
        let judged = |name: &String, mode: FitMode, found: &FoundParameters| {
            let own = rows.iter().filter(|row| row.model == *name);
            let predicted: Vec<_> = own
                .map(|&row| (row, found.held_out[&(row.model.clone(), row.row.name())]))
                .collect();
            ModelJudgement {
                errors: errors(&predicted, self.today.as_ref()),
                verdict: verdict(&predicted, self.today.as_ref(), mode),
            }
        };
        let model = |name: &&String| ModelProof {
            model: (*name).clone(),
            rows: rows.iter().filter(|row| row.model == **name).count(),
            alone: judged(name, FitMode::Alone, &alone),
            corrected: corrected
                .as_ref()
                .map(|corrected| judged(name, FitMode::WithCorrection, corrected)),
        };
        Ok(Proof {
            group: self.group.clone(),
            rows: rows.len(),
            workloads: workloads(rows),
            models: names.iter().map(model).collect(),
            days: days.first().cloned().zip(days.last().cloned()),
            newest_since: newest.map(|newest| newest.since),
            left_out: self.left_out.len(),
            alone,
            corrected,
        })
    }

    fn found(
        &self,
        fit: &Fit,
        mode: FitMode,
        others: &[&Self],
        newest: &Result<Newest<'a>, String>,
    ) -> Result<FoundParameters, String> {
        let rows = self.rows;
        let today = self.today.as_ref();
        let predict = |setting: &FittedSetting, rows: &[&'a Observation]| -> Vec<_> {
            rows.iter().map(|&row| (row, setting.predict(row))).collect()
        };
        let judged = |predicted: &Predicted<'_>| errors(predicted, today);
        let by_workload = self.hold_out(mode, |row| format!("{:?}", row.workload()))?;
        let counted = of_folds(&by_workload, Load::Counted);
        let divided = of_folds(&by_workload, Load::Divided);
        let differs = counted.iter().zip(&divided).any(|(one, other)| one.1 != other.1);
        let by_key = |key: &(dyn Fn(&Observation) -> String + Sync), what: &str| {
            let keys: BTreeSet<String> = rows.iter().map(|row| key(row)).collect();
            if keys.len() < 2 {
                return Err(format!("it takes rows of two {what}"));
            }
            Ok(judged(&of_folds(&self.hold_out(mode, key)?, Load::Counted)))
        };
        let context_out = by_key(
            &|row| {
                let identity = &row.row.identity;
                format!("{}/{}", identity.input_seq_len, identity.output_seq_len)
            },
            "contexts",
        );
        let model_out = by_key(&|row| row.model.clone(), "models");
        let gpu_out =
            self.transferred(mode, others).map(|setting| judged(&predict(&setting, rows)));
        let newest =
            newest.as_ref().map_err(Clone::clone).and_then(|Newest { new, old, .. }| {
                let fit = self.conditions.fit(old, Aim::of(mode))?;
                Ok(judged(&predict(&fit.setting, new)))
            });
        let mut without = without_tenths(&self.conditions, rows, Aim::of(mode))?;
        without.extend(by_workload.iter().map(|fold| fold.without.clone()));
        let Shift { ranges, tpot_percent } = moved(fit, &without, rows);
        let dtypes = self.conditions.dtypes;
        Ok(FoundParameters {
            setting: fit.setting.clone(),
            parameters: parameters(fit, dtypes, self.now.as_ref(), &ranges),
            condition_number: condition_number(fit),
            correlated: correlated(fit, dtypes),
            errors: vec![
                (HeldOut::Nothing, Ok(judged(&predict(&fit.setting, rows)))),
                (HeldOut::Workload, Ok(judged(&counted))),
                (HeldOut::Context, context_out),
                (HeldOut::Model, model_out),
                (HeldOut::Gpu, gpu_out),
                (HeldOut::Newest, newest),
            ],
            if_divided: differs.then(|| judged(&divided)),
            left_out: judged(&predict(&fit.setting, self.left_out)),
            held_out: counted
                .iter()
                .map(|(row, latencies)| ((row.model.clone(), row.row.name()), *latencies))
                .collect(),
            moved_percent: tpot_percent,
        })
    }

    /// The rows of each key with a fit to the rows of all others.
    fn hold_out(
        &self,
        mode: FitMode,
        key: impl Fn(&Observation) -> String + Sync,
    ) -> Result<Vec<Fold<'a>>, String> {
        let keys: BTreeSet<String> = self.rows.iter().map(|row| key(row)).collect();
        let keys: Vec<String> = keys.into_iter().collect();
        let folds = parallel::map(&keys, |held| {
            let (out, rest): (Vec<&Observation>, Vec<&Observation>) =
                self.rows.iter().partition(|row| key(row) == *held);
            if rest.len() < LEAST_ROWS / 2 {
                return Err(format!("without {held} too few rows are left"));
            }
            let fit = self.conditions.fit(&rest, Aim::of(mode))?;
            Ok(Fold { out, without: fit.setting })
        });
        folds.into_iter().collect()
    }

    /// The setting that other GPUs' fits come to here: those of the framework, else of any.
    fn transferred(&self, mode: FitMode, others: &[&Self]) -> Result<FittedSetting, String> {
        let same: Vec<&&Self> =
            others.iter().filter(|other| other.group.framework == self.group.framework).collect();
        let from = if same.is_empty() { others.iter().collect() } else { same };
        let fits: Vec<&Fit> = from.iter().filter_map(|other| other.fit_of(mode)).collect();
        let own = self.fit_of(mode).ok_or("it is not fitted")?;
        if fits.is_empty() {
            return Err("no other GPU is calibrated".to_owned());
        }
        let points: Vec<(&ParameterSpace, &[f64])> =
            fits.iter().map(|fit| (&fit.space, &fit.minimum.x[..])).collect();
        // What most of them have; of equally many, the plainest.
        let often = |overlap: &Overlap| fits.iter().filter(|fit| fit.overlap == *overlap).count();
        let overlap = Overlap::ALL.into_iter().rev().max_by_key(often).unwrap_or_default();
        Ok(own.space.setting(&own.space.transferred(&points), overlap))
    }

    fn fit_of(&self, mode: FitMode) -> Option<&Fit> {
        match mode {
            FitMode::Alone => Some(&self.alone),
            FitMode::WithCorrection => self.corrected.as_ref(),
        }
    }

    /// The newest rows, of the days that make about a fifth. Rows of their configurations are not fitted to,
    /// whoever measured them, nor are rows that do not say when they were measured.
    fn newest(&self) -> Result<Newest<'a>, String> {
        let dated: Vec<(String, &'a Observation)> =
            self.rows.iter().filter_map(|&row| Some((day(row)?, row))).collect();
        let days: BTreeSet<&String> = dated.iter().map(|(day, _)| day).collect();
        let share = |since: &String| {
            let new = dated.iter().filter(|(day, _)| day >= since).count();
            (new as f64 / dated.len() as f64 - NEWEST_SHARE).abs()
        };
        let since = days.iter().skip(1).min_by(|a, b| share(a).total_cmp(&share(b)));
        let since = (*since.ok_or("they were measured on one day, or do not say when")?).clone();
        let (new, old): (Vec<_>, Vec<_>) = dated.into_iter().partition(|(day, _)| *day >= since);
        let new: Vec<&Observation> = new.into_iter().map(|(_, row)| row).collect();
        let configurations: BTreeSet<(&String, &Identity)> =
            new.iter().map(|row| (&row.model, &row.row.identity)).collect();
        let old: Vec<&Observation> = old
            .into_iter()
            .map(|(_, row)| row)
            .filter(|row| !configurations.contains(&(&row.model, &row.row.identity)))
            .collect();
        if old.len() < LEAST_ROWS || workloads(&old) < LEAST_WORKLOADS {
            return Err(format!(
                "{} rows are older than {since} and of other configurations than the {} newest",
                old.len(),
                new.len()
            ));
        }
        Ok(Newest { since, new, old })
    }
}

fn workloads(rows: &[&Observation]) -> usize {
    rows.iter().map(|row| row.workload()).collect::<BTreeSet<_>>().len()
}

fn day(row: &Observation) -> Option<String> {
    row.row.provenance.benchmark_date.as_deref().map(|date| crate::base::day::day_of(date).unwrap_or(date).to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::observation::tests::observations;
    use super::super::sensitivity::told;
    use super::super::{Correction, ParameterKind};
    use super::*;
    use crate::row::metric::Metric;

    /// Some of the vLLM rows on H200, measured as if the hardware were what `setting` makes of the datasheet.
    fn as_if(setting: impl Fn(&mut FittedSetting)) -> (Observations, FittedSetting) {
        let of = |row: &crate::row::Row| {
            let identity = &row.identity;
            let few = matches!(identity.concurrency.fixed(), Some(4 | 16 | 64));
            let h200 = identity.gpu_model == "h200" && identity.framework == "vllm";
            few && h200 && row.provider == "inferencemax"
        };
        let mut found = observations("openai_GPT-OSS-120B", of, |_| ());
        let sheet = datasheet::of("h200").unwrap();
        let dtypes: Vec<usize> = (0..found.dtypes.len()).collect();
        let space =
            ParameterSpace::new(sheet, &found.dtypes, &dtypes, true, Physics::Bounded).unwrap();
        let point = space.logarithms(|parameter| parameter.center);
        let mut truth = space.setting(&point, Overlap::default());
        setting(&mut truth);
        for row in &mut found.rows {
            measure(row, truth.predict_with(row, Load::Divided));
        }
        (found, truth)
    }

    fn proof(found: &Observations) -> Proof {
        proof_beside(found, None)
    }

    fn proof_beside(found: &Observations, now: Option<&Hardware>) -> Proof {
        let group = FitGroup { gpu_model: "h200".to_owned(), framework: None };
        let group = |_: &Identity| group.clone();
        let mut proofs = prove(found, group, Physics::Bounded, |_| now.cloned(), || ());
        proofs.remove(0).1.unwrap()
    }

    /// Makes every row measured as it is predicted.
    fn measure(row: &mut Observation, seen: Latencies) {
        let metrics = row.metrics(seen);
        for metric in Metric::ALL {
            row.row.measured.means[metric] = Some(metrics[metric]);
        }
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
        let tpot = corrected.errors(HeldOut::Workload).unwrap()["tpot"];
        assert!(tpot.after.estimate < 0.5, "{tpot:?}");
        assert!(FitMode::ALL.into_iter().all(|mode| proof.improves(mode)));
        assert!(corrected.held_out.len() == proof.rows && proof.workloads >= LEAST_WORKLOADS);
        let reason =
            |kind: HeldOut| corrected.errors.iter().find(|(held, _)| *held == kind).unwrap();
        assert!(reason(HeldOut::Model).1.as_ref().unwrap_err().contains("two models"));
        assert!(reason(HeldOut::Gpu).1.as_ref().unwrap_err().contains("no other GPU"));
        assert!(corrected.if_divided.is_none(), "nothing is counted whole");
    }

    /// A layer whose weights Mantile counts whole takes longer in it, whatever the parameters: what is
    /// right for hardware makes Mantile worse.
    #[test]
    fn what_mantile_counts_whole_is_not_proved_by_dividing_it() {
        let (mut found, truth) = as_if(|_| ());
        let hardware = Hardware { kernel_overhead_us: 4.0, ..truth.hardware.clone() };
        let now = FittedSetting { hardware, correction: None, ..truth.clone() };
        for row in &mut found.rows {
            for work in row.prefill.iter_mut().chain(&mut row.decode) {
                work.divided_load_bytes = work.load_bytes;
                work.load_bytes *= 4.0;
            }
            row.answered = now.predict(row);
            let seen = FittedSetting { correction: None, ..truth.clone() };
            measure(row, seen.predict_with(row, Load::Divided));
        }
        let proof = proof(&found);
        let divided = proof.alone.if_divided.as_ref().unwrap()["tpot"];
        assert!(divided.after.estimate < 2.0, "{divided:?}");
        let counted = proof.alone.errors(HeldOut::Workload).unwrap()["tpot"];
        assert!(counted.after.estimate > counted.before.estimate, "{counted:?}");
        assert!(!proof.improves(FitMode::Alone));
    }

    #[test]
    fn what_the_dtypes_alone_do_is_no_merit_of_the_fit() {
        let (mut found, truth) = as_if(|_| ());
        let now = Hardware {
            compute_pflops: found.dtypes.iter().cloned().zip(truth.pflops.clone()).collect(),
            ..truth.hardware.clone()
        };
        for row in &mut found.rows {
            let seen = FittedSetting { correction: None, ..truth.clone() }.predict(row);
            measure(row, seen);
            row.answered = Latencies { ttft: 1.5 * seen.ttft, tpot: 1.5 * seen.tpot };
        }
        let reason =
            |now: Option<&Hardware>| proof_beside(&found, now).models[0].alone.verdict.clone();
        let unknown = reason(None).unwrap();
        assert!(!unknown.contains("beyond"), "{unknown}");
        let known = reason(Some(&now)).unwrap_err();
        assert!(known.contains("of TPOT and E2E to 0.000, from where the fit"), "{known}");
    }

    #[test]
    fn newest_rows_are_of_configurations_that_no_older_row_is_of() {
        let (mut found, _) = as_if(|_| ());
        let days = ["2025-11-01", "2025-12-01"];
        let date = |found: &mut Observations, is_new: &dyn Fn(usize) -> bool| {
            for (index, row) in found.rows.iter_mut().enumerate() {
                let day = days[usize::from(is_new(index))].to_owned();
                row.row.provenance.benchmark_date = Some(day);
            }
        };
        let newest = |found: &Observations| {
            let group = FitGroup { gpu_model: "h200".to_owned(), framework: None };
            let members = found.groups(|_| group.clone()).remove(&group).unwrap();
            let subject =
                Subject::new(&group, &members, &found.dtypes, Physics::Bounded, None).unwrap();
            subject.newest().map(|newest| (newest.since, newest.new.len(), newest.old.len()))
        };
        let all = found.rows.len();
        date(&mut found, &|index| index % 5 == 0);
        let new = all.div_ceil(5);
        assert_eq!(newest(&found).unwrap(), (days[1].to_owned(), new, all - new));
        // Of every configuration another source measured before: nothing is left to fit to.
        let again = found.rows.clone();
        date(&mut found, &|_| true);
        found.rows.extend(again.into_iter().map(|mut row| {
            row.row.provider = "another".to_owned();
            row.row.provenance.benchmark_date = Some(days[0].to_owned());
            row
        }));
        let reason = newest(&found).unwrap_err();
        assert!(reason.starts_with("0 rows are older than 2025-12-01 and of other"), "{reason}");
        for row in &mut found.rows {
            row.row.provenance.benchmark_date = None;
        }
        assert!(newest(&found).unwrap_err().contains("do not say when"));
    }

    #[test]
    fn where_mantile_is_right_already_nothing_improves() {
        let (mut found, _) = as_if(|_| ());
        for row in &mut found.rows {
            measure(row, row.answered);
        }
        let proof = proof(&found);
        assert!(!FitMode::ALL.into_iter().any(|mode| proof.improves(mode)));
        let reason = proof.models[0].alone.verdict.clone().unwrap_err();
        assert!(reason.ends_with("not for certain better"), "{reason}");
    }

    #[test]
    fn few_rows_are_not_calibrated() {
        let (mut found, _) = as_if(|_| ());
        found.rows.truncate(5);
        let group = FitGroup { gpu_model: "h200".to_owned(), framework: None };
        let members = Members { rows: found.rows.iter().collect(), left_out: vec![] };
        let reason = |gpu: &str| {
            let group = FitGroup { gpu_model: gpu.to_owned(), ..group.clone() };
            Subject::new(&group, &members, &found.dtypes, Physics::Bounded, None).err().unwrap()
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
        let fit = conditions.fit(&rows, Aim::of(FitMode::Alone)).unwrap();
        let told = |kind: ParameterKind| {
            let place = fit.space.parameters.iter().position(|own| own.kind == kind).unwrap();
            told(&fit)[place]
        };
        assert!(told(ParameterKind::Bandwidth) && told(ParameterKind::KernelOverhead));
        assert!(!told(ParameterKind::Interconnect), "one GPU exchanges nothing");
        assert!(!told(ParameterKind::InterconnectLatency));
    }
}
