//! The sections of a model's page, in their order.

use maud::{Markup, html};

use super::PageSubject;
use super::charts::{self, ChartRows};
use super::details::details;
use super::series::Series;
use super::tables;
use crate::judge::compare::distinct;
use crate::judge::frontier::FrontierChoices;
use crate::predict::mapping::Recorded;
use crate::row::metric::Metric;

/// A section of a page.
pub(super) struct Section {
    /// The fragment of its address.
    pub id: &'static str,
    pub title: &'static str,
    introduction: &'static str,
    content: Markup,
}

impl Section {
    fn new(
        id: &'static str,
        title: &'static str,
        introduction: &'static str,
        content: Markup,
    ) -> Self {
        Self { id, title, introduction, content }
    }

    pub(super) fn markup(&self) -> Markup {
        html! {
            section id=(self.id) {
                h2 { (self.title) }
                @if !self.introduction.is_empty() { p { (self.introduction) } }
                (self.content)
            }
        }
    }
}

/// The sections that have content.
pub(super) fn sections(
    subject: PageSubject<'_>,
    series: &Series,
    choices: &FrontierChoices<'_>,
) -> Vec<Section> {
    let PageSubject { model, evaluation, recorded, history, .. } = subject;
    let rows = ChartRows { model, evaluation, series };
    let mut sections = vec![Section::new(
        "bias",
        "Errors by group",
        tables::SHADES,
        tables::heat_map(&evaluation.comparisons),
    )];
    sections.extend(error_charts(rows, recorded));
    sections.extend(charts::frontiers(rows, choices).map(|charts| {
        Section::new("frontiers", "Throughput against interactivity", FRONTIERS, charts)
    }));
    sections.push(Section::new("bands", "Bands", BANDS, tables::band_coverage(evaluation)));
    sections.extend(
        tables::checks(evaluation)
            .map(|checks| Section::new("checks", "Gates and checks", CHECKS, checks)),
    );
    sections.extend(
        tables::known_deviations(evaluation)
            .map(|table| Section::new("deviations", "Known deviations", DEVIATIONS, table)),
    );
    sections.extend(
        charts::history(history).map(|chart| {
            Section::new("history", "Releases", HISTORY, html! { div.wide { (chart) } })
        }),
    );
    sections.push(Section::new("rows", "Rows", "", tables::rows_table(evaluation)));
    sections.push(Section::new("details", "Details of each row", "", details(subject)));
    sections
}

/// The sections with charts of each metric's errors.
fn error_charts(rows: ChartRows<'_>, recorded: &[Option<Recorded>]) -> Vec<Section> {
    let metrics = distinct(&rows.evaluation.comparisons);
    let per_metric = |draw: fn(ChartRows<'_>, Metric) -> Option<Markup>| -> Vec<Markup> {
        metrics.iter().filter_map(|metric| draw(rows, *metric)).collect()
    };
    let with_legends = |charts: Markup| html! { (rows.series.legends()) (charts) };
    let scatter = grid("many two", &per_metric(charts::scatter)).map(with_legends);
    let distributions = grid("many two", &per_metric(charts::distributions));
    let residuals = grid("many", &charts::residuals(rows, recorded)).map(with_legends);
    let sections = [
        scatter.map(|charts| Section::new("scatter", "Predicted against measured", "", charts)),
        distributions
            .map(|charts| Section::new("distributions", "Distribution of errors", "", charts)),
        residuals.map(|charts| {
            Section::new("residuals", "What the error depends on", RESIDUALS, charts)
        }),
    ];
    sections.into_iter().flatten().collect()
}

/// Charts in a grid of this class; `None` without charts.
fn grid(class: &str, charts: &[Markup]) -> Option<Markup> {
    (!charts.is_empty()).then(|| html! { div class=(class) { @for chart in charts { (chart) } } })
}

const RESIDUALS: &str = "Predicted / measured against properties of the rows, and against the shares of the time that Mantile predicts. A \
     slope or a step is an error of structure, which no single factor corrects.";

const FRONTIERS: &str = "Each chart holds the configurations that one deployment is chosen from. Up is cheaper, right is faster for each \
     user, and along the frontier one is traded for the other. Where the dashed predicted line is above the solid \
     measured one, Mantile promises too much. A demand is the interactivity of a configuration on the measured frontier. \
     It is missed where the configuration that Mantile would choose is slower; the regret is the measured throughput \
     that its choice gives up for the other demands.";

const BANDS: &str = "The rows of each group that lie in the bands of reconcile.toml. In the bars, hatched is outside its band, and gold \
     is a known deviation, with a reason and an expiry date.";

const CHECKS: &str =
    "Checks of groups, coverage and the recording, in addition to the bands of rows.";

const DEVIATIONS: &str = "Rows outside their bands, with a reason and an expiry date.";

const HISTORY: &str = "MAPE of all rows for each recorded release.";
