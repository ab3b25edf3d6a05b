//! `gate --accept`: one change of several files, all of it or nothing.

use std::path::Path;
use std::time::Duration;

use super::project::{MODEL, Project};
use super::suite::run_suite;

const LOOSEN: [&str; 6] =
    ["gate", "--candidate", "95eb60b", "--accept", "--loosen", "a step back, for a test"];

/// Whether the whole suite passes in the project as it stands.
fn suite_passes(project: &Project) -> bool {
    run_suite(project).failed.is_empty()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_release_that_blocks_is_not_accepted_and_changes_nothing() {
    let project = Project::new();
    let before = read(&project.model_file("reconcile.toml"));
    let ran = project.run(&["gate", "--candidate", "95eb60b", "--accept"]);
    ran.is_as_reviewed("accept_refused");
    assert_eq!(read(&project.model_file("reconcile.toml")), before);
    assert!(
        read(&project.path("fixtures/mantile/releases.toml")).contains("accepted = \"72ff84e\"")
    );
}

#[test]
fn a_release_that_changed_nothing_is_accepted_without_touching_bands_or_snapshots() {
    let project = Project::new();
    let answers = project.recording().entries.len();
    let ran = project.run(&["gate", "--candidate", "2fd00c1", "--accept"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(
        read(&project.path("fixtures/mantile/releases.toml")).contains("accepted = \"2fd00c1\"")
    );
    assert!(
        !ran.stderr.contains("reconcile.toml") && !ran.stderr.contains(".snap"),
        "{}",
        ran.stderr
    );
    assert!(suite_passes(&project));
    // The recording accepted before names the answers that it shares, and still gives the same answers.
    let old = project.path(&format!("fixtures/mantile/72ff84e/{MODEL}.json"));
    assert_eq!(read(&old).matches("\"same_as\":\"2fd00c1\"").count(), answers);
    assert_eq!(project.run(&["gate", "--candidate", "72ff84e"]).code, 0);
}

#[test]
fn a_loosening_is_noted_with_its_reason_and_the_suite_passes_after_it() {
    let project = Project::new();
    let ran = project.run(&LOOSEN);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let config = read(&project.model_file("reconcile.toml"));
    assert!(config.contains("[[loosened]]\nrelease = \"95eb60b\"\n"), "{config}");
    assert!(config.contains("reason = \"a step back, for a test\""));
    assert!(read(&project.model_file("known_deviations.toml")).contains("a step back, for a test"));
    assert!(suite_passes(&project));
}

#[test]
fn bands_tighten_and_dead_deviations_go_when_a_better_release_is_accepted() {
    let project = Project::new();
    // A wide band and a deviation that does not deviate: accepting tightens the one and removes the other.
    let config = project.model_file("reconcile.toml");
    let text = read(&config);
    let band = text.lines().find(|line| line.starts_with("ratio.tpot")).unwrap().to_owned();
    std::fs::write(&config, text.replacen(&band, "ratio.tpot = [0.2, 5.0]", 1)).unwrap();
    let known = project.model_file("known_deviations.toml");
    let dead = "\n[[deviation]]\nreason = \"dead\"\nexpires = \"2027-05-31\"\n[deviation.rows]\n\
        \"inferencemax::h100::vllm::fp4::1024x1024::tp2_ep1::c16\" = { tpot = [1.5, 2.0] }\n";
    std::fs::write(&known, read(&known) + dead).unwrap();
    let ran = project.run(&["gate", "--candidate", "2fd00c1", "--accept"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!read(&known).contains("\"dead\""));
    let tightened = read(&config);
    let tightened = tightened.lines().find(|line| line.starts_with("ratio.tpot")).unwrap();
    assert_ne!(tightened, "ratio.tpot = [0.2, 5.0]");
}

#[test]
fn an_acceptance_killed_at_any_moment_is_complete_or_has_changed_nothing() {
    let (mut old, mut new) = (0, 0);
    let delays_ms = [0, 40, 80, 120, 160, 200, 240, 280, 320, 360, 400, 600, 2000];
    // The last one is not killed, because on a busy machine no delay is long enough.
    for delay_ms in delays_ms.into_iter().map(Some).chain([None]) {
        let project = Project::new();
        let mut child = project
            .command(&LOOSEN)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        if let Some(delay_ms) = delay_ms {
            std::thread::sleep(Duration::from_millis(delay_ms));
            let _ = child.kill();
        }
        child.wait().unwrap();
        // Any run completes an interrupted acceptance.
        let ran = project.run(&["run"]);
        assert_eq!(ran.code, 0, "killed after {delay_ms:?} ms: {}{}", ran.stdout, ran.stderr);
        assert!(!project.path(".mantile-reconcile-accept").exists());
        let accepted = read(&project.path("fixtures/mantile/releases.toml"));
        let loosened = read(&project.model_file("reconcile.toml")).contains("[[loosened]]");
        assert_eq!(accepted.contains("accepted = \"95eb60b\""), loosened, "half accepted");
        if loosened { new += 1 } else { old += 1 }
    }
    assert!(old > 0 && new > 0, "{old} times the old release, {new} times the new");
}

#[test]
fn an_acceptance_without_a_name_is_refused_before_any_request() {
    let project = Project::new();
    // Nobody answers at this address: an attempt to ask would end with exit code 3.
    let live = ["gate", "--candidate", "http://127.0.0.1:9", "--accept"];
    project.run(&live).is_as_reviewed("accept_without_a_name");
    let ran = project.run(&["gate", "--candidate", "72ff84e", "--accept", "--release", "x"]);
    assert_eq!(ran.code, 2);
    let ran = project.run(&["gate", "--candidate", "72ff84e", "--loosen", "x"]);
    assert_eq!(ran.code, 2, "--loosen without --accept");
}

#[test]
fn a_change_within_the_tolerance_rewrites_no_reviewed_line() {
    let project = Project::new();
    let mut next = project.recording();
    next.release = "next".to_owned();
    next.path = project.path(&format!("fixtures/mantile/next/{MODEL}.json"));
    for entry in next.entries.values_mut() {
        let mut body: serde_json::Value = serde_json::from_str(entry.reply.body.get()).unwrap();
        // Enough to change a sixth digit here and there, and just within the tolerance.
        let tpot = body["tpot_ms"].as_f64().unwrap();
        body["tpot_ms"] = (tpot * (1.0 + 9e-7)).into();
        let body = serde_json::value::to_raw_value(&body).unwrap();
        entry.reply = mantile_reconcile::mantile::recording::RecordedReply::seal(
            200,
            "application/json".into(),
            body,
        );
    }
    mantile_reconcile::mantile::recording::save(&next).unwrap();
    let index = project.path("fixtures/mantile/releases.toml");
    let listed =
        "\n[[release]]\nname = \"next\"\nmade = \"2026-02-01\"\nrecorded = \"2026-11-24\"\n";
    std::fs::write(&index, read(&index) + listed).unwrap();
    let ran = project.run(&["gate", "--candidate", "next", "--accept", "--verbose"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let moved = format!("{} within tolerance", project.mapped());
    assert!(ran.stdout.contains(&moved), "{}", ran.stdout);
    assert!(ran.stdout.contains("no prediction changed"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("Errors of the groups"), "{}", ran.stdout);
    assert!(!ran.stderr.contains(".snap"), "a reviewed text was rewritten: {}", ran.stderr);
}
