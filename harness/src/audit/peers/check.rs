//! Checks of sets of rows against others: a whole source, or a part of it, that is slower or faster than
//! the rest throughout.

use std::collections::{BTreeMap, HashMap};

use super::curve::slowness;
use super::hardware::Answers;
use super::{AuditSubject, Finding, Severity};
use crate::base::statistics::{median_interval, quantile};
use crate::row::metric::Metric;
use crate::row::{Concurrency, Identity, Row};
use crate::rules::audit_check::AuditCheck;

/// Sets that lie apart by less than this differ as engines, images and months do: of the two sources of
/// GPT-OSS-120B each GPU and engine is within 1.05.
const USUAL: f64 = 1.3;
/// Likewise of TTFT, which is mostly queueing.
const USUAL_TTFT: f64 = 2.0;
/// Likewise where predictions have to do for configurations in common: they are off themselves.
const USUAL_BY_PREDICTION: f64 = 1.4;
/// Fewer pairs give no interval of the median.
const LEAST_PAIRS: usize = 5;
/// Between two concurrencies farther apart than this the curve is not interpolated.
const WIDEST_GAP: f64 = 4.0;

/// What makes rows a set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Set<'a> {
    provider: &'a str,
    gpu_model: &'a str,
    framework: &'a str,
    precision: &'a str,
    /// The day, where the set is of one.
    day: Option<&'a str>,
}

impl<'a> Set<'a> {
    fn of(row: &'a Row) -> Self {
        let Identity { gpu_model, framework, precision, .. } = &row.identity;
        Self { provider: &row.provider, gpu_model, framework, precision, day: None }
    }

    fn of_day(row: &'a Row) -> Option<Self> {
        Some(Self { day: Some(day(row)?), ..Self::of(row) })
    }

    fn label(&self) -> String {
        let Self { gpu_model, framework, precision, day, .. } = self;
        let of = format!("{gpu_model} {framework} {precision}");
        day.map_or(of.clone(), |day| format!("{of} of {day}"))
    }
}

fn day(row: &Row) -> Option<&str> {
    row.provenance.benchmark_date.as_deref()?.get(..10)
}

/// Rows by their configuration, whatever the engine and the concurrency.
struct Index<'a>(HashMap<Identity, Vec<&'a Row>>);

impl<'a> Index<'a> {
    fn new(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut index: HashMap<Identity, Vec<&Row>> = HashMap::new();
        for row in rows {
            index.entry(Self::key(row)).or_default().push(row);
        }
        Self(index)
    }

    fn key(row: &Row) -> Identity {
        let identity = row.identity.clone();
        Identity { framework: String::new(), concurrency: Concurrency::Peak, ..identity }
    }

    /// How slow those of the rows of this configuration are that `counts` holds of, ln: their median, or
    /// where none has this concurrency, the line between the nearest on both sides on log scales.
    fn slowness(&self, row: &Row, metric: Metric, counts: impl Fn(&Row) -> bool) -> Option<f64> {
        let mut by_concurrency: BTreeMap<Concurrency, Vec<f64>> = BTreeMap::new();
        for other in self.0.get(&Self::key(row))? {
            if counts(other)
                && let Some(slowness) = slowness(other, metric)
            {
                by_concurrency.entry(other.identity.concurrency).or_default().push(slowness);
            }
        }
        let at = row.identity.concurrency;
        if let Some(same) = by_concurrency.get(&at) {
            return Some(quantile(same, 0.5));
        }
        let here = f64::from(at.fixed()?).ln();
        let point = |(at, values): (&Concurrency, &Vec<f64>)| {
            Some((f64::from(at.fixed()?).ln(), quantile(values, 0.5)))
        };
        let (before, slow_before) = point(by_concurrency.range(..at).next_back()?)?;
        let (after, slow_after) = point(by_concurrency.range(at..).next()?)?;
        if after - before > WIDEST_GAP.ln() {
            return None;
        }
        Some(slow_before + (here - before) / (after - before) * (slow_after - slow_before))
    }
}

/// A set against others, metric by metric: the factor that it is slower by, and its interval.
struct Contrast {
    metric: Metric,
    pairs: usize,
    median: f64,
    low: f64,
    high: f64,
}

impl Contrast {
    /// The paired differences of slowness, ln, as a factor with its interval.
    fn of(metric: Metric, differences: &[f64]) -> Option<Self> {
        let (median, low, high) = median_interval(differences)?;
        let pairs = differences.len();
        Some(Self { metric, pairs, median: median.exp(), low: low.exp(), high: high.exp() })
    }

    /// Whether it is slower or faster by more than is usual, for sure.
    fn is_apart(&self, usual: f64) -> bool {
        let usual = if self.metric == Metric::Ttft { usual.max(USUAL_TTFT) } else { usual };
        (self.median > usual && self.low > 1.0) || (self.median < 1.0 / usual && self.high < 1.0)
    }

    /// The factor with its interval, of a set that is faster as that which it is faster by.
    fn text(&self, slower: bool) -> String {
        let Self { median, low, high, pairs, .. } = *self;
        let (median, low, high) =
            if slower { (median, low, high) } else { (1.0 / median, 1.0 / high, 1.0 / low) };
        format!("{} {median:.2} [{low:.2}, {high:.2}] over {pairs}", self.metric.name())
    }
}

/// Holds each set of audited rows against the others.
pub(super) fn check(subject: AuditSubject<'_>, answers: &Answers, findings: &mut Vec<Finding>) {
    let index = Index::new(subject.all());
    // Where all rows are audited, what is slower is told already.
    let if_faster = if subject.peers.is_empty() { Severity::Info } else { Severity::Warning };
    for (set, rows) in sets(subject.rows, |row| Some(Set::of(row))) {
        let pairs = |counts: &dyn Fn(&Row) -> bool| contrasts(&rows, &index, counts);
        let same_engine = |row: &Row| {
            let other = Set::of(row);
            other.provider != set.provider && Set { provider: set.provider, ..other } == set
        };
        let mut found = pairs(&same_engine);
        if !found.is_empty() {
            let sources = "other sources of the same GPU, engine and precision";
            findings.extend(finding(&set, &found, USUAL, sources, if_faster));
            continue;
        }
        let any_engine = |row: &Row| {
            let other = Set::of(row);
            (other.provider, other.framework) != (set.provider, set.framework)
        };
        found = pairs(&any_engine);
        if !found.is_empty() {
            let engines = "other engines on the same GPU, precision and configuration";
            findings.extend(finding(&set, &found, USUAL, engines, if_faster));
            continue;
        }
        found = by_prediction(&set, &rows, subject, answers);
        let yardstick = "other rows of the GPU, with Mantile's predictions as the yardstick";
        let usual = USUAL_BY_PREDICTION;
        findings.extend(finding(&set, &found, usual, yardstick, if_faster));
    }
    for (set, rows) in sets(subject.rows, Set::of_day) {
        let other_days = |row: &Row| {
            Set { day: set.day, ..Set::of(row) } == set
                && day(row).is_some_and(|d| Some(d) != set.day)
        };
        let found = contrasts(&rows, &index, &other_days);
        let days = "other days of the same source";
        findings.extend(finding(&set, &found, USUAL, days, if_faster));
    }
}

fn sets<'a>(
    rows: &'a [Row],
    of: impl Fn(&'a Row) -> Option<Set<'a>>,
) -> BTreeMap<Set<'a>, Vec<&'a Row>> {
    let mut sets: BTreeMap<Set<'_>, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if let Some(set) = of(row) {
            sets.entry(set).or_default().push(row);
        }
    }
    sets
}

/// Each metric that enough rows have a counterpart for.
fn contrasts(rows: &[&Row], index: &Index<'_>, counts: &dyn Fn(&Row) -> bool) -> Vec<Contrast> {
    let of_metric = |metric| {
        let difference =
            |row: &&Row| Some(slowness(row, metric)? - index.slowness(row, metric, counts)?);
        Contrast::of(metric, &rows.iter().filter_map(difference).collect::<Vec<_>>())
    };
    Metric::ALL.into_iter().filter_map(of_metric).collect()
}

/// Likewise without counterparts: how much slower than predicted, against how much slower than predicted
/// other rows of the GPU are, of as many GPUs where there are such. TTFT is left out, for its predictions
/// hold no queueing.
fn by_prediction(
    set: &Set<'_>,
    rows: &[&Row],
    subject: AuditSubject<'_>,
    answers: &Answers,
) -> Vec<Contrast> {
    let against = |row: &Row, metric: Metric| {
        row.identity.concurrency.fixed()?;
        let mut predicted = row.clone();
        predicted.measured.means[metric] = Some(answers.get(row)?.predicted[metric]);
        Some(slowness(row, metric)? - slowness(&predicted, metric)?)
    };
    let others: Vec<&Row> = subject
        .all()
        .filter(|row| row.identity.gpu_model == set.gpu_model && Set::of(row) != *set)
        .collect();
    let of_metric = |metric| {
        let usual = |gpus: Option<u32>| {
            let alike = others.iter().filter(|row| gpus.is_none_or(|n| row.identity.gpus() == n));
            let values: Vec<f64> = alike.filter_map(|row| against(row, metric)).collect();
            (values.len() >= LEAST_PAIRS).then(|| quantile(&values, 0.5))
        };
        let of_any = usual(None);
        let difference =
            |row: &&Row| Some(against(row, metric)? - usual(Some(row.identity.gpus())).or(of_any)?);
        Contrast::of(metric, &rows.iter().filter_map(difference).collect::<Vec<_>>())
    };
    let metrics = Metric::ALL.into_iter().filter(|&metric| metric != Metric::Ttft);
    metrics.filter_map(of_metric).collect()
}

/// What is to be said of a set: nothing, unless some metric is apart.
fn finding(
    set: &Set<'_>,
    contrasts: &[Contrast],
    usual: f64,
    others: &str,
    if_faster: Severity,
) -> Option<Finding> {
    let apart: Vec<&Contrast> =
        contrasts.iter().filter(|contrast| contrast.is_apart(usual)).collect();
    let worst = apart.iter().max_by(|a, b| a.median.ln().abs().total_cmp(&b.median.ln().abs()))?;
    let slower = worst.median > 1.0;
    let way = if slower { "slower" } else { "faster" };
    let figures: Vec<String> = apart.iter().map(|contrast| contrast.text(slower)).collect();
    Some(Finding {
        subject: set.provider.to_owned(),
        severity: if slower { Severity::Warning } else { if_faster },
        check: AuditCheck::Peers,
        factor: super::off_by(worst.median),
        message: format!(
            "{} is {:.2} times {way} than {others}; {way} by: {} rows",
            set.label(),
            super::off_by(worst.median),
            figures.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::audit;
    use super::super::tests::{config, timed};
    use super::*;

    /// Rows of a provider at 4, 8, … requests, each `slower` than usual.
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
            config
                .sources
                .push(crate::rules::config::SourceConfig { name: name.to_owned(), ..source });
        }
        let findings = audit(AuditSubject { rows, peers, config: &config, recording: None });
        findings.into_iter().filter(|finding| finding.check == AuditCheck::Peers).collect()
    }

    #[test]
    fn a_set_slower_than_its_peers_is_found_with_its_factor() {
        let committed = rows("p", "vllm", 1.0, 6);
        assert_eq!(peers_of(&rows("q", "vllm", 1.2, 6), &committed), []);
        let found = peers_of(&rows("q", "vllm", 1.5, 6), &committed);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].subject.as_str(), found[0].severity), ("q", Severity::Warning));
        assert!(found[0].message.contains("is 1.50 times slower than other sources"));
        assert!(found[0].message.contains("tpot 1.50 [1.50, 1.50] over 6"), "{}", found[0].message);
        let faster = peers_of(&rows("q", "vllm", 0.5, 6), &committed);
        assert!(faster[0].message.contains("is 2.00 times faster"), "{}", faster[0].message);
    }

    #[test]
    fn too_few_pairs_or_a_few_slow_rows_are_no_set() {
        let committed = rows("p", "vllm", 1.0, 6);
        assert_eq!(peers_of(&rows("q", "vllm", 3.0, 4), &committed), []);
        let mut mixed = rows("q", "vllm", 1.0, 6);
        mixed.truncate(4);
        mixed.extend(rows("q", "vllm", 3.0, 6).split_off(4));
        assert_eq!(peers_of(&mixed, &committed), []);
    }

    #[test]
    fn without_the_same_engine_another_does_and_the_same_engine_outranks_it() {
        let other = rows("p", "trt", 1.0, 6);
        let slow = rows("q", "vllm", 1.5, 6);
        let found = peers_of(&slow, &other);
        assert!(found[0].message.contains("than other engines"), "{}", found[0].message);
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
