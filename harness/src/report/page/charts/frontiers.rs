//! Throughput per GPU against interactivity, with the frontiers that configurations are chosen from.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::series::Series;
use super::super::svg::{BOTTOM, Frame, LEFT, RIGHT, Scale, TOP, legend_mark, line, row_mark};
use super::figure::figure;
use super::rows::{ChartRows, MOST_MARKS};
use crate::judge::frontier::{
    FrontierAgreement, FrontierChoice, FrontierChoices, FrontierPoint, frontier,
};
use crate::report::frontier_sentences;

/// The classes of measured and predicted configurations, in the order of their shapes.
const KINDS: [&str; 2] = ["measured", "predicted"];

/// One chart for each choice; `None` where there is no choice.
pub(crate) fn frontiers(rows: ChartRows<'_>, choices: &FrontierChoices<'_>) -> Option<Markup> {
    let ChartRows { evaluation, series, .. } = rows;
    choices.within.first()?;
    let numbered = evaluation.comparisons.iter().enumerate();
    let numbers: BTreeMap<String, usize> =
        numbered.map(|(row, comparison)| (comparison.row.name(), row)).collect();
    let charts = |choices: &[FrontierChoice<'_>], scope: &str, series: Option<&Series>| {
        let candidates: usize = choices.iter().map(|choice| choice.candidates.len()).sum();
        let every = candidates.div_ceil(MOST_MARKS).max(1);
        let numbers = &numbers;
        html! { div.many { @for choice in choices {
            (FrontierChart { choice, title: &format!("{scope}{}", choice.label), numbers, series, every }.draw())
        } } }
    };
    Some(html! {
        @for sentence in frontier_sentences(choices) { p { (sentence) } }
        ul.legend { @for (index, kind) in KINDS.into_iter().enumerate() {
            li { (legend_mark(index, kind)) (kind) " configurations and their frontier" }
        } }
        @if !choices.across.is_empty() {
            h3 { "Across all GPUs and frameworks" }
            ul.legend { @for (number, name) in series.groups().iter().enumerate() {
                li { (legend_mark(number, "plain")) (name) }
            } }
            (charts(&choices.across, "all / ", Some(series)))
            h3 { "Within one GPU and framework" }
        }
        (charts(&choices.within, "", None))
    })
}

/// The chart of one choice.
struct FrontierChart<'a> {
    choice: &'a FrontierChoice<'a>,
    title: &'a str,
    /// The rows' numbers in the table, by name.
    numbers: &'a BTreeMap<String, usize>,
    /// The series whose groups give the shapes; `None` for one shape each for measured and predicted.
    series: Option<&'a Series>,
    /// Every n-th of the configurations off the frontiers is drawn.
    every: usize,
}

impl FrontierChart<'_> {
    fn draw(&self) -> Markup {
        let (width, height) = (340.0, 260.0);
        let points = [self.choice.measured(), self.choice.predicted()];
        let all = || points.iter().flatten();
        let x = Scale::from_zero(all().map(|point| point.interactivity), LEFT, width - RIGHT);
        let y = Scale::from_zero(all().map(|point| point.throughput), height - BOTTOM, TOP);
        let frame = Frame { width, height, x, y };
        let content = html! {
            (frame.axes("interactivity, tokens/s/user", "tokens/s/GPU"))
            @for kind in [1, 0] { (self.configurations(frame, kind, &points[kind])) }
        };
        let caption = self.caption();
        let title = self.title;
        let label = format!("Throughput per GPU against interactivity for {title}: {caption}");
        let derived = if self.choice.is_derived() { " *" } else { "" };
        figure(
            &format!("frontier-{}", title.replace([' ', '/'], "")),
            &format!("{title}{derived}"),
            &caption,
            &frame.plot(&label, &content),
        )
    }

    /// The frontier and the marks of the measured, 0, or predicted, 1, configurations.
    fn configurations(&self, frame: Frame, kind: usize, points: &[FrontierPoint]) -> Markup {
        let class = KINDS[kind];
        let at =
            |point: &FrontierPoint| (frame.x.at(point.interactivity), frame.y.at(point.throughput));
        let best = frontier(points);
        let path: Vec<(f64, f64)> = best.iter().map(|&index| at(&points[index])).collect();
        html! {
            (line(&path, &format!("frontier {class}")))
            @for (index, (candidate, point)) in self.choice.candidates.iter().zip(points).enumerate() {
                @let is_drawn = index % self.every == 0 || best.contains(&index);
                @if let Some(&row) = self.numbers.get(&candidate.row.name()).filter(|_| is_drawn) {
                    @let shape = self.series.map_or(kind, |series| series.group(row));
                    @let text = format!("{class}: {:.0} tokens/s/user, {:.0} tokens/s/GPU",
                        point.interactivity, point.throughput);
                    (row_mark(shape, class, row, at(point), Some(&text)))
                }
            }
        }
    }

    /// How well Mantile chooses here.
    fn caption(&self) -> String {
        let FrontierAgreement {
            on_measured_frontier: demands,
            on_both,
            missed_demands,
            throughput_rank_correlation,
            interactivity_rank_correlation,
            mean_regret,
            mean_regret_percent,
            ..
        } = self.choice.agreement;
        let dash = || "-".to_owned();
        let rank = |rho: Option<f64>| rho.map_or_else(dash, |rho| format!("{rho:.2}"));
        let regret = mean_regret
            .zip(mean_regret_percent)
            .map_or_else(dash, |(lost, share)| format!("{lost:.0} tokens/s/GPU ({share:.0}%)"));
        let thinning = match self.every {
            0 | 1 => String::new(),
            every => format!(" Every {every}th configuration off the frontiers is drawn."),
        };
        format!(
            "{on_both} of {demands} configurations on the measured frontier are on the predicted one; {missed_demands} of \
             {demands} demands are missed, and the mean regret of the others is {regret}; rank correlation {} of \
             throughput, {} of interactivity.{thinning}",
            rank(throughput_rank_correlation),
            rank(interactivity_rank_correlation)
        )
    }
}
