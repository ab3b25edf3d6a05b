//! `report`: the summaries in the models' folders, and what it prints.

use super::project::{MODEL, Project, RELEASE, edit};

const FILE: &str = "RECONCILIATION_SUMMARY.md";

#[test]
fn the_summaries_of_this_project_are_up_to_date() {
    let output = Project::empty()
        .command(&["report", "--check"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_summary_follows_the_rows_and_keeps_the_notes() {
    let project = Project::new();
    let page = ["report", MODEL, "--output", "pages"];
    project.run(&page).is_as_reviewed("report");
    project.run(&["report", MODEL, "--check"]).is_as_reviewed("report_check");
    edit(&project.model_file(FILE), "<!-- end of notes -->", "Looked at.\n<!-- end of notes -->");
    project.must(&["report", MODEL]);
    let read = || std::fs::read_to_string(project.model_file(FILE)).unwrap();
    let noted = read();
    assert!(noted.contains("Looked at."));

    // One measurement less.
    let csv = project.model_file("inferencemax.csv");
    let rows = std::fs::read_to_string(&csv).unwrap();
    let (kept, _) = rows.trim_end().rsplit_once('\n').unwrap();
    std::fs::write(&csv, format!("{kept}\n")).unwrap();
    let stale = project.run(&["report", MODEL, "--check"]);
    stale.is_as_reviewed("report_check_of_a_stale_summary");
    assert_eq!(read(), noted, "a check writes nothing");
    project.must(&["report", MODEL]);
    assert!(read() != noted && read().contains("Looked at."));

    // With one mark missing, nothing is overwritten.
    edit(&project.model_file(FILE), "<!-- end of notes -->", "");
    let damaged = read();
    let refused = project.run(&["report", MODEL]);
    refused.is_as_reviewed("report_without_a_mark_of_the_notes");
    assert_eq!(read(), damaged);
    // With both marks missing neither; without the file there are no notes.
    edit(&project.model_file(FILE), "<!-- notes: kept as they are -->", "");
    assert_eq!(project.run(&["report", MODEL]).code, 2);
    std::fs::remove_file(project.model_file(FILE)).unwrap();
    let missing = project.run(&["report", MODEL, "--check"]);
    missing.is_as_reviewed("report_check_without_a_summary");
    project.must(&["report", MODEL]);
}

#[test]
fn an_error_in_one_model_does_not_keep_the_others_from_being_reported() {
    let project = Project::new();
    let other = project.path("by_model/a_broken_model");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("reconcile.toml"), "not = TOML").unwrap();
    let ran = project.run(&["report", "--output", "pages"]);
    ran.is_as_reviewed("report_with_a_broken_model");
    assert!(project.path(&format!("pages/{MODEL}.html")).exists());
    assert!(project.path("pages/index.html").exists() && project.model_file(FILE).exists());
}

#[test]
fn an_accepted_release_has_its_summary() {
    let project = Project::new();
    project.must(&["report", MODEL]);
    let before = std::fs::read_to_string(project.model_file(FILE)).unwrap();
    let accept = ["gate", "--candidate", "95eb60b", "--accept", "--loosen", "for a test"];
    project.must(&accept);
    assert_eq!(project.run(&["report", MODEL, "--check"]).code, 0, "it is about the new release");
    let after = std::fs::read_to_string(project.model_file(FILE)).unwrap();
    assert!(
        before.contains(RELEASE) && after.contains("Mantile 95eb60b compared with measurements")
    );
}
