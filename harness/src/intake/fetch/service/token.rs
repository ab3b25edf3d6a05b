//! The token that a service identifies its user by.

use reqwest::header::HeaderValue;

use crate::base::error::{Error, Result};

/// A token of GitHub's. It is sent only to the API's own origin and is never shown.
#[derive(Clone)]
pub struct GitHubToken {
    variable: &'static str,
    text: String,
    header: HeaderValue,
}

impl GitHubToken {
    /// The token in an environment variable, with that variable's name.
    pub fn new(variable: &'static str, text: &str) -> Result<Self> {
        let text = text.trim().to_owned();
        let unfit = || {
            Error::usage(format!("{variable} holds no token: tokens have no such characters"))
                .with_help("set it again; its value is not shown here")
        };
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unfit());
        }
        let mut header = HeaderValue::from_str(&format!("Bearer {text}")).map_err(|_| unfit())?;
        header.set_sensitive(true);
        Ok(Self { variable, text, header })
    }

    /// The environment variable that holds the token.
    pub(in crate::intake::fetch) fn variable(&self) -> &'static str {
        self.variable
    }

    /// The value of the `Authorization` header.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// A text without the token.
    pub(super) fn removed_from(&self, text: &str) -> String {
        text.replace(&self.text, "…")
    }
}

impl std::fmt::Debug for GitHubToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GitHubToken(from {})", self.variable)
    }
}
