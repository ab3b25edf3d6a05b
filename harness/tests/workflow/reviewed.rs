//! What the program prints, compared with reviewed texts in `snapshots/workflow/`.
//!
//! A difference fails the test and leaves a `.snap.new` beside the reviewed text: read it, then accept it with
//! `cargo insta review`, or by running the tests with `INSTA_UPDATE=always` and reading the difference in git.

use std::fmt::Write as _;
use std::path::Path;

use super::project::{Project, Ran};

impl Ran {
    /// Compares the exit code and everything printed with the reviewed text of this name.
    pub(crate) fn is_as_reviewed(&self, name: &str) {
        let mut text = format!("exit code {}\n", self.code);
        for (stream, printed) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !printed.is_empty() {
                let _ = writeln!(text, "--- {stream}\n{}", printed.trim_end());
            }
        }
        is_as_reviewed(name, &text);
    }
}

/// Compares a text with the reviewed one of this name. Ports of this machine are left out.
pub(crate) fn is_as_reviewed(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/workflow");
    settings(&folder).bind(|| insta::assert_snapshot!(name, without_ports(text)));
}

/// The settings of reviewed texts in a folder.
pub(crate) fn settings(folder: &Path) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

/// `127.0.0.1:<port>` without the port, which differs from run to run.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str("127.0.0.1:<port>");
        kept.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    kept
}

#[test]
fn ports_are_left_out_of_reviewed_texts() {
    let text = without_ports("asked http://127.0.0.1:4711/models and http://127.0.0.1:1 too");
    assert_eq!(text, "asked http://127.0.0.1:<port>/models and http://127.0.0.1:<port> too");
}

#[test]
fn the_help_lists_the_verbs_and_the_exit_codes() {
    Project::empty().run(&["--help"]).is_as_reviewed("help");
}
