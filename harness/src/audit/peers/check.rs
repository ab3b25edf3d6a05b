//! The comparison of each set of audited rows with other rows.

use super::contrast::Contrast;
use super::counterparts::Counterparts;
use super::set::{RowSet, day, sets};
use crate::audit::AuditSubject;
use crate::audit::curve::slowness;
use crate::audit::finding::{Finding, Severity, off_by};
use crate::audit::hardware::RecordedAnswers;
use crate::base::statistics::quantile;
use crate::row::Row;
use crate::row::metric::Metric;
use crate::rules::audit_check::AuditCheck;

/// Engines, images and months differ by less than this factor: for every GPU and engine, the two sources of
/// GPT-OSS-120B are within 1.05 of each other.
const USUAL: f64 = 1.3;
/// The same factor where sets are compared by their predictions, which have errors of their own.
const USUAL_BY_PREDICTION: f64 = 1.4;
/// The least number of rows that give a yardstick.
const LEAST_ROWS: usize = 5;

/// Compares each set of audited rows with others.
pub(in crate::audit) fn check(
    subject: AuditSubject<'_>,
    answers: &RecordedAnswers,
    findings: &mut Vec<Finding>,
) {
    let counterparts = Counterparts::new(subject.all());
    // Where all rows are audited, the slower one of two sets has a finding already.
    let if_faster = if subject.peers.is_empty() { Severity::Info } else { Severity::Warning };
    for (set, rows) in sets(subject.rows, |row| Some(RowSet::of(row))) {
        let comparison = with_other_sets(&set, &rows, &counterparts)
            .unwrap_or_else(|| by_prediction(&set, &rows, subject, answers));
        findings.extend(comparison.finding(&set, if_faster));
    }
    for (set, rows) in sets(subject.rows, RowSet::of_day) {
        findings.extend(with_other_days(&set, &rows, &counterparts).finding(&set, if_faster));
    }
}

/// A set compared with others.
struct PeerComparison {
    contrasts: Vec<Contrast>,
    /// The factor that sets usually differ by less than.
    usual: f64,
    /// What the set is compared with, in words.
    others: &'static str,
}

/// Compares a set with the same engine in other sources, or else with other engines. `None` where there are
/// too few counterparts of either.
fn with_other_sets(
    set: &RowSet<'_>,
    rows: &[&Row],
    counterparts: &Counterparts<'_>,
) -> Option<PeerComparison> {
    let is_same_engine = |row: &Row| {
        let other = RowSet::of(row);
        other.provider != set.provider && RowSet { provider: set.provider, ..other } == *set
    };
    let contrasts = contrasts(rows, counterparts, &is_same_engine);
    if !contrasts.is_empty() {
        let others = "other sources of the same GPU, engine and precision";
        return Some(PeerComparison { contrasts, usual: USUAL, others });
    }
    let is_other_engine = |row: &Row| {
        let other = RowSet::of(row);
        (other.provider, other.framework) != (set.provider, set.framework)
    };
    let contrasts = self::contrasts(rows, counterparts, &is_other_engine);
    let others = "other engines on the same GPU, precision and configuration";
    (!contrasts.is_empty()).then_some(PeerComparison { contrasts, usual: USUAL, others })
}

/// Compares a set of one day with the other days of its source.
fn with_other_days(
    set: &RowSet<'_>,
    rows: &[&Row],
    counterparts: &Counterparts<'_>,
) -> PeerComparison {
    let is_other_day = |row: &Row| {
        RowSet { day: set.day, ..RowSet::of(row) } == *set
            && day(row).is_some_and(|day| Some(day) != set.day)
    };
    PeerComparison {
        contrasts: contrasts(rows, counterparts, &is_other_day),
        usual: USUAL,
        others: "other days of the same source",
    }
}

/// Compares a set without counterparts: how much slower than predicted it is, with how much slower than
/// predicted other rows of the GPU are, if possible on as many GPUs. TTFT is left out, because its
/// predictions contain no queueing.
fn by_prediction(
    set: &RowSet<'_>,
    rows: &[&Row],
    subject: AuditSubject<'_>,
    answers: &RecordedAnswers,
) -> PeerComparison {
    let excess = |row: &Row, metric: Metric| {
        row.identity.concurrency.fixed()?;
        let mut predicted = row.clone();
        predicted.measured.means[metric] = Some(answers.get(row)?.predicted[metric]);
        Some(slowness(row, metric)? - slowness(&predicted, metric)?)
    };
    let others: Vec<&Row> = subject
        .all()
        .filter(|row| row.identity.gpu_model == set.gpu_model && RowSet::of(row) != *set)
        .collect();
    let contrast = |metric| {
        let yardstick = |gpus: Option<u32>| {
            let alike = others.iter().filter(|row| gpus.is_none_or(|n| row.identity.gpus() == n));
            let excesses: Vec<f64> = alike.filter_map(|row| excess(row, metric)).collect();
            (excesses.len() >= LEAST_ROWS).then(|| quantile(&excesses, 0.5))
        };
        let on_any_number = yardstick(None);
        let difference = |row: &&Row| {
            let usual = yardstick(Some(row.identity.gpus())).or(on_any_number)?;
            Some(excess(row, metric)? - usual)
        };
        Contrast::new(metric, &rows.iter().filter_map(difference).collect::<Vec<_>>())
    };
    let metrics = Metric::ALL.into_iter().filter(|&metric| metric != Metric::Ttft);
    PeerComparison {
        contrasts: metrics.filter_map(contrast).collect(),
        usual: USUAL_BY_PREDICTION,
        others: "other rows of the GPU, each relative to Mantile's prediction",
    }
}

/// The contrasts in the metrics for which enough rows have counterparts that `counts` holds for.
fn contrasts(
    rows: &[&Row],
    counterparts: &Counterparts<'_>,
    counts: &dyn Fn(&Row) -> bool,
) -> Vec<Contrast> {
    let contrast = |metric| {
        let difference =
            |row: &&Row| Some(slowness(row, metric)? - counterparts.slowness(row, metric, counts)?);
        Contrast::new(metric, &rows.iter().filter_map(difference).collect::<Vec<_>>())
    };
    Metric::ALL.into_iter().filter_map(contrast).collect()
}

impl PeerComparison {
    /// The finding about the set, if it is apart in some metric.
    fn finding(&self, set: &RowSet<'_>, if_faster: Severity) -> Option<Finding> {
        let apart: Vec<&Contrast> =
            self.contrasts.iter().filter(|contrast| contrast.is_apart(self.usual)).collect();
        let distance = |contrast: &Contrast| contrast.median.ln().abs();
        let worst = apart.iter().max_by(|a, b| distance(a).total_cmp(&distance(b)))?;
        let is_slower = worst.median > 1.0;
        let direction = if is_slower { "slower" } else { "faster" };
        let figures: Vec<String> = apart.iter().map(|contrast| contrast.text(is_slower)).collect();
        let factor = off_by(worst.median);
        Some(Finding {
            subject: set.provider.to_owned(),
            severity: if is_slower { Severity::Warning } else { if_faster },
            check: AuditCheck::Peers,
            factor,
            message: format!(
                "{} is {factor:.2} times {direction} than {}; median factors with 90% intervals: {}",
                set.label(),
                self.others,
                figures.join(", ")
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::audit;
    use crate::audit::testing::{config, timed};
    use crate::row::Concurrency;
    use crate::rules::config::SourceConfig;

    /// Rows of a provider at 4, 8, … requests, each slower than usual by a factor.
    fn rows(provider: &str, framework: &str, slower: f64, count: u32) -> Vec<Row> {
        let row = |i: u32| {
            let mut row = timed(4 << i, 0.1 * slower, 0.01 * slower * 1.2f64.powi(i.cast_signed()));
            row.provider = provider.to_owned();
            row.identity.framework = framework.to_owned();
            row
        };
        (0..count).map(row).collect()
    }

    fn peers_of(rows: &[Row], peers: &[Row]) -> Vec<Finding> {
        let mut config = config();
        for name in ["q", "s"] {
            let source = config.sources[0].clone();
            config.sources.push(SourceConfig { name: name.to_owned(), ..source });
        }
        let findings = audit(AuditSubject { rows, peers, config: &config, recording: None });
        findings.into_iter().filter(|finding| finding.check == AuditCheck::Peers).collect()
    }

    #[test]
    fn a_set_slower_than_its_peers_is_found_with_its_factor() {
        let committed = rows("p", "vllm", 1.0, 6);
        assert_eq!(peers_of(&rows("q", "vllm", 1.2, 6), &committed), []);
        let findings = peers_of(&rows("q", "vllm", 1.5, 6), &committed);
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].subject.as_str(), findings[0].severity), ("q", Severity::Warning));
        assert!(findings[0].message.contains("is 1.50 times slower than other sources"));
        assert!(
            findings[0].message.contains("tpot 1.50 [1.50, 1.50] over 6 rows"),
            "{}",
            findings[0].message
        );
        let faster = peers_of(&rows("q", "vllm", 0.5, 6), &committed);
        assert!(faster[0].message.contains("is 2.00 times faster"), "{}", faster[0].message);
    }

    #[test]
    fn too_few_pairs_or_a_few_slow_rows_give_no_finding() {
        let committed = rows("p", "vllm", 1.0, 6);
        assert_eq!(peers_of(&rows("q", "vllm", 3.0, 4), &committed), []);
        let mut mixed = rows("q", "vllm", 1.0, 6);
        mixed.truncate(4);
        mixed.extend(rows("q", "vllm", 3.0, 6).split_off(4));
        assert_eq!(peers_of(&mixed, &committed), []);
    }

    #[test]
    fn another_engine_is_compared_with_only_where_the_same_engine_is_missing() {
        let other = rows("p", "trt", 1.0, 6);
        let slow = rows("q", "vllm", 1.5, 6);
        let findings = peers_of(&slow, &other);
        assert!(findings[0].message.contains("than other engines"), "{}", findings[0].message);
        let both: Vec<Row> = other.into_iter().chain(rows("s", "vllm", 1.5, 6)).collect();
        assert_eq!(peers_of(&slow, &both), []);
    }

    #[test]
    fn a_counterpart_is_interpolated_between_its_neighbours() {
        let committed: Vec<Row> = rows("p", "vllm", 1.0, 7);
        let mut between = rows("q", "vllm", 1.5, 6);
        for row in &mut between {
            let Concurrency::Fixed(requests) = &mut row.identity.concurrency else { panic!() };
            *requests += *requests / 2;
        }
        assert_eq!(peers_of(&between, &committed).len(), 1);
        assert_eq!(peers_of(&between, &committed[6..]), [], "nothing on both sides");
    }

    #[test]
    fn a_slow_day_of_a_source_is_found() {
        let on = |day: &str, mut rows: Vec<Row>| {
            for row in &mut rows {
                row.provenance.benchmark_date = Some(format!("{day}T00:00:00Z"));
                if day == "2026-02-01" {
                    let Concurrency::Fixed(requests) = &mut row.identity.concurrency else {
                        panic!()
                    };
                    *requests += *requests / 2;
                }
            }
            rows
        };
        let mut all = on("2026-01-01", rows("p", "vllm", 1.0, 7));
        all.extend(on("2026-02-01", rows("p", "vllm", 1.6, 6)));
        let slow: Vec<Finding> = peers_of(&all, &[])
            .into_iter()
            .filter(|finding| finding.severity == Severity::Warning)
            .filter(|finding| finding.message.contains("times slower"))
            .collect();
        assert_eq!(slow.len(), 1, "{slow:?}");
        assert!(slow[0].message.contains("b200 vllm fp4 of 2026-02-01"), "{}", slow[0].message);
        assert!(slow[0].message.contains("than other days"), "{}", slow[0].message);
    }
}
