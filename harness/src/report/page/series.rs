//! The series of rows in charts: shape and colour by GPU and framework, or by another property.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};

use super::svg::{COLOURS, colour, colouring_legend};
use crate::judge::compare::{Comparison, GroupBreakdown};
use crate::row::property::Field;

/// A property that rows are coloured by.
struct Colouring {
    /// The first letter of its classes.
    letter: &'static str,
    title: &'static str,
    by: GroupBreakdown,
}

/// All colourings; the first also gives the shapes.
const COLOURINGS: [Colouring; 4] = [
    Colouring { letter: "s", title: "GPU and framework", by: GroupBreakdown::GPU_FRAMEWORK },
    Colouring { letter: "g", title: "GPU", by: GroupBreakdown::Fields(&[Field::GpuModel]) },
    Colouring { letter: "f", title: "framework", by: GroupBreakdown::Fields(&[Field::Framework]) },
    Colouring {
        letter: "t",
        title: "tensor parallel",
        by: GroupBreakdown::Fields(&[Field::TensorParallel]),
    },
];

/// The series of every row, in each colouring.
pub(super) struct Series {
    /// The names of the series, by colouring.
    names: [Vec<String>; COLOURINGS.len()],
    /// The number of each row's series, by row and colouring.
    of_rows: Vec<[usize; COLOURINGS.len()]>,
}

impl Series {
    pub(super) fn new(comparisons: &[Comparison]) -> Self {
        let mut of_rows = vec![[0; COLOURINGS.len()]; comparisons.len()];
        let names = std::array::from_fn(|colouring| {
            let by = COLOURINGS[colouring].by;
            let labels: Vec<String> =
                comparisons.iter().map(|comparison| by.label(comparison)).collect();
            let numbers = series_numbers(comparisons, &labels);
            for (row, label) in of_rows.iter_mut().zip(&labels) {
                row[colouring] = numbers.get(&sort_key(label)).copied().unwrap_or(0);
            }
            numbers.into_keys().map(|(_, label)| label.to_owned()).collect()
        });
        Self { names, of_rows }
    }

    /// The names of the series by GPU and framework.
    pub(super) fn groups(&self) -> &[String] {
        &self.names[0]
    }

    /// The number of a row's series by GPU and framework.
    pub(super) fn group(&self, row: usize) -> usize {
        self.of_rows[row][0]
    }

    /// A row's classes in all colourings.
    pub(super) fn classes(&self, row: usize) -> String {
        let class =
            |(colouring, number): (&Colouring, &usize)| format!("{}{number}", colouring.letter);
        COLOURINGS.iter().zip(&self.of_rows[row]).map(class).collect::<Vec<_>>().join(" ")
    }

    /// The legends of all colourings, of which one is shown, and the field that selects it.
    pub(super) fn legends(&self) -> Markup {
        html! {
            form.colour hidden { label { "Colour by " select name="by" { @for colouring in &COLOURINGS {
                option value=(colouring.letter) { (colouring.title) }
            } } } " " small { "Click a name to highlight its rows, and, by GPU and framework, their band. In a chart, the arrow \
                keys go from mark to mark and Enter opens the details of the row." } }
            @for (colouring, names) in COLOURINGS.iter().zip(&self.names) {
                (colouring_legend(names, colouring.letter))
            }
        }
    }

    /// The style of every series in all colourings.
    pub(super) fn style(&self) -> String {
        let mut style = String::new();
        for (Colouring { letter, .. }, names) in COLOURINGS.iter().zip(&self.names) {
            for number in 0..names.len().max(COLOURS) {
                let colour = colour(number);
                let _ = match *letter {
                    "s" => writeln!(
                        style,
                        ".s{number} {{ --own: var(--c{colour}); fill: var(--own); }}"
                    ),
                    _ => writeln!(
                        style,
                        "[data-colour={letter}] .mark.{letter}{number}, .legend .{letter}{number} \
                         {{ fill: var(--c{colour}); }}"
                    ),
                };
            }
        }
        style
    }
}

/// The order of labels: names, then numbers by their value.
fn sort_key(label: &str) -> (Option<u64>, &str) {
    (label.parse().ok(), label)
}

/// The number of each label that a predicted row has; rows without a prediction are not drawn.
fn series_numbers<'a>(
    comparisons: &[Comparison],
    labels: &'a [String],
) -> BTreeMap<(Option<u64>, &'a str), usize> {
    let rows = comparisons.iter().zip(labels);
    let predicted = rows.filter(|(comparison, _)| comparison.outcome.estimate().is_some());
    let mut numbers: BTreeMap<(Option<u64>, &str), usize> =
        predicted.map(|(_, label)| (sort_key(label), 0)).collect();
    for (next, number) in numbers.values_mut().enumerate() {
        *number = next;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::comparison;

    #[test]
    fn series_are_numbered_in_the_order_of_their_values() {
        let row = |framework: &str, width: u32| {
            let mut row = comparison(1.0);
            row.row.identity.framework = framework.to_owned();
            row.row.identity.layout =
                crate::row::Layout::Aggregated(crate::row::Parallelism::new(width, 1));
            row
        };
        let series = Series::new(&[row("vllm", 8), row("trt", 16), row("vllm", 16)]);
        let gpu = comparison(1.0).row.identity.gpu_model;
        assert_eq!(series.groups(), [format!("{gpu} / trt"), format!("{gpu} / vllm")]);
        assert_eq!(series.classes(0), "s1 g0 f1 t0");
        assert_eq!(series.classes(1), "s0 g0 f0 t1", "8 comes before 16");
        assert_eq!(series.group(2), 1);
        assert!(series.style().contains(".s7 { --own: var(--c7);"));
    }
}
