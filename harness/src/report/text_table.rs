//! Plain tables for terminals, pages and spreadsheets.

use super::document::to_value;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use serde_json::{Map, Value};

/// Columns of a terminal.
pub(super) const WIDTH: usize = 80;

/// Words in lines of at most so many characters. The first line and the others begin as given; a word that is
/// too long stays whole.
pub(super) fn wrapped(words: &str, first: &str, others: &str, width: usize) -> String {
    let mut lines = vec![first.to_owned()];
    let mut is_begun = false;
    for word in words.split_whitespace() {
        let last = lines.last_mut().expect("there is one");
        // A bullet stays with its first word.
        let is_bullet = last.trim() == "-";
        if is_begun && !is_bullet && visible_width(last) + 1 + visible_width(word) > width {
            lines.push(format!("{others}{word}"));
        } else {
            if is_begun {
                last.push(' ');
            }
            last.push_str(word);
        }
        is_begun = true;
    }
    lines.join("\n")
}

/// A text whose lines fit a terminal. Of a table's line that is too long, the last cell goes to a line of its
/// own; of prose, the words that are too many go to the next line. A word that is too long stays whole.
pub(super) fn fitted(text: &str) -> String {
    let fit = |line: &str| {
        if visible_width(line) <= WIDTH {
            return line.to_owned();
        }
        let (indent, words) = line.split_at(line.len() - line.trim_start().len());
        if let Some((head, last)) = words.rsplit_once("  ") {
            return format!("{indent}{}\n        {last}", head.trim_end());
        }
        wrapped(words, indent, &format!("{indent}  "), WIDTH)
    };
    text.split('\n').map(fit).collect::<Vec<_>>().join("\n")
}

/// The number of characters that a terminal shows, without the codes of colours.
fn visible_width(text: &str) -> usize {
    if text.contains('\u{1b}') {
        anstream::adapter::strip_str(text).to_string().chars().count()
    } else {
        text.chars().count()
    }
}

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table: a header, then lines of cells.
#[derive(Debug, Clone)]
pub struct TextTable {
    header: Vec<String>,
    align: Vec<Align>,
    lines: Vec<Vec<String>>,
    gap: u16,
}

/// A table as a document for programs.
#[derive(Serialize)]
struct TableDocument {
    lines: Value,
    schema_version: u32,
}

impl TextTable {
    /// A table with these columns.
    #[must_use]
    pub fn new(columns: &[(&str, Align)]) -> Self {
        Self {
            header: columns.iter().map(|(name, _)| (*name).to_owned()).collect(),
            align: columns.iter().map(|(_, align)| *align).collect(),
            lines: Vec::new(),
            gap: 2,
        }
    }

    /// A table of these columns: first those of words, then those of figures.
    #[must_use]
    pub fn of(words: &[&str], figures: &[&str]) -> Self {
        let words = words.iter().map(|name| (*name, Align::Left));
        let figures = figures.iter().map(|name| (*name, Align::Right));
        Self::new(&words.chain(figures).collect::<Vec<_>>())
    }

    /// The table of a CSV that this program wrote. A column whose cells are all numbers is one of numbers.
    #[must_use]
    pub fn of_csv(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let header: Vec<String> = reader.headers().map(cells).unwrap_or_default();
        let lines: Vec<Vec<String>> =
            reader.records().flatten().map(|record| cells(&record)).collect();
        let is_number = |cell: &String| cell.is_empty() || cell.parse::<f64>().is_ok();
        let align = (0..header.len()).map(|column| {
            let all_numbers = lines.iter().all(|line| is_number(&line[column]));
            if all_numbers { Align::Right } else { Align::Left }
        });
        Self { align: align.collect(), header, lines, gap: 2 }
    }

    /// The table with one blank between its columns instead of two.
    #[must_use]
    pub fn dense(mut self) -> Self {
        self.gap = 1;
        self
    }

    /// Adds a line.
    pub fn line(&mut self, cells: Vec<String>) {
        self.lines.push(cells);
    }

    /// Aligned text, no frame.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_header(&self.header);
        for line in &self.lines {
            table.add_row(line);
        }
        for (index, align) in self.align.iter().enumerate() {
            if let Some(column) = table.column_mut(index) {
                column.set_padding((if index > 0 { self.gap } else { 0 }, 0));
                column.set_cell_alignment(match align {
                    Align::Left => CellAlignment::Left,
                    Align::Right => CellAlignment::Right,
                });
            }
        }
        table.trim_fmt()
    }

    /// CSV without the newline of the last line.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for line in std::iter::once(&self.header).chain(&self.lines) {
            writer.write_record(line).expect("writing to memory with equal lengths cannot fail");
        }
        let bytes = writer.into_inner().expect("writing to memory cannot fail");
        String::from_utf8_lossy(&bytes).trim_end().to_owned()
    }

    /// The document of `--format json`: the version of the format, and the lines as by [`Self::to_json`].
    #[must_use]
    pub fn to_document(&self) -> String {
        let document = TableDocument { lines: self.to_json(), schema_version: 1 };
        to_value(&document).to_string()
    }

    /// An object per line, by the names of the columns. A number in a column of numbers is a number; an empty
    /// cell is null.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let cell = |(cell, align): (&String, &Align)| match (cell.as_str(), align) {
            ("", _) => Value::Null,
            (text, Align::Left) => text.into(),
            (text, Align::Right) => serde_json::from_str(text)
                .ok()
                .filter(Value::is_number)
                .unwrap_or_else(|| text.into()),
        };
        let object = |line: &Vec<String>| -> Value {
            let cells = line.iter().zip(&self.align).map(cell);
            self.header.iter().cloned().zip(cells).collect::<Map<_, _>>().into()
        };
        self.lines.iter().map(object).collect()
    }

    /// A GitHub-flavoured Markdown table.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |", cells.join(" | "))
        };
        let rule: Vec<&str> = self
            .align
            .iter()
            .map(|align| if *align == Align::Left { "---" } else { "---:" })
            .collect();
        let mut lines = vec![line(&self.header), format!("| {} |", rule.join(" | "))];
        lines.extend(self.lines.iter().map(|cells| line(cells)));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_object_with_numbers_as_such() {
        let mut table = TextTable::of(&["name"], &["n"]);
        table.line(vec!["007".to_owned(), "7".to_owned()]);
        table.line(vec![String::new(), "1.5".to_owned()]);
        table.line(vec!["x".to_owned(), "-".to_owned()]);
        let expected = serde_json::json!([
            {"name": "007", "n": 7},
            {"name": null, "n": 1.5},
            {"name": "x", "n": "-"},
        ]);
        assert_eq!(table.to_json(), expected);
    }

    #[test]
    fn lines_that_are_too_long_are_broken_and_lose_nothing() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let name = "x".repeat(70);
        let prose = "a reason of several words ".repeat(4);
        let text = format!("short\nworst   1.0  {name}\n- {prose}");
        let broken = fitted(&text);
        assert_eq!(words(&broken), words(&text));
        assert!(broken.lines().all(|line| line.chars().count() <= 80), "{broken}");
        assert!(broken.starts_with("short\nworst   1.0\n        xx"), "{broken}");
    }

    #[test]
    fn colours_take_no_room() {
        let line = format!("\u{1b}[1mPASS\u{1b}[0m {}", "x".repeat(75));
        assert_eq!(fitted(&line), line);
    }
}
