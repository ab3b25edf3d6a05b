//! Every environment variable that this project reads, resolved in one place.

use std::path::PathBuf;

/// The URL of a live Mantile to ask instead of the recordings: `http://localhost:8000`.
pub const API_URL: &str = "MANTILE_API_URL";
/// The project's folder, for a suite that runs elsewhere than in its checkout.
pub const ROOT: &str = "MANTILE_RECONCILE_ROOT";

/// The GitHub token; the first that is set is used.
pub const GITHUB_TOKENS: [&str; 2] = ["GITHUB_TOKEN", "GH_TOKEN"];

/// The name and the value of the variable that holds the GitHub token; a blank variable counts as not set.
#[must_use]
pub fn github_token() -> Option<(&'static str, String)> {
    let value = |name| std::env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
    GITHUB_TOKENS.into_iter().find_map(|name| Some((name, value(name)?)))
}

/// The settings of the suite; the program takes the same from its command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The URL of a live Mantile; recordings are replayed without one.
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
