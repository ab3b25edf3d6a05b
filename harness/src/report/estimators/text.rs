//! Mantile compared with other estimators in tables for people.

use std::fmt::Write as _;

use crate::base::statistics::{Interval95, Statistics};
use crate::base::text::plural;
use crate::judge::side_by_side::{ErrorsOfBoth, GroupOfBoth, PairedErrors, SideBySide};
use crate::predict::rivals::Estimator;
use crate::report::numbers::{percent, skill_text};
use crate::report::style::{heading, render};
use crate::report::summary::SHORT_TITLES;
use crate::report::{Align, Style, TextTable};

const LEGEND: &str = "\
Only rows that both predict count. skill is 1 - mean |ln(p/m)| of Mantile over
that of the other: 1 is perfect, 0 is no better than the other, below 0 is worse.
Its 95% interval is a paired bootstrap over the rows. In the groups, each metric
has its MAPE in % and its bias.";

/// The sections of a summary that compare Mantile with other estimators; nothing if there are none.
#[must_use]
pub(in crate::report) fn section(sides: &[SideBySide], style: Style) -> String {
    let mut text = String::new();
    if sides.is_empty() {
        return text;
    }
    heading(&mut text, style, 2, "Compared with other estimators");
    let _ = writeln!(text, "{LEGEND}\n");
    for side in sides {
        let Estimator { entry, .. } = &side.estimator;
        heading(&mut text, style, 3, &entry.name);
        let _ = writeln!(text, "{}\n", facts(side));
        if side.rows == 0 {
            continue;
        }
        let _ = writeln!(text, "{}\n", render(&overall_table(side), style));
        let groups = side.by_gpu_and_framework.iter().chain(&side.by_mode);
        let table = groups_table(&entry.name, groups, style);
        let _ = writeln!(text, "{}\n", render(&table, style));
    }
    text
}

/// The facts about an estimator's predictions, a line per fact.
fn facts(side: &SideBySide) -> String {
    let SideBySide { estimator, rows, overall, .. } = side;
    let entry = &estimator.entry;
    let mut facts = Vec::new();
    facts.extend(Some(entry.about.clone()).filter(|about| !about.is_empty()));
    facts.push(format!("{rows} row{} in common", plural(*rows)));
    for (reason, rows) in &estimator.unpredicted {
        facts.push(format!("{rows} row{} not predicted: {reason}", plural(*rows)));
    }
    if !estimator.unmeasured.is_empty() {
        let others = estimator.unmeasured.len();
        facts.push(format!(
            "{others} prediction{} for configurations that nobody measured",
            plural(others)
        ));
    }
    let derived: Vec<&str> = overall
        .iter()
        .filter(|(_, errors)| errors.is_some_and(|errors| errors.derived_rows > 0))
        .map(|(metric, _)| metric.title())
        .collect();
    if !derived.is_empty() {
        facts.push(format!("derived from its other figures: {}", derived.join(", ")));
    }
    facts.extend(entry.source.as_ref().map(|source| format!("from {source}")));
    facts.extend(entry.licence.as_ref().map(|licence| format!("licence: {licence}")));
    facts.extend(entry.caveats.iter().cloned());
    facts.iter().map(|fact| format!("- {fact}")).collect::<Vec<_>>().join("\n")
}

/// Two lines per metric: Mantile's errors with its skill, and the other's errors.
fn overall_table(side: &SideBySide) -> TextTable {
    let mut table = TextTable::new(&[
        ("metric", Align::Left),
        ("by", Align::Left),
        ("n", Align::Right),
        ("MAPE", Align::Right),
        ("median", Align::Right),
        ("bias", Align::Right),
        ("skill", Align::Right),
        ("95%", Align::Left),
    ]);
    for (metric, errors) in side.overall.iter() {
        let Some(PairedErrors { mantile, other, skill, .. }) = errors else { continue };
        let figures = |s: &Statistics| {
            [
                s.n.to_string(),
                percent(s.mape_percent),
                percent(s.median_ape_percent),
                format!("{:.2}", s.bias),
            ]
        };
        let mut line = vec![metric.title().to_owned(), "Mantile".to_owned()];
        line.extend(figures(mantile));
        line.push(skill_cell(skill.as_ref()));
        line.push(skill.map_or_else(String::new, |Interval95 { low, high, .. }| {
            format!("[{}, {}]", skill_text(low), skill_text(high))
        }));
        table.line(line);
        let mut line = vec![String::new(), side.estimator.entry.name.clone()];
        line.extend(figures(other));
        line.extend([String::new(), String::new()]);
        table.line(line);
    }
    table
}

/// Three lines per group: Mantile's errors, the other's errors, and the skill.
fn groups_table<'a>(
    name: &str,
    groups: impl Iterator<Item = &'a GroupOfBoth>,
    style: Style,
) -> TextTable {
    let indent = if style.is_plain() { "  " } else { "" };
    let mut table = metric_columns("Mantile, other, skill", "bias");
    for GroupOfBoth { label, rows, errors } in groups {
        let mut line = |label: String,
                        rows: String,
                        cells: &dyn Fn(&PairedErrors) -> [String; 2]| {
            let mut line = vec![label, rows];
            for (_, errors) in errors.iter() {
                line.extend(errors.as_ref().map_or_else(|| ["-", "-"].map(str::to_owned), cells));
            }
            table.line(line);
        };
        let figures = |s: &Statistics| [percent(s.mape_percent), format!("{:.2}", s.bias)];
        line(label.clone(), rows.to_string(), &|errors| figures(&errors.mantile));
        line(format!("{indent}{name}"), String::new(), &|errors| figures(&errors.other));
        let skill = |errors: &PairedErrors| [skill_cell(errors.skill.as_ref()), String::new()];
        line(format!("{indent}skill"), String::new(), &skill);
    }
    table
}

/// A table of labels and numbers of rows, then two columns per metric: its title and this second title.
fn metric_columns(first: &str, second: &str) -> TextTable {
    let mut columns = vec![(first, Align::Left), ("n", Align::Right)];
    for title in SHORT_TITLES {
        columns.push((title, Align::Right));
        columns.push((second, Align::Right));
    }
    TextTable::new(&columns).dense()
}

/// A line per estimator and mode: per metric its MAPE and Mantile's skill.
#[must_use]
pub(in crate::report) fn skill_table(sides: &[SideBySide]) -> TextTable {
    let mut table = metric_columns("estimator", "skill");
    for side in sides {
        let mut line = |label: String, rows: usize, errors: &ErrorsOfBoth| {
            let mut line = vec![label, rows.to_string()];
            for (_, errors) in errors.iter() {
                line.push(errors.map_or_else(|| "-".to_owned(), |e| percent(e.other.mape_percent)));
                line.push(skill_cell(errors.and_then(|errors| errors.skill).as_ref()));
            }
            table.line(line);
        };
        line(side.estimator.entry.name.clone(), side.rows, &side.overall);
        for GroupOfBoth { label, rows, errors } in &side.by_mode {
            line(format!("  {label}"), *rows, errors);
        }
    }
    table
}

fn skill_cell(skill: Option<&Interval95>) -> String {
    skill.map_or_else(|| "-".to_owned(), |skill| skill_text(skill.estimate))
}
