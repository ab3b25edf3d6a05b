//! The suite fails when it should, and says what a person needs. Each test breaks one thing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mantile_reconcile::base::settings::Settings;
use mantile_reconcile::cli::suite;
use mantile_reconcile::judge::model::Model;
use mantile_reconcile::mantile::recording;
use mantile_reconcile::predict::mapping;
use mantile_reconcile::predict::prediction;
use mantile_reconcile::row::metric::Metric;
use serde_json::Value;

use super::project::{EXPIRES, MODEL, Project, edit};
use super::suite::{is_as_reviewed, run_suite};

const NO_AMD: &str = "Mantile has no AMD hardware configuration";

/// A row that is inside its bands.
const ROW: &str = "inferencemax::h100::vllm::fp4::1024x1024::tp2_ep1::c16";

/// One part of the time breakdown, summed over all layers of a phase, in ms.
fn total(body: &Value, phase: &str, part: &str, counts: &BTreeMap<String, f64>) -> f64 {
    let layers = body["debug"][phase].as_object().unwrap();
    layers
        .iter()
        .map(|(name, layer)| layer["timing_breakdown"][part].as_f64().unwrap() * counts[name])
        .sum()
}

fn add(body: &mut Value, key: &str, more: f64) {
    let now = body[key].as_f64().unwrap();
    body[key] = (now + more).into();
}

#[test]
fn an_unbroken_project_passes_with_its_unmapped_rows_ignored() {
    let project = Project::new();
    let ended = run_suite(&project);
    assert_eq!(ended.failed, Vec::<String>::new());
    let (rows, mapped) = (project.model().rows.len(), project.mapped());
    assert!(mapped < rows);
    assert_eq!(ended.ignored.len(), rows - mapped);
    assert!(ended.ignored.iter().any(|reason| reason == NO_AMD));
    assert!(ended.passed > mapped);
}

#[test]
fn half_the_memory_bandwidth_is_seen() {
    let project = Project::new();
    project.change_answers(|body, counts| {
        let load = total(body, "decode_layer_details", "load_time_ms", counts);
        add(body, "tpot_ms", load);
    });
    let ended = run_suite(&project);
    let (failed, mapped) = (ended.failed_rows(), project.mapped());
    assert!(3 * failed > mapped, "{failed} of {mapped} rows");
    assert!(ended.failed_checks().contains(&"snapshot::predictions"));
    assert!(ended.failed_checks().iter().any(|name| name.starts_with("gate::tpot::")));
}

#[test]
fn ten_times_the_kernel_overhead_is_seen() {
    let project = Project::new();
    project.change_answers(|body, counts| {
        for (phase, key) in
            [("decode_layer_details", "tpot_ms"), ("prefill_layer_details", "ttft_ms")]
        {
            let overhead = total(body, phase, "layer_kernel_overhead_ms", counts);
            add(body, key, 9.0 * overhead);
        }
    });
    let ended = run_suite(&project);
    let (failed, mapped) = (ended.failed_rows(), project.mapped());
    assert!(10 * failed > 9 * mapped, "{failed} of {mapped} rows");
}

#[test]
fn tensor_parallelism_ignored_is_seen_on_every_row_that_has_it() {
    let project = Project::new();
    project.change_answers(|body, _| body["system"]["num_packages"] = 1.into());
    let ended = run_suite(&project);
    // All rows but those of one GPU.
    let Model { rows, config, .. } = project.model();
    let mapped = rows.iter().filter_map(|row| mapping::map(row, &config).ok());
    assert_eq!(ended.failed_rows(), mapped.filter(|mapped| mapped.packages() > 1).count());
    ended.says("the answer is for 1 package, the request was for 2");
    assert!(ended.failed_checks().contains(&"coverage"));
}

#[test]
fn an_answer_that_is_no_number_is_seen() {
    let project = Project::new();
    project.change_answers(|body, _| body["ttft_ms"] = 0.into());
    let ended = run_suite(&project);
    assert_eq!(ended.failed_rows(), project.mapped());
    ended.says("ttft_ms is 0, but must be finite and above 0");
}

#[test]
fn a_row_measured_otherwise_fails_that_row_and_says_what_a_person_needs() {
    let project = Project::new();
    let rows = project.model_file("inferencemax.csv");
    let text = std::fs::read_to_string(&rows).unwrap();
    let line =
        text.lines().find(|line| line.starts_with("h100,vllm,fp4,1024,1024,2,1,16,")).unwrap();
    let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
    let tpot: f64 = cells[12].parse().unwrap();
    cells[12] = (tpot / 2.0).to_string();
    edit(&rows, line, &cells.join(","));
    let ended = run_suite(&project);
    let name = format!("{MODEL}::{ROW}");
    let model = project.model();
    let row = model.rows.iter().find(|row| row.name() == ROW).unwrap();
    let gate = model.config.gates.iter().find(|gate| gate.group.holds(row)).unwrap();
    assert_eq!(ended.failed_rows(), 1);
    assert!(ended.failed.contains(&name));
    assert_eq!(
        ended.failed_checks(),
        ["audit", &format!("gate::tpot::{}", gate.group), "snapshot::comparison_summary"]
    );
    ended.says("tpot: its band is at ");
    ended.says("OUTSIDE");
    ended.says("hopper_fp4_as_fp8: Hopper has no fp4 units");
    ended.says(&format!("run just this row: cargo test --test regression -- --exact '{name}'"));
}

#[test]
fn a_row_that_cannot_be_what_it_says_fails_the_audit() {
    let project = Project::new();
    let rows = project.model_file("inferencemax.csv");
    let text = std::fs::read_to_string(&rows).unwrap();
    let line = text.lines().find(|line| line.starts_with("mi355x,")).unwrap();
    let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
    // TPOT in the wrong unit, on a row that no band holds: only the audit can see it.
    let tpot: f64 = cells[12].parse().unwrap();
    cells[12] = (tpot / 1000.0).to_string();
    edit(&rows, line, &cells.join(","));
    let ended = run_suite(&project);
    assert_eq!(ended.failed_checks(), ["audit"]);
    ended.says("(TTFT + TPOT × (output length − 1)) / E2E is 0.0");
}

#[test]
fn predictions_of_another_estimator_for_no_measured_row_fail_its_check() {
    let project = Project::new();
    let path = project.model_file("aiconfigurator.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let line = text.lines().nth(1).unwrap();
    edit(&path, line, &line.replacen("b200", "b300", 1));
    let ended = run_suite(&project);
    assert_eq!(
        ended.failed_checks(),
        ["estimator::aiconfigurator", "snapshot::comparison_summary"]
    );
    ended.says("1 of 210 rows of ");
    ended.says("b300::trt::fp4::");
    std::fs::write(&path, text.replace(",fp4,", ",fp5,")).unwrap();
    let ended = run_suite(&project);
    ended.says("is a measured configuration of");
    assert_eq!(ended.failed_rows(), 0);
}

#[test]
fn a_tighter_band_fails_its_rows_and_names_its_line() {
    let project = Project::new();
    let Model { rows, config, .. } = project.model();
    let row = rows.iter().find(|row| row.name() == ROW).unwrap();
    let band = config.bands.iter().find(|band| band.group.holds(row)).unwrap();
    let line = band.ratio[Metric::Tpot].unwrap().line;
    let path = project.model_file("reconcile.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let tighter = |(index, text): (usize, &str)| {
        let text = if index + 1 == line { "ratio.tpot = [0.95, 1.05]" } else { text };
        format!("{text}\n")
    };
    std::fs::write(&path, text.lines().enumerate().map(tighter).collect::<String>()).unwrap();

    // What the band of before holds and this one does not.
    project.must(&["estimate", "--model", MODEL, "--output", "p.csv"]);
    let predictions = std::fs::read_to_string(project.path("p.csv")).unwrap();
    let predictions = prediction::read(Path::new("p.csv"), &predictions).unwrap();
    let was_inside = |ratio: f64| band.ratio[Metric::Tpot].unwrap().value.holds(ratio);
    let mut expected: Vec<String> = predictions
        .iter()
        .filter(|prediction| band.group.holds(&prediction.row))
        .filter(|prediction| {
            let predicted = prediction.outcome.estimate().unwrap().metrics[Metric::Tpot];
            let ratio = predicted / prediction.row.measured.means[Metric::Tpot].unwrap();
            was_inside(ratio) && !(0.95..=1.05).contains(&ratio)
        })
        .map(|prediction| format!("{MODEL}::{}", prediction.row.name()))
        .collect();
    expected.sort();
    assert!(expected.len() > 1);

    let ended = run_suite(&project);
    let failed: Vec<&String> =
        ended.failed.iter().filter(|name| name.contains("::inferencemax::")).collect();
    assert_eq!(failed, expected.iter().collect::<Vec<_>>());
    ended.says(&format!("reconcile.toml:{line}"));
}

#[test]
fn a_gate_that_is_crossed_names_the_rows_farthest_off() {
    let project = Project::new();
    let config = project.model_file("reconcile.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let gate = text.lines().find(|line| line.starts_with("max_mape_percent.tpot")).unwrap();
    edit(&config, gate, "max_mape_percent.tpot = 5.0");
    let ended = run_suite(&project);
    assert_eq!(ended.failed_checks().len(), 1);
    ended.says("above the limit of 5% at ");
    ended.says("the rows with the largest errors:");
}

#[test]
fn a_snapshot_that_differs_fails_alone() {
    let project = Project::new();
    let path = project.path(&format!("snapshots/{MODEL}__predictions.snap"));
    let text = std::fs::read_to_string(&path).unwrap();
    let figure = text.lines().find(|line| line.contains("tp8_ep1::c4 ")).unwrap();
    edit(&path, figure, &figure.replacen('1', "2", 9));
    let ended = run_suite(&project);
    assert_eq!(ended.failed_checks(), ["snapshot::predictions"]);
    assert_eq!(ended.failed_rows(), 0);
    ended.says("cargo insta review");
}

#[test]
fn an_answer_changed_behind_the_recordings_back_is_not_believed() {
    let project = Project::new();
    let mut recording = project.recording();
    let entry = recording.entries.values_mut().next().unwrap();
    let changed = entry.reply.body.get().replacen("\"tpot_ms\":", "\"tpot_ms\":1", 1);
    entry.reply.body = serde_json::value::RawValue::from_string(changed).unwrap();
    recording::save(&recording).unwrap();
    let ended = run_suite(&project);
    assert!(ended.failed_rows() >= 1);
    assert!(ended.failed_checks().contains(&"recording::intact"));
    ended.says("was changed after it was recorded");
}

#[test]
fn a_missing_answer_names_the_nearest_and_the_command() {
    let project = Project::new();
    let mut recording = project.recording();
    recording.entries.pop_first();
    recording::save(&recording).unwrap();
    let ended = run_suite(&project);
    assert!(ended.failed_rows() >= 1);
    let checks = ended.failed_checks();
    assert!(checks.contains(&"recording::complete") && checks.contains(&"coverage"), "{checks:?}");
    ended.says("; the nearest is ");
    ended.says("batch_size: asked ");
    ended.says("--mode record-missing");
}

#[test]
fn an_unused_answer_and_an_old_recording_are_found() {
    let project = Project::new();
    let mut recording = project.recording();
    let mut extra = recording.entries.values().next().unwrap().clone();
    extra.request.decode_req.batch_size += 999;
    recording.entries.insert(extra.request.key(), extra);
    recording.recorded_at = "2024-01-01T00:00:00Z".to_owned();
    recording::save(&recording).unwrap();
    let ended = run_suite(&project);
    assert_eq!(ended.failed_checks(), ["recording::fresh", "recording::used"]);
    assert_eq!(ended.failed_rows(), 0);
}

#[test]
fn a_known_deviation_that_expired_or_no_longer_deviates_fails() {
    let project = Project::new();
    let path = project.model_file("known_deviations.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace(EXPIRES, "2026-01-31")).unwrap();
    let ended = run_suite(&project);
    assert_eq!(
        ended.failed_checks(),
        ["known_deviations::unexpired", "snapshot::comparison_summary"]
    );
    let listed = text.lines().filter(|line| line.starts_with("\"inferencemax::")).count();
    assert!(listed > 0);
    assert_eq!(ended.failed_rows(), listed);

    let dead = format!(
        "\n[[deviation]]\nreason = \"x\"\nexpires = \"{EXPIRES}\"\n[deviation.rows]\n\
         \"{ROW}\" = {{ tpot = [1.5, 2.0] }}\n"
    );
    std::fs::write(&path, text + &dead).unwrap();
    let ended = run_suite(&project);
    assert_eq!(ended.failed_checks(), ["known_deviations::alive"]);
    ended.says(&format!("tpot of {ROW} is inside its band"));
}

#[test]
fn one_exact_name_builds_one_trial() {
    let trials = |root: &Path, exact: Option<&str>| {
        let settings = Settings { api_url: None, root: root.to_path_buf() };
        suite::trials(&settings, exact, is_as_reviewed)
    };
    assert!(trials(Project::empty().root(), None).is_err(), "no rows found is a failure");
    let project = Project::new();
    let all = trials(project.root(), None).unwrap();
    let names: BTreeSet<&str> = all.iter().map(|trial| trial.name.as_str()).collect();
    assert_eq!(names.len(), all.len(), "names are unique");
    let exact = names.iter().nth(7).unwrap();
    assert_eq!(trials(project.root(), Some(exact)).unwrap().len(), 1);
}

#[test]
fn an_ignored_row_says_why_when_it_is_run_all_the_same() {
    let project = Project::new();
    let settings = Settings { api_url: None, root: project.root().to_path_buf() };
    let mut trials = suite::trials(&settings, None, is_as_reviewed).unwrap();
    let index = trials.iter().position(|trial| trial.ignored.as_deref() == Some(NO_AMD)).unwrap();
    let message = trials.swap_remove(index).run().unwrap_err();
    assert!(message.contains(NO_AMD), "{message}");
}
