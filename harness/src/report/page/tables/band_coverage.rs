//! How many rows and quantities lie in their bands.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::judged_rows;
use super::scrolled;
use crate::judge::compare::GroupBreakdown;
use crate::judge::evaluation::Evaluation;
use crate::judge::verdict::{QuantityVerdict, RowVerdict, Standing, Status};
use crate::row::metric::Quantity;
use crate::rules::band::{Interval, WrittenAt};

/// The standings of rows by group, then those of quantities by metric.
pub(crate) fn band_coverage(evaluation: &Evaluation) -> Markup {
    let mut groups: BTreeMap<String, GroupStandings> = BTreeMap::new();
    let mut quantities: BTreeMap<Quantity, QuantityStandings> = BTreeMap::new();
    for (comparison, verdict) in judged_rows(evaluation) {
        let group = GroupBreakdown::GPU_FRAMEWORK.label(comparison);
        groups.entry(group).or_default().count(verdict);
        for judged in &verdict.quantities {
            quantities.entry(judged.quantity).or_default().count(judged);
        }
    }
    let groups = groups.into_iter().map(|(name, GroupStandings { counts, unmapped })| {
        StandingsLine { name, counts, last: unmapped.to_string() }
    });
    let quantities =
        quantities.into_iter().map(|(quantity, QuantityStandings { counts, widest })| {
            let last = widest.as_ref().map_or_else(String::new, band_text);
            StandingsLine { name: quantity.title().to_owned(), counts, last }
        });
    html! {
        (standings_table("Rows by GPU and framework", ["GPU / framework", "not predicted", "unmapped"],
            groups.collect()))
        (standings_table("Judged quantities of the rows, with the widest band that applies to any row",
            ["quantity", "no band", "widest band"], quantities.collect()))
    }
}

/// The rows of a group: inside, known deviation, outside and not predicted; and unmapped.
#[derive(Default)]
struct GroupStandings {
    counts: [usize; 4],
    unmapped: usize,
}

impl GroupStandings {
    fn count(&mut self, verdict: &RowVerdict) {
        match verdict.status {
            Status::Inside => self.counts[0] += 1,
            Status::KnownDeviation => self.counts[1] += 1,
            Status::Outside => self.counts[2] += 1,
            Status::NotPredicted => self.counts[3] += 1,
            Status::Unmapped => self.unmapped += 1,
        }
    }
}

/// A quantity over the rows: inside, known deviation, outside and without a band; and the widest band.
#[derive(Default)]
struct QuantityStandings {
    counts: [usize; 4],
    widest: Option<WrittenAt<Interval>>,
}

impl QuantityStandings {
    fn count(&mut self, judged: &QuantityVerdict) {
        let place = match judged.standing {
            Standing::Inside => 0,
            Standing::Known => 1,
            Standing::Outside => 2,
            Standing::NoBand => 3,
        };
        self.counts[place] += 1;
        let width = |band: &WrittenAt<Interval>| band.value.high / band.value.low;
        let bands = [self.widest, judged.band].into_iter().flatten();
        self.widest = bands.max_by(|a, b| width(a).total_cmp(&width(b)));
    }
}

/// A band with its line in `reconcile.toml`; the band of memory is not in the file.
fn band_text(band: &WrittenAt<Interval>) -> String {
    match band.line {
        0 => band.value.to_string(),
        line => format!("{} at line {line}", band.value),
    }
}

/// A line of a table of standings: the counts of inside, known, outside and neither, and the last cell.
struct StandingsLine {
    name: String,
    counts: [usize; 4],
    last: String,
}

fn standings_table(
    caption: &str,
    [first, neither, last]: [&str; 3],
    lines: Vec<StandingsLine>,
) -> Markup {
    let titles =
        [first, "inside", "known deviation", "outside", neither, "share of those judged", last];
    scrolled(
        caption,
        &html! { table {
            caption { (caption) }
            thead { tr { @for title in titles { th scope="col" { (title) } } } }
            tbody { @for StandingsLine { name, counts, last } in lines {
                @let judged: usize = counts[..3].iter().sum();
                @let share = |count: usize| format!("width:{:.1}%", 100.0 * count as f64 / judged.max(1) as f64);
                tr {
                    th scope="row" { (name) }
                    @for count in counts { td { (count) } }
                    td.bar {
                        span.inside style=(share(counts[0])) {}
                        span.known style=(share(counts[1])) {}
                        span.outside style=(share(counts[2])) {}
                    }
                    td { (last) }
                }
            } }
        } },
    )
}
