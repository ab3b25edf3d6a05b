//! The checks of the known deviations: alive and unexpired.

use jiff::civil::Date;

use crate::base::text::plural;
use crate::judge::check::CheckSubject;
use crate::judge::check::listing::none_of;
use crate::judge::model::Model;
use crate::judge::verdict::Standing;
use crate::rules::deviation::Deviation;

/// Checks that every known deviation is still outside its band.
pub(super) fn alive(subject: CheckSubject<'_>) -> Result<(), String> {
    let deviations = &subject.model.deviations;
    let line = |entry: &Deviation| {
        let place = format!("{}:{}", deviations.path.display(), entry.bound.line);
        let reason = why_dead(subject, entry)?;
        Some(format!("{place}: {} of {} {reason}", entry.quantity.name(), entry.row))
    };
    let dead: Vec<String> = deviations.entries.iter().filter_map(line).collect();
    none_of(&dead, Clone::clone, || match dead.len() {
        1 => "1 known deviation no longer deviates; remove it".to_owned(),
        entries => format!("{entries} known deviations no longer deviate; remove them"),
    })
}

/// The reason why a known deviation is of no use any more; `None` while it deviates.
fn why_dead(subject: CheckSubject<'_>, entry: &Deviation) -> Option<&'static str> {
    let mut judged = subject.comparisons.iter().zip(subject.verdicts);
    let verdict = judged
        .find_map(|(comparison, verdict)| (comparison.row.name() == entry.row).then_some(verdict));
    let quantity = verdict.and_then(|verdict| {
        verdict.quantities.iter().find(|judged| judged.quantity == entry.quantity)
    });
    match quantity.map(|judged| judged.standing) {
        Some(Standing::Inside) => Some("is inside its band"),
        Some(_) => None,
        None => Some("is not measured or not predicted"),
    }
}

/// Checks that no known deviation has expired by `today`.
pub(super) fn unexpired(model: &Model, today: Date) -> Result<(), String> {
    let expired: Vec<&Deviation> =
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
                "{} expired known deviation{} in {}; look at the rows again, then renew or remove the entries",
                expired.len(),
                plural(expired.len()),
                model.deviations.path.display()
            )
        },
    )
}
