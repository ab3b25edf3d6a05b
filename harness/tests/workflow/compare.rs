//! `compare`: the answer of one screen, and the full summary.

use super::project::{MODEL, Project};

#[test]
fn the_answer_fits_one_screen_and_the_summary_has_the_rest() {
    let project = Project::new();
    project.must(&["estimate", "--model", MODEL]);
    let ran = project.must(&["compare", "--model", MODEL]);
    assert!(ran.stdout.lines().count() <= 25, "{}", ran.stdout);
    ran.is_as_reviewed("compare");
    let summary = project.path(&format!("target/reconcile/{MODEL}/comparison_summary.txt"));
    let summary = std::fs::read_to_string(summary).unwrap();
    let verbose = project.must(&["compare", "--model", MODEL, "--verbose"]).stdout;
    assert_eq!(verbose.trim_end(), summary.trim_end());
}
