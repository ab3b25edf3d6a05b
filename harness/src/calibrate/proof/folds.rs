//! The folds of a cross-validation: rows that are held out, with a fit to the others.

use std::collections::BTreeSet;

use super::super::fit::Aim;
use super::super::{Conditions, FitMode, FittedSetting, Latencies, Load, Observation};
use super::LEAST_ROWS;
use crate::base::parallel;

/// Rows that are held out, with the setting that a fit to the other rows gives.
pub(super) struct Fold<'a> {
    rows: Vec<&'a Observation>,
    pub setting: FittedSetting,
}

/// The predictions of folds for their held-out rows.
pub(super) fn predictions<'a>(folds: &[Fold<'a>], load: Load) -> Vec<(&'a Observation, Latencies)> {
    let of_fold = |fold: &Fold<'a>| -> Vec<_> {
        fold.rows.iter().map(|&row| (row, fold.setting.predict_with(row, load))).collect()
    };
    folds.iter().flat_map(of_fold).collect()
}

/// Holds out the rows of each key in turn, and fits to all others.
pub(super) fn hold_out<'a>(
    conditions: &Conditions<'_>,
    rows: &[&'a Observation],
    mode: FitMode,
    key: impl Fn(&Observation) -> String + Sync,
) -> Result<Vec<Fold<'a>>, String> {
    let keys: BTreeSet<String> = rows.iter().map(|row| key(row)).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let folds = parallel::map(&keys, |held_out| {
        let (rows, rest): (Vec<&Observation>, Vec<&Observation>) =
            rows.iter().partition(|row| key(row) == *held_out);
        if rest.len() < LEAST_ROWS / 2 {
            return Err(format!("too few rows are left without {held_out}"));
        }
        let fit = conditions.fit(&rest, Aim::of(mode))?;
        Ok(Fold { rows, setting: fit.setting })
    });
    folds.into_iter().collect()
}
