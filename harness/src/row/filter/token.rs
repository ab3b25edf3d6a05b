//! The words and marks of an expression.

pub(super) const KEYWORDS: [&str; 4] = ["and", "or", "not", "in"];

/// True if a bare word ends before this character.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || "(),=!<>'\"".contains(c)
}

/// A word or a mark with its byte offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) offset: usize,
    pub(super) text: String,
    /// True if it stands in quotes: then it is never a keyword.
    pub(super) quoted: bool,
}

/// Splits an expression into its tokens; the error shows the place.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let mut token = Token { offset, text: c.to_string(), quoted: false };
        match c {
            c if c.is_whitespace() => continue,
            '=' if chars.next_if(|(_, next)| *next == '=').is_some() => {
                return Err(caret(text, offset, "`==` is written `=`"));
            }
            '(' | ')' | ',' | '=' => {}
            '!' | '<' | '>' => {
                if chars.next_if(|(_, next)| *next == '=').is_some() {
                    token.text.push('=');
                } else if c == '!' {
                    return Err(caret(text, offset, "expected `!=`"));
                }
            }
            '\'' | '"' => {
                token.text.clear();
                token.quoted = true;
                loop {
                    match chars.next() {
                        Some((_, end)) if end == c => break,
                        Some((_, inside)) => token.text.push(inside),
                        None => return Err(caret(text, offset, "the quote is not closed")),
                    }
                }
            }
            _ => {
                while let Some((_, inside)) = chars.next_if(|(_, next)| !ends_word(*next)) {
                    token.text.push(inside);
                }
            }
        }
        for (mark, word) in [("&", "and"), ("&&", "and"), ("|", "or"), ("||", "or")] {
            if !token.quoted && token.text == mark {
                return Err(caret(text, offset, &format!("`{mark}` is written `{word}`")));
            }
        }
        tokens.push(token);
    }
    Ok(tokens)
}

/// The message above the expression, with a caret under the place.
pub(super) fn caret(text: &str, offset: usize, message: &str) -> String {
    let column = text[..offset].chars().count();
    format!("{message}\n  {text}\n  {}^", " ".repeat(column))
}
