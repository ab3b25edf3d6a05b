//! Decides which calibrations replace those that a model's `calibration.toml` holds, and which are removed.

use std::fmt;

use super::{FitGroup, FitMode, HeldOut, Proof};
use crate::row::Row;
use crate::rules::calibration::CalibrationFile;
use crate::rules::config::Config;

/// The change of a model's `calibration.toml`.
#[derive(Debug, Default)]
pub struct Replacement<'p> {
    /// The proofs that take their group's place.
    pub replacing: Vec<&'p Proof>,
    /// The groups that are removed.
    pub dropped: Vec<FitGroup>,
    /// The decisions that the user should know about.
    pub notes: Vec<ReplacementNote>,
}

/// A decision about one group, displayed as a sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplacementNote {
    /// The group is not written because only a part of its rows was selected.
    OnlyPart {
        /// The group.
        group: FitGroup,
        /// The number of selected rows.
        rows: usize,
        /// The number of all rows of the group.
        all: usize,
    },
    /// The group is not written because another one shares rows with it and covers more.
    OtherCoversMore {
        /// The group.
        group: FitGroup,
        /// The other group.
        other: FitGroup,
    },
    /// The group is written although its held-out errors are worse than before.
    Worse {
        /// The group.
        group: FitGroup,
        /// The errors that are worse, in words.
        errors: String,
    },
    /// The group keeps its calibration, because the new parameters are not better.
    Kept(FitGroup),
    /// The group is removed, because its parameters are no longer better.
    Dropped(FitGroup),
}

impl fmt::Display for ReplacementNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyPart { group, rows, all } => write!(
                f,
                "{group} is not written: only {rows} of its {all} rows were selected, and all of them would \
                 ask for it"
            ),
            Self::OtherCoversMore { group, other } => {
                write!(f, "{group} is not written: the calibration of {other} covers more rows")
            }
            Self::Worse { group, errors } => write!(
                f,
                "{group} has larger held-out errors than the calibration that it replaces: {errors}"
            ),
            Self::Kept(group) => {
                write!(f, "{group} keeps its calibration: the new parameters are not better")
            }
            Self::Dropped(group) => {
                write!(f, "{group} is removed: its parameters are no longer better")
            }
        }
    }
}

/// The rows of a model, which decide on the replacement.
#[derive(Debug, Clone, Copy)]
pub struct ModelRows<'a> {
    /// The model's configuration.
    pub config: &'a Config,
    /// The rows that were selected for the fits.
    pub selected: &'a [Row],
    /// All rows of the model.
    pub all: &'a [Row],
}

/// Decides for each proof of a model whether it takes its group's place in `file`, the model's
/// `calibration.toml`.
///
/// A group is written if its parameters are better, alone or with the correction, and all of its rows were
/// fitted. A group over all frameworks makes way for single frameworks only if these cover all of its rows.
/// A group whose rows ask for its configuration already was recorded with it, and keeps it unless a better
/// one was found.
#[must_use]
pub fn replacement<'p>(
    model: ModelRows<'_>,
    file: Option<&CalibrationFile>,
    proofs: &[&'p Proof],
) -> Replacement<'p> {
    let model_id = &model.config.model_id;
    let before: Vec<FitGroup> = file.into_iter().flat_map(CalibrationFile::groups).collect();
    let mut change = Replacement::default();
    for &proof in proofs.iter().filter(|proof| proof.model_names().contains(model_id)) {
        let group = proof.group.clone();
        if let Some(note) = model.obstacle(&group, &before, proofs) {
            change.notes.push(note);
            continue;
        }
        let is_better = |mode: FitMode| proof.improves_for(model_id, mode);
        let is_recorded = before.contains(&group) && model.is_asked_for(&group);
        if is_better(FitMode::Alone) || (is_better(FitMode::WithCorrection) && !is_recorded) {
            let worse = file.and_then(|file| worsened(file, proof));
            change.notes.extend(worse.map(|errors| ReplacementNote::Worse { group, errors }));
            change.replacing.push(proof);
        } else if is_recorded {
            change.notes.push(ReplacementNote::Kept(group));
        } else if before.contains(&group) {
            change.notes.push(ReplacementNote::Dropped(group.clone()));
            change.dropped.push(group);
        }
    }
    change
}

impl ModelRows<'_> {
    /// The reason why a group must not be written, whether or not it is better.
    fn obstacle(
        &self,
        group: &FitGroup,
        before: &[FitGroup],
        proofs: &[&Proof],
    ) -> Option<ReplacementNote> {
        let group = group.clone();
        let count = |rows: &[Row]| rows.iter().filter(|row| group.holds(&row.identity)).count();
        let (rows, all) = (count(self.selected), count(self.all));
        if rows < all {
            return Some(ReplacementNote::OnlyPart { group, rows, all });
        }
        let is_proved = |row: &Row| proofs.iter().any(|proof| proof.group.holds(&row.identity));
        let covers_more = |other: &&FitGroup| {
            let mut rows = self.all.iter().filter(|row| other.holds(&row.identity));
            other.meets(&group) && **other != group && !rows.all(is_proved)
        };
        let other = before.iter().find(covers_more)?.clone();
        Some(ReplacementNote::OtherCoversMore { group, other })
    }

    /// Whether rows of a group ask for a calibrated configuration.
    fn is_asked_for(&self, group: &FitGroup) -> bool {
        let mut rows = self.selected.iter().filter(|row| group.holds(&row.identity));
        rows.any(|row| {
            let gpu = self.config.gpu(&row.identity.gpu_model, &row.identity.framework);
            gpu.is_some_and(|gpu| gpu.calibrated)
        })
    }
}

/// The held-out errors in which a calibration is worse than the one in the file, in words.
fn worsened(file: &CalibrationFile, proof: &Proof) -> Option<String> {
    let before = file.errors();
    let mut worse = Vec::new();
    for mode in FitMode::ALL {
        let errors = proof.found(mode).and_then(|found| found.errors(HeldOut::Workload));
        for old in before.iter().filter(|old| old.group == proof.group && old.mode == mode) {
            let Some(new) = errors.and_then(|errors| errors.get(old.metric.name())) else {
                continue;
            };
            // Files hold tenths, so that a smaller difference may be rounding.
            if new.after.estimate > old.held_out + 0.1 {
                let (fit, metric) = (mode.title(), old.metric.title());
                let (old, new) = (old.held_out, new.after.estimate);
                worse.push(format!("{fit} {metric} {old:.1}% to {new:.1}%"));
            }
        }
    }
    (!worse.is_empty()).then(|| worse.join(", "))
}
