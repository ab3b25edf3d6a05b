//! `report`: what was found, in the models' folders.

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
    project.must(&["report", MODEL]);
    assert_eq!(project.run(&["report", MODEL, "--check"]).code, 0);
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
    assert_eq!(stale.code, 1, "{}", stale.stderr);
    assert!(stale.stderr.contains("is out of date"), "{}", stale.stderr);
    assert_eq!(read(), noted, "a check writes nothing");
    project.must(&["report", MODEL]);
    assert!(read() != noted && read().contains("Looked at."));

    // With a mark gone, nothing of the notes is thrown away.
    edit(&project.model_file(FILE), "<!-- end of notes -->", "");
    let damaged = read();
    let refused = project.run(&["report", MODEL]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("a mark around the notes is missing"), "{}", refused.stderr);
    assert_eq!(read(), damaged);
    // With both gone, neither; without a file there are none.
    edit(&project.model_file(FILE), "<!-- notes: kept as they are -->", "");
    assert_eq!(project.run(&["report", MODEL]).code, 2);
    std::fs::remove_file(project.model_file(FILE)).unwrap();
    let missing = project.run(&["report", MODEL, "--check"]);
    assert!(missing.code == 1 && missing.stderr.contains("is missing"), "{}", missing.stderr);
    project.must(&["report", MODEL]);
}

#[test]
fn a_model_that_cannot_be_reported_does_not_keep_the_others_from_it() {
    let project = Project::new();
    let other = project.path("by_model/a_broken_model");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("reconcile.toml"), "not = TOML").unwrap();
    let ran = project.run(&["report", "--output", "pages"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("a_broken_model/reconcile.toml"), "{}", ran.stderr);
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
    assert_eq!(project.run(&["report", MODEL, "--check"]).code, 0, "it is of the new release");
    let after = std::fs::read_to_string(project.model_file(FILE)).unwrap();
    assert!(before.contains(RELEASE) && after.contains("Mantile 95eb60b against measurement"));
}
