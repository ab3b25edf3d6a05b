//! The checks of a whole model: gates on groups, coverage, recordings, known deviations.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::audit::{self, Finding, audit};
use crate::judge::compare::{Comparison, Coverage, in_group, statistics};
use crate::judge::model::Model;
use crate::judge::verdict::{RowVerdict, Standing};
use crate::mantile::recording::Recording;
use crate::predict::mapping;
use crate::row::Row;
use crate::row::metric::Metric;
use crate::rules::config::Config;

/// One check, named as its trial in the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuiteCheck {
    /// A gate on a group: its index in the configuration, and the metric.
    Gate(usize, Metric),
    /// Enough rows have a prediction.
    Coverage,
    /// No row is impossible by the audit unless it is accepted, and no acceptance is of nothing.
    Audit,
    /// Another estimator predicts measured rows, and no others: its index in the configuration.
    Estimator(usize),
    /// Every mapped row's request is recorded.
    RecordingComplete,
    /// Every recorded request is some row's.
    RecordingUsed,
    /// The recording is not too old.
    RecordingFresh,
    /// Nothing in the recording was changed.
    RecordingIntact,
    /// Every known deviation still deviates.
    DeviationsAlive,
    /// No known deviation has expired.
    DeviationsUnexpired,
}

/// What the checks look at.
#[derive(Debug, Clone, Copy)]
pub struct CheckSubject<'a> {
    /// The model with its rows.
    pub model: &'a Model,
    /// Each row with its prediction.
    pub comparisons: &'a [Comparison],
    /// Each row's verdict, in the same order.
    pub verdicts: &'a [RowVerdict],
    /// The recording of the accepted release.
    pub recording: &'a Recording,
    /// Now.
    pub now: Timestamp,
    /// What the audit of the rows finds, once it was asked for.
    pub audit: &'a OnceCell<Vec<Finding>>,
}

impl<'a> CheckSubject<'a> {
    /// What the audit of the rows finds.
    fn findings(self) -> &'a [Finding] {
        let Self { model, recording, .. } = self;
        let (rows, config, recording) = (&model.rows[..], &model.config, Some(recording));
        self.audit
            .get_or_init(|| audit(audit::AuditSubject { rows, peers: &[], config, recording }))
    }
}

impl SuiteCheck {
    /// All checks of a model, in the order of reports.
    #[must_use]
    pub fn all(config: &Config) -> Vec<Self> {
        let gates = config.gates.iter().enumerate().flat_map(|(index, gate)| {
            Metric::ALL
                .into_iter()
                .filter(|&metric| {
                    gate.max_mape_percent[metric].is_some() || gate.bias[metric].is_some()
                })
                .map(move |metric| Self::Gate(index, metric))
        });
        gates
            .chain([Self::Coverage, Self::Audit])
            .chain((0..config.estimators.len()).map(Self::Estimator))
            .chain([
                Self::RecordingComplete,
                Self::RecordingUsed,
                Self::RecordingFresh,
                Self::RecordingIntact,
                Self::DeviationsAlive,
                Self::DeviationsUnexpired,
            ])
            .collect()
    }

    /// Its name within the model: `gate::tpot::gpu_model=b200`.
    #[must_use]
    pub fn name(self, config: &Config) -> String {
        match self {
            Self::Gate(index, metric) => {
                format!("gate::{}::{}", metric.name(), config.gates[index].group)
            }
            Self::Coverage => "coverage".to_owned(),
            Self::Audit => "audit".to_owned(),
            Self::Estimator(index) => format!("estimator::{}", config.estimators[index].name),
            Self::RecordingComplete => "recording::complete".to_owned(),
            Self::RecordingUsed => "recording::used".to_owned(),
            Self::RecordingFresh => "recording::fresh".to_owned(),
            Self::RecordingIntact => "recording::intact".to_owned(),
            Self::DeviationsAlive => "known_deviations::alive".to_owned(),
            Self::DeviationsUnexpired => "known_deviations::unexpired".to_owned(),
        }
    }

    /// Whether it needs the rows' predictions.
    #[must_use]
    pub fn needs_predictions(self) -> bool {
        matches!(self, Self::Gate(..) | Self::Coverage | Self::DeviationsAlive)
    }

    /// Makes the check. The error says what is wrong, where that is written and what to do.
    pub fn make(self, subject: CheckSubject<'_>) -> Result<(), String> {
        match self {
            Self::Gate(index, metric) => gate(subject, index, metric),
            Self::Coverage => coverage(subject),
            Self::Audit => sound(subject),
            Self::Estimator(index) => estimator(subject.model, index),
            Self::RecordingComplete => complete(subject),
            Self::RecordingUsed => used(subject),
            Self::RecordingFresh => fresh(subject),
            Self::RecordingIntact => intact(subject.recording),
            Self::DeviationsAlive => alive(subject),
            Self::DeviationsUnexpired => unexpired(subject.model, today(subject.now)),
        }
    }
}

/// The day in UTC, which deviations expire by.
#[must_use]
pub fn today(now: Timestamp) -> Date {
    jiff::tz::TimeZone::UTC.to_datetime(now).date()
}

fn gate(subject: CheckSubject<'_>, index: usize, metric: Metric) -> Result<(), String> {
    let config = &subject.model.config;
    let gate = &config.gates[index];
    let members = || in_group(subject.comparisons, &gate.group);
    let Some(statistics) = statistics(members(), metric) else {
        return Err(format!(
            "no row of {} has both a measured and a predicted {}: the gate has nothing to hold",
            gate.group,
            metric.name()
        ));
    };
    let at = |line: usize| format!("{}:{line}", config.path.display());
    let mut faults = Vec::new();
    if let Some(limit) = gate.max_mape_percent[metric]
        && statistics.mape_percent > limit.value
    {
        faults.push(format!(
            "MAPE of {} over {} rows of {} is {:.2}%, above the {}% of {}",
            metric.name(),
            statistics.n,
            gate.group,
            statistics.mape_percent,
            limit.value,
            at(limit.line)
        ));
    }
    if let Some(interval) = gate.bias[metric]
        && !interval.value.holds(statistics.bias)
    {
        faults.push(format!(
            "bias of {} over {} rows of {} is {:.4}, outside the {} of {}",
            metric.name(),
            statistics.n,
            gate.group,
            statistics.bias,
            interval.value,
            at(interval.line)
        ));
    }
    if faults.is_empty() {
        return Ok(());
    }
    let mut worst: Vec<_> = members().filter_map(|c| Some((c, c.pair(metric)?))).collect();
    worst.sort_by(|(_, a), (_, b)| b.log_ratio().abs().total_cmp(&a.log_ratio().abs()));
    faults.push("the rows farthest off:".to_owned());
    for (comparison, pair) in worst.iter().take(3) {
        faults.push(format!("    {:+8.1}%  {}", pair.pct_error(), comparison.row.name()));
    }
    Err(faults.join("\n"))
}

fn coverage(subject: CheckSubject<'_>) -> Result<(), String> {
    let coverage = Coverage::of(subject.comparisons);
    let least = subject.model.config.min_coverage_percent;
    if coverage.percent() >= least {
        return Ok(());
    }
    let mut reasons: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for comparison in subject.comparisons {
        if let Some(problem) = comparison.outcome.problem() {
            let reason = problem.lines().next().unwrap_or_default();
            *reasons.entry(format!("{}: {reason}", comparison.outcome.status())).or_default() += 1;
        }
    }
    let mut lines: Vec<String> =
        reasons.into_iter().map(|(reason, rows)| format!("    {rows} rows {reason}")).collect();
    lines.truncate(10);
    Err(format!(
        "{} of {} rows have a prediction, {:.1}%: below the {least}% of {}\n{}",
        coverage.predicted,
        coverage.rows,
        coverage.percent(),
        subject.model.config.path.display(),
        lines.join("\n")
    ))
}

fn sound(subject: CheckSubject<'_>) -> Result<(), String> {
    let model = subject.model;
    let config = &model.config;
    let audit::AuditJudgement { open, dead } =
        audit::judge(subject.findings(), &config.audit_accepted);
    none_of(
        &open,
        |finding| format!("{}: {}: {}", finding.check.name(), finding.subject, finding.message),
        || {
            format!(
                "{} findings say that a row cannot be what it says; look at them with: mantile-reconcile \
                 audit --model {}, then correct or remove the rows, or list them with a reason under \
                 [[audit_accepted]] in {}",
                open.len(),
                model.name,
                config.path.display()
            )
        },
    )?;
    none_of(
        &dead,
        |entry| {
            let place = format!("{}:{}", config.path.display(), entry.line);
            format!("{place}: {} of {} is no error", entry.check.name(), entry.row)
        },
        || format!("{} accepted findings are none any more; remove them", dead.len()),
    )
}

fn estimator(model: &Model, index: usize) -> Result<(), String> {
    let file = &model.estimators[index];
    let estimator = file.over(&model.rows, &model.config.sources);
    if estimator.estimates.is_empty() {
        return Err(format!(
            "no row of {} is a configuration that was measured for {}",
            file.path.display(),
            model.name
        ));
    }
    none_of(&estimator.unmeasured, Clone::clone, || {
        format!(
            "{} of {} rows of {} are no configuration that was measured for {}; correct or remove them",
            estimator.unmeasured.len(),
            file.predictions.given.len(),
            file.path.display(),
            model.name
        )
    })
}

/// The keys that the model's rows ask for, by the recorded layers.
fn wanted_keys(subject: CheckSubject<'_>) -> Result<Vec<(String, String)>, String> {
    let layers = subject.recording.layers().map_err(|error| error.to_string())?;
    let keys = |row: &Row| {
        let questions = mapping::map(row, &subject.model.config)
            .map(|mapped| mapped.questions(&layers))
            .unwrap_or_default();
        let name = row.name();
        questions.into_iter().map(move |question| (question.request.key(), name.clone()))
    };
    Ok(subject.model.rows.iter().flat_map(keys).collect())
}

fn complete(subject: CheckSubject<'_>) -> Result<(), String> {
    let recording = subject.recording;
    let wanted = wanted_keys(subject)?;
    let missing: Vec<&(String, String)> =
        wanted.iter().filter(|(key, _)| !recording.entries.contains_key(key)).collect();
    none_of(
        &missing,
        |(key, row)| format!("{key} for {row}"),
        || {
            format!(
                "{} of {} questions are not in {}; record it: {}",
                missing.len(),
                wanted.len(),
                recording.path.display(),
                recording.record_command()
            )
        },
    )
}

fn used(subject: CheckSubject<'_>) -> Result<(), String> {
    let wanted: BTreeSet<String> = wanted_keys(subject)?.into_iter().map(|(key, _)| key).collect();
    let unused: Vec<&String> =
        subject.recording.entries.keys().filter(|key| !wanted.contains(*key)).collect();
    none_of(
        &unused,
        |key| (*key).clone(),
        || {
            format!(
                "{} of {} entries of {} are no row's; drop them by recording anew: {}",
                unused.len(),
                subject.recording.entries.len(),
                subject.recording.path.display(),
                crate::mantile::recording::record_command(
                    &subject.recording.model_id,
                    &subject.recording.release,
                    false
                )
            )
        },
    )
}

fn fresh(subject: CheckSubject<'_>) -> Result<(), String> {
    let recording = subject.recording;
    let recorded: Timestamp = recording
        .recorded_at
        .parse()
        .map_err(|_| format!("recorded_at `{}` is not a time", recording.recorded_at))?;
    let days = subject.now.duration_since(recorded).as_secs() / 86_400;
    let most = i64::from(subject.model.config.max_recording_age_days);
    if days <= most {
        return Ok(());
    }
    Err(format!(
        "{} is {days} days old, more than the {most} that max_recording_age_days allows; record the \
         current release: {}",
        recording.path.display(),
        crate::mantile::recording::record_command(&recording.model_id, "<release>", false)
    ))
}

fn intact(recording: &Recording) -> Result<(), String> {
    let tampered = recording.tampered();
    none_of(&tampered, Clone::clone, || {
        format!(
            "{} answers of {} were changed after they were recorded; restore the file or record anew",
            tampered.len(),
            recording.path.display()
        )
    })
}

fn alive(subject: CheckSubject<'_>) -> Result<(), String> {
    let deviations = &subject.model.deviations;
    let mut dead = Vec::new();
    for entry in &deviations.entries {
        let verdict =
            subject.comparisons.iter().zip(subject.verdicts).find_map(|(comparison, verdict)| {
                (comparison.row.name() == entry.row).then_some(verdict)
            });
        let judged = verdict
            .and_then(|v| v.quantities.iter().find(|judged| judged.quantity == entry.quantity));
        let why = match judged {
            Some(judged) if judged.standing == Standing::Inside => "is inside its band",
            Some(_) => continue,
            None => "is not measured or not predicted",
        };
        let place = format!("{}:{}", deviations.path.display(), entry.bound.line);
        dead.push(format!("{place}: {} of {} {why}", entry.quantity.name(), entry.row));
    }
    none_of(&dead, Clone::clone, || {
        format!("{} known deviations no longer deviate; remove them", dead.len())
    })
}

fn unexpired(model: &Model, today: Date) -> Result<(), String> {
    let expired: Vec<_> =
        model.deviations.entries.iter().filter(|entry| entry.expires < today).collect();
    none_of(
        &expired,
        |entry| {
            format!(
                "{} of {} on {}: {}",
                entry.quantity.name(),
                entry.row,
                entry.expires,
                entry.reason
            )
        },
        || {
            format!(
                "{} known deviations of {} have expired; look at them again, then renew or remove them",
                expired.len(),
                model.deviations.path.display()
            )
        },
    )
}

/// Passes when there are none; else the heading and the first few.
fn none_of<T>(
    items: &[T],
    show: impl Fn(&T) -> String,
    heading: impl FnOnce() -> String,
) -> Result<(), String> {
    if items.is_empty() {
        return Ok(());
    }
    let mut lines = vec![heading()];
    lines.extend(items.iter().take(MOST_SHOWN).map(|item| format!("    {}", show(item))));
    if items.len() > MOST_SHOWN {
        lines.push(format!("    and {} more", items.len() - MOST_SHOWN));
    }
    Err(lines.join("\n"))
}

/// A longer list is read by nobody.
const MOST_SHOWN: usize = 10;
