//! Every environment variable that this project reads, resolved in one place.

use std::path::PathBuf;

/// A live Mantile to ask instead of the recordings: `http://localhost:8000`.
pub const API_URL: &str = "MANTILE_API_URL";
/// The project's folder, for a suite that runs elsewhere than in its checkout.
pub const ROOT: &str = "MANTILE_RECONCILE_ROOT";

/// A token of GitHub's, the first that is set.
pub const GITHUB_TOKENS: [&str; 2] = ["GITHUB_TOKEN", "GH_TOKEN"];

/// The name and the value of the variable that holds a token of GitHub's.
#[must_use]
pub fn github_token() -> Option<(&'static str, String)> {
    let value = |name| std::env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
    GITHUB_TOKENS.into_iter().find_map(|name| Some((name, value(name)?)))
}

/// What the environment says to the suite; the program takes the same from its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// A live Mantile, else recordings are replayed.
    pub api_url: Option<String>,
    /// The folder that holds `by_model/`, `fixtures/` and `snapshots/`.
    pub root: PathBuf,
}

impl Settings {
    /// Reads the environment. An empty variable counts as not set.
    #[must_use]
    pub fn from_env(default_root: &str) -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            api_url: variable(API_URL),
            root: variable(ROOT).map_or_else(|| PathBuf::from(default_root), PathBuf::from),
        }
    }
}
