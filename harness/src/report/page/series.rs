//! What rows are told apart by in figures: shape and colour by GPU and framework, and colour by others.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use maud::{Markup, html};

use super::chart::{COLOURS, colour, legend_of};
use crate::judge::compare::{Comparison, GroupBreakdown};
use crate::row::property::Field;

/// A way to colour.
struct Way {
    /// The first letter of its classes.
    letter: &'static str,
    title: &'static str,
    by: GroupBreakdown,
}

const WAYS: [Way; 4] = [
    Way { letter: "s", title: "GPU and framework", by: GroupBreakdown::GPU_FRAMEWORK },
    Way { letter: "g", title: "GPU", by: GroupBreakdown::Fields(&[Field::GpuModel]) },
    Way { letter: "f", title: "framework", by: GroupBreakdown::Fields(&[Field::Framework]) },
    Way {
        letter: "t",
        title: "tensor parallel",
        by: GroupBreakdown::Fields(&[Field::TensorParallel]),
    },
];

/// The series of every row.
pub(super) struct Series {
    /// The names of each way.
    names: [Vec<String>; WAYS.len()],
    /// The number in each way, by row.
    of_rows: Vec<[usize; WAYS.len()]>,
}

impl Series {
    pub(super) fn new(comparisons: &[Comparison]) -> Self {
        let mut of_rows = vec![[0; WAYS.len()]; comparisons.len()];
        let names = std::array::from_fn(|way| {
            let by = WAYS[way].by;
            let values: Vec<String> = comparisons.iter().map(|one| by.label(one)).collect();
            // Only of what is predicted: nothing else is drawn. Numbers come in their order.
            let predicted = comparisons.iter().zip(&values);
            let predicted = predicted.filter(|(one, _)| one.outcome.estimate().is_some());
            let mut numbers: BTreeMap<(Option<u64>, &String), usize> =
                predicted.map(|(_, value)| ((value.parse().ok(), value), 0)).collect();
            for (number, place) in numbers.values_mut().enumerate() {
                *place = number;
            }
            for (row, value) in values.iter().enumerate() {
                let key = (value.parse().ok(), value);
                of_rows[row][way] = numbers.get(&key).copied().unwrap_or(0);
            }
            numbers.into_keys().map(|(_, value)| value.clone()).collect()
        });
        Self { names, of_rows }
    }

    /// The names by GPU and framework, which give the shapes.
    pub(super) fn groups(&self) -> &[String] {
        &self.names[0]
    }

    /// A row's number among those.
    pub(super) fn group(&self, row: usize) -> usize {
        self.of_rows[row][0]
    }

    /// A row's classes in every way.
    pub(super) fn classes(&self, row: usize) -> String {
        let class = |(way, number): (&Way, &usize)| format!("{}{number}", way.letter);
        WAYS.iter().zip(&self.of_rows[row]).map(class).collect::<Vec<_>>().join(" ")
    }

    /// The legends of all ways, of which one is seen, and what chooses it.
    pub(super) fn legends(&self) -> Markup {
        html! {
            form.colour hidden { label { "Colour by " select name="by" { @for way in &WAYS {
                option value=(way.letter) { (way.title) }
            } } } " " small { "A name shows its rows alone; by GPU and framework with their own band. In a chart the \
                arrow keys go from mark to mark, and Enter to everything about the row." } }
            @for (way, names) in WAYS.iter().zip(&self.names) { (legend_of(names, way.letter)) }
        }
    }

    /// The style of every series in every way.
    pub(super) fn style(&self) -> String {
        let mut style = String::new();
        for (way, names) in WAYS.iter().zip(&self.names) {
            for number in 0..names.len().max(COLOURS) {
                let (letter, colour) = (way.letter, colour(number));
                let _ = match letter {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::comparison;

    #[test]
    fn series_are_numbered_in_the_order_of_their_values() {
        let of = |framework: &str, width: u32| {
            let mut one = comparison(1.0);
            one.row.identity.framework = framework.to_owned();
            one.row.identity.layout =
                crate::row::Layout::Aggregated(crate::row::Parallelism::new(width, 1));
            one
        };
        let series = Series::new(&[of("vllm", 8), of("trt", 16), of("vllm", 16)]);
        let gpu = comparison(1.0).row.identity.gpu_model;
        assert_eq!(series.groups(), [format!("{gpu} / trt"), format!("{gpu} / vllm")]);
        assert_eq!(series.classes(0), "s1 g0 f1 t0");
        assert_eq!(series.classes(1), "s0 g0 f0 t1", "8 is before 16");
        assert_eq!(series.group(2), 1);
        assert!(series.style().contains(".s7 { --own: var(--c7);"));
    }

    #[test]
    fn series_beyond_the_colours_differ_in_colour_or_shape() {
        let looks: std::collections::BTreeSet<_> =
            (0..56).map(|number| (colour(number), number % COLOURS)).collect();
        assert_eq!(looks.len(), 56);
    }
}
