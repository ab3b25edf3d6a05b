//! `extract` on small artifacts in the published shape, values invented.

use std::path::Path;

use mantile_reconcile::row;
use serde_json::{Value, json};

use super::project::{MODEL, Project};

pub(crate) fn result(conc: u32, tput: f64) -> Value {
    json!({
        "hw": "b200-trt", "conc": conc, "image": "engine:1", "model": "openai/gpt-oss-120b",
        "infmax_model_prefix": "gptoss", "framework": "trt", "precision": "fp4",
        "spec_decoding": "none", "disagg": false, "isl": 1024, "osl": 1024, "is_multinode": false,
        "tp": 2, "ep": 1, "dp_attention": "false", "tput_per_gpu": tput,
        "output_tput_per_gpu": tput / 2.0, "mean_ttft": 0.1, "p99_ttft": 0.3, "mean_tpot": 0.01,
        "mean_e2el": 9.3, "median_e2el": 9.2, "a_key_of_tomorrow": [1, 2]
    })
}

fn disaggregated(decode_workers: u32) -> Value {
    let mut object = result(64, 500.0);
    for key in ["tp", "ep", "dp_attention"] {
        object.as_object_mut().unwrap().remove(key);
    }
    let pools = json!({
        "hw": "gb200", "disagg": true, "is_multinode": true,
        "prefill_tp": 1, "prefill_ep": 1, "prefill_dp_attention": "false", "prefill_num_workers": 1,
        "num_prefill_gpu": 1, "decode_tp": 4, "decode_ep": 4, "decode_dp_attention": "true",
        "decode_num_workers": decode_workers, "num_decode_gpu": 4 * decode_workers
    });
    object.as_object_mut().unwrap().extend(pools.as_object().unwrap().clone());
    object
}

fn put(project: &Project, run: u64, results: &[Value]) {
    let folder = project.path(&format!("raw/run_{run}"));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("agg_bmk.json"), Value::from(results).to_string()).unwrap();
}

fn extract(project: &Project) -> super::project::Ran {
    extract_as(project, "text")
}

fn extract_as(project: &Project, format: &str) -> super::project::Ran {
    project.run(&[
        "extract",
        "raw",
        "--model",
        MODEL,
        "--output",
        "out.csv",
        "--run-date",
        "200=2026-01-02T22:24:09Z",
        "--format",
        format,
    ])
}

fn rows(project: &Project) -> Vec<row::Row> {
    let text = std::fs::read_to_string(project.path("out.csv")).unwrap();
    row::read(Path::new("out.csv"), &text, "inferencemax", &[]).unwrap()
}

#[test]
fn the_newest_result_of_each_configuration_is_kept_and_the_rest_accounted_for() {
    let project = Project::new();
    let mut other = result(8, 1.0);
    other["infmax_model_prefix"] = "dsr1".into();
    other["model"] = "deepseek".into();
    let mut broken = result(16, 1.0);
    broken["mean_tpot"] = (-0.01).into();
    let mut agentic = result(32, 1.0);
    agentic["scenario_type"] = "agentic".into();
    put(&project, 100, &[result(4, 900.0), result(8, 1000.0), other]);
    put(&project, 200, &[result(4, 990.0), broken, agentic]);
    put(&project, 99, &[result(4, 100.0)]);
    put(&project, 300, &[]);
    extract(&project).is_as_reviewed("extract");
    let json: Value = serde_json::from_str(&extract_as(&project, "json").stdout).unwrap();
    let count = |what: &str, name: Value| {
        let lines = json["lines"].as_array().unwrap().iter();
        let mut lines = lines.filter(|line| line["what"] == what && line["name"] == name);
        lines.next().unwrap()["count"].clone()
    };
    assert_eq!(count("results read", Value::Null), 7);
    assert_eq!(count("results not taken, by reason", "another model: dsr1".into()), 1);
    assert_eq!(count("configurations written", "out.csv".into()), 2);
    extract_as(&project, "csv").is_as_reviewed("extract_csv");

    let rows = rows(&project);
    let c4 = &rows[0];
    assert_eq!(c4.identity.to_string(), "b200::trt::fp4::1024x1024::tp2_ep1::c4");
    assert_eq!(c4.provenance.run_id, "200");
    assert_eq!(c4.provenance.benchmark_date.as_deref(), Some("2026-01-02T22:24:09Z"));
    let repeatability = c4.repeatability.unwrap();
    assert_eq!(repeatability.repeats, 3);
    assert!((repeatability.throughput_max_min_ratio - 9.9).abs() < 1e-9);
    assert_eq!(rows[1].provenance.benchmark_date, None);
    assert_eq!(rows[1].repeatability, None);
}

#[test]
fn a_result_that_an_earlier_source_has_as_new_is_left_out() {
    let project = Project::new();
    put(&project, 200, &[result(4, 900.0), result(8, 1000.0), result(16, 1100.0)]);
    assert_eq!(extract(&project).code, 0);
    let extracted = std::fs::read_to_string(project.path("out.csv")).unwrap();
    let mut lines: Vec<String> = extracted.lines().map(str::to_owned).collect();
    // The other source has the first result from a day before, the second from the same day, and not the third.
    lines.truncate(3);
    lines[1] = lines[1].replace("2026-01-02T", "2026-01-01T");
    project.add_source("other", &lines);
    extract(&project).is_as_reviewed("extract_beside_another_source");
    let kept: Vec<_> = rows(&project).iter().map(|row| row.identity.concurrency.fixed()).collect();
    assert_eq!(kept, [Some(4), Some(16)]);
}

#[test]
fn pools_of_another_size_are_another_configuration() {
    let project = Project::new();
    put(&project, 1, &[disaggregated(1), disaggregated(2)]);
    assert_eq!(extract(&project).code, 0);
    let names: Vec<String> = rows(&project).iter().map(|row| row.identity.to_string()).collect();
    assert_eq!(
        names,
        [
            "gb200::trt::fp4::1024x1024::prefill-1w1g_tp1_ep1+decode-1w4g_tp4_ep4_dpa::c64::multinode",
            "gb200::trt::fp4::1024x1024::prefill-1w1g_tp1_ep1+decode-2w8g_tp4_ep4_dpa::c64::multinode",
        ]
    );
}

#[test]
fn the_same_artifacts_give_the_same_bytes() {
    let project = Project::new();
    put(&project, 1, &[result(8, 1.0), disaggregated(1), result(4, 2.0)]);
    assert_eq!(extract(&project).code, 0);
    let first = std::fs::read(project.path("out.csv")).unwrap();
    put(&project, 1, &[result(4, 2.0), result(8, 1.0), disaggregated(1)]);
    assert_eq!(extract(&project).code, 0);
    assert_eq!(std::fs::read(project.path("out.csv")).unwrap(), first);
}

#[test]
fn artifacts_that_cannot_be_read_leave_the_rows_alone() {
    let project = Project::new();
    put(&project, 1, &[result(8, 1.0)]);
    assert_eq!(extract(&project).code, 0);
    let before = std::fs::read(project.path("out.csv")).unwrap();
    let path = project.path("raw/run_1/agg_bmk.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    let ran = extract(&project);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("raw/run_1/agg_bmk.json:1:"), "{}", ran.stderr);
    assert_eq!(std::fs::read(project.path("out.csv")).unwrap(), before);

    project
        .run(&["extract", "--model", MODEL, "fixtures/mantile"])
        .is_as_reviewed("extract_without_results");
}

#[test]
fn results_of_other_models_alone_are_an_error_that_names_the_configured_names() {
    let project = Project::new();
    let mut other = result(8, 1.0);
    other["infmax_model_prefix"] = "dsr1".into();
    other["model"] = "deepseek".into();
    put(&project, 100, &[other]);
    extract(&project).is_as_reviewed("extract_another_model");
}

#[test]
fn a_long_account_fits_a_screen_unless_everything_is_asked_for() {
    let project = Project::new();
    let broken = |conc: u32| {
        let mut object = result(conc, 1.0);
        object["mean_tpot"] = (-f64::from(conc)).into();
        object[format!("a_key_of_tomorrow_{conc}")] = 1.into();
        object
    };
    let mut results: Vec<Value> = (1..=12).map(broken).collect();
    for conc in 1..=8 {
        let mut object = result(conc, 1.0);
        object["hw"] = format!("b{conc}00").into();
        object[format!("a_key_of_tomorrow_{conc}")] = 1.into();
        results.push(object);
    }
    put(&project, 100, &results);
    let ran = extract(&project);
    assert!(ran.stdout.lines().count() + ran.stderr.lines().count() <= 25, "{}", ran.stdout);
    ran.is_as_reviewed("extract_long");
    let verbose =
        project.run(&["extract", "raw", "--model", MODEL, "--output", "out.csv", "--verbose"]);
    assert!(verbose.stdout.contains("mean_tpot is -12"), "{}", verbose.stdout);
    assert!(verbose.stderr.contains("result 12 not taken"), "{}", verbose.stderr);
    assert!(!format!("{}{}", verbose.stdout, verbose.stderr).contains("--verbose"));
}
