//! The styles that a report is written in, and the marks on its verdicts.

use std::fmt::Write as _;

use anstyle::AnsiColor;

use super::TextTable;

/// What a report is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A terminal: plain text with its verdicts in colour. Where the output is no terminal, `anstream` takes
    /// the colour away.
    Terminal,
    /// A plain text file.
    Text,
    /// A Markdown page.
    Markdown,
}

/// How a verdict is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Good news.
    Good,
    /// Something to look at.
    Caution,
    /// Something failed.
    Bad,
}

impl Style {
    /// Whether lines must fit a terminal.
    #[must_use]
    pub fn is_plain(self) -> bool {
        self != Self::Markdown
    }

    /// The words of a verdict, in colour if the style has colours.
    #[must_use]
    pub fn mark(self, tone: Tone, words: &str) -> String {
        if self != Self::Terminal {
            return words.to_owned();
        }
        let colour = match tone {
            Tone::Good => AnsiColor::Green,
            Tone::Caution => AnsiColor::Yellow,
            Tone::Bad => AnsiColor::Red,
        };
        let style = colour.on_default().bold();
        format!("{style}{words}{style:#}")
    }
}

/// Writes a heading of a level, 1 being the title.
pub(super) fn heading(text: &mut String, style: Style, level: usize, title: &str) {
    let _ = match style {
        Style::Markdown => writeln!(text, "{} {title}\n", "#".repeat(level)),
        _ if level == 1 => writeln!(text, "{title}\n{}", "=".repeat(title.chars().count())),
        _ => writeln!(text, "{title}"),
    };
}

/// A table in a style.
pub(super) fn render(table: &TextTable, style: Style) -> String {
    if style.is_plain() { table.to_text() } else { table.to_markdown() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_coloured_on_a_terminal_alone() {
        assert_eq!(Style::Terminal.mark(Tone::Bad, "FAIL"), "\u{1b}[1m\u{1b}[31mFAIL\u{1b}[0m");
        assert_eq!(Style::Text.mark(Tone::Bad, "FAIL"), "FAIL");
        assert_eq!(Style::Markdown.mark(Tone::Bad, "FAIL"), "FAIL");
    }
}
