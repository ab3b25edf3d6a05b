//! Places in files: path, line and column, with the line itself where its text is at hand.

use std::ops::Range;
use std::path::{Path, PathBuf};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::base::text::line_at;

/// A place in a file: `file:line:column`, with as much of it as is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: Option<u64>,
    /// A column: a CSV column's name, a text column's number, or a JSON key as `/a/b`.
    pub column: Option<String>,
    /// The line's text, where it was at hand.
    excerpt: Option<Box<Excerpt>>,
}

/// A line of a file, and the part of it that an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Excerpt {
    number: usize,
    text: String,
    /// Bytes of `text`.
    marked: Range<usize>,
}

impl Excerpt {
    /// The line of `text` on which the marked bytes begin.
    fn of(text: &str, marked: Range<usize>) -> Option<Self> {
        text.get(marked.clone())?;
        let begin = text[..marked.start].rfind('\n').map_or(0, |newline| newline + 1);
        let end = text[begin..].find('\n').map_or(text.len(), |newline| begin + newline);
        let line = text[begin..end].trim_end();
        let column = |offset: usize| offset.saturating_sub(begin).min(line.len());
        Some(Self {
            number: line_at(text, marked.start),
            text: line.to_owned(),
            marked: column(marked.start)..column(marked.end),
        })
    }

    /// The line with its number, and carets below the marked part.
    fn render(&self) -> String {
        let snippet = Snippet::source(&self.text)
            .line_start(self.number)
            .annotation(AnnotationKind::Primary.span(self.marked.clone()));
        let group = Group::with_level(Level::ERROR).element(snippet);
        Renderer::plain().render(&[group])
    }
}

impl Place {
    /// The whole file.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self { path: path.to_path_buf(), line: None, column: None, excerpt: None }
    }

    /// A line of the file, from 1.
    #[must_use]
    pub fn line(path: &Path, line: u64) -> Self {
        Self { line: Some(line), ..Self::file(path) }
    }

    /// The line and text column of a byte offset in `text`, the content of the file.
    #[must_use]
    pub fn offset(path: &Path, text: &str, offset: usize) -> Self {
        Self::span(path, text, offset..offset)
    }

    /// The line and text column at which these bytes of `text`, the content of the file, begin.
    #[must_use]
    pub fn span(path: &Path, text: &str, bytes: Range<usize>) -> Self {
        let before = text.get(..bytes.start).unwrap_or(text);
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        Self {
            line: Some(line_at(text, bytes.start) as u64),
            column: Some(column.to_string()),
            ..Self::file(path)
        }
        .showing(text, bytes)
    }

    /// This place narrowed to a named column.
    #[must_use]
    pub fn in_column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    /// This place with the line on which these bytes of `text`, the content of the file, begin.
    #[must_use]
    pub fn showing(mut self, text: &str, bytes: Range<usize>) -> Self {
        self.excerpt = Excerpt::of(text, bytes).map(Box::new);
        self
    }

    /// The line with carets below the part that is meant; `None` where the text is not at hand.
    #[must_use]
    pub fn excerpt(&self) -> Option<String> {
        self.excerpt.as_ref().map(|excerpt| excerpt.render())
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match &self.column {
            Some(column) if column.bytes().all(|b| b.is_ascii_digit()) => write!(f, ":{column}"),
            Some(column) => match column.strip_prefix('/') {
                Some(key) => write!(f, ", key `{key}`"),
                None => write!(f, ", column `{column}`"),
            },
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_becomes_line_and_column() {
        let place = Place::offset(Path::new("a.toml"), "one\ntwo = 3\n", 8);
        assert_eq!(place.to_string(), "a.toml:2:5");
        assert_eq!(Place::offset(Path::new("a"), "one\n", 99).to_string(), "a:2:1");
    }

    #[test]
    fn a_pointer_is_a_key_and_a_name_a_column() {
        let place = Place::line(Path::new("a"), 3);
        assert_eq!(place.clone().in_column("/x/y").to_string(), "a:3, key `x/y`");
        assert_eq!(place.in_column("x").to_string(), "a:3, column `x`");
    }

    #[test]
    fn the_line_is_shown_with_carets_below_the_span() {
        let text = "one = 1\ntwö = 2 # the\nthree = 3\n";
        let excerpt = |bytes| Place::span(Path::new("a"), text, bytes).excerpt().unwrap();
        insta::assert_snapshot!(excerpt(8..12), @"
          |
        2 | twö = 2 # the
          | ^^^
        ");
        insta::assert_snapshot!(excerpt(15..30), @"
          |
        2 | twö = 2 # the
          |       ^^^^^^^
        ");
        insta::assert_snapshot!(excerpt(text.len()..text.len()), @"
          |
        4 |
          | ^
        ");
        assert_eq!(Place::offset(Path::new("a"), text, 99).excerpt(), None);
        assert_eq!(Place::line(Path::new("a"), 2).excerpt(), None);
    }
}
