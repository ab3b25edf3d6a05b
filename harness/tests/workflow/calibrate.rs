//! `calibrate`, and the use of the files that it writes.

use std::path::Path;

use mantile_reconcile::mantile::hardware::Hardware;
use serde_json::Value;

use super::project::{MODEL, Project, RELEASE, copy, edit};
use super::reviewed::is_as_reviewed;

const H200: &str = "gpu_model = h200 and framework = vllm";

fn calibrate<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["calibrate", "--model", MODEL][..], more].concat()
}

/// A project with one model as it is committed, with its recordings.
fn of_checkout(model: &str) -> Project {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::empty();
    for part in [Path::new("by_model").join(model), "fixtures/mantile".into()] {
        copy(&checkout.join(&part), &project.root().join(&part), &[]);
    }
    project
}

/// Makes rows ask for the configurations of `calibration.toml`.
fn adopt(project: &Project) {
    edit(&project.model_file("reconcile.toml"), "[calibration]", "[calibration]\nadopted = true");
}

#[test]
fn the_summary_is_last_and_the_details_are_in_a_file_or_before_it() {
    let project = Project::new();
    for (option, name) in [(None, "calibrate"), (Some("--explain"), "calibrate_explain")] {
        let arguments = [&["--where", H200][..], option.as_slice()].concat();
        let short = project.must(&calibrate(&arguments));
        let long = project.must(&calibrate(&[&arguments[..], &["--verbose"]].concat()));
        short.is_as_reviewed(name);
        long.is_as_reviewed(&format!("{name}_verbose"));
        let (summary, path) = short.stdout.trim_end().split_once("\nDetails: ").unwrap();
        let details = std::fs::read_to_string(project.path(path)).unwrap();
        assert_eq!(long.stdout, format!("{details}\n{summary}\n"));
        assert!(summary.lines().count() < 25, "{summary}");
        assert!(long.stdout.lines().all(|line| line.chars().count() <= 80), "{}", long.stdout);
    }
    assert!(!project.path("hw").exists() && !project.model_file("calibration.toml").exists());
}

#[test]
fn held_out_errors_are_of_all_rows_and_below_those_of_mantile() {
    let project = Project::new();
    let json = project.must(&calibrate(&["--where", H200, "--format", "json"])).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let group = &json["groups"][0];
    assert_eq!((&group["gpu_model"], &group["improves"]), (&"h200".into(), &true.into()));
    for fit in ["alone", "with_correction"] {
        let tpot = &group[fit]["mape_percent"]["workload_out"]["tpot"];
        assert_eq!(tpot["n"], group["rows"]);
        assert_eq!(tpot["workloads"], group["workloads"]);
        let mape = |which: &str| tpot[which]["estimate"].as_f64().unwrap();
        assert!(mape("after") < 0.8 * mape("before"), "{fit}: {tpot}");
        assert!(mape("own_dtypes") < mape("before"), "{fit}: {tpot}");
        for parameter in group[fit]["parameters"].as_array().unwrap() {
            let figure = |which: &str| parameter[which].as_f64().unwrap();
            let bounds = figure("lower") * 0.999..=figure("upper") * 1.001;
            assert!(bounds.contains(&figure("value")), "{parameter}");
        }
    }
    let explained = calibrate(&["--where", H200, "--explain", "--format", "json"]);
    let explained: Value = serde_json::from_str(&project.must(&explained).stdout).unwrap();
    assert_eq!(explained["groups"][0]["metrics"].as_array().unwrap().len(), 5);
}

#[test]
fn what_is_written_is_what_mantile_loads_and_rows_ask_for() {
    let project = Project::new();
    let ran = project.must(&calibrate(&["--where", H200, "--output", "hw"]));
    let json =
        std::fs::read_to_string(project.path("hw/nvidia_h200_vllm_gpt-oss-120b_calibrated.json"))
            .unwrap();
    let hardware = Hardware::parse(&json).unwrap();
    let dtypes: Vec<&String> = hardware.compute_pflops.keys().collect();
    assert_eq!(dtypes, ["bf16", "mxfp4"]);
    assert!(hardware.bandwidth_gb_per_s <= 4800.0, "no faster than the datasheet");
    let file: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        file["memory_per_package"][0]["capacity_GB"], 141.0,
        "the capacity of an H200, not of an H100"
    );
    assert_eq!(file.get("tco_sec_usd"), None, "an H100's cost is not an H200's");
    assert!(file["description"].as_str().unwrap().contains("51 measured rows"), "{json}");
    for name in ["calibration.toml", "mantile_calibrated.csv", "mantile_corrected.csv"] {
        assert!(ran.stderr.contains(name) && project.model_file(name).exists(), "{}", ran.stderr);
    }
    // From now on, both estimators are compared with Mantile.
    let beside = project.run(&["run", MODEL, "--verbose"]).stdout;
    assert!(beside.contains("mantile_calibrated  51"), "{beside}");
    assert!(beside.contains("mantile_corrected   51"), "{beside}");

    // Once adopted, rows ask for it, and an accepted release that was asked otherwise fails.
    let history = project.must(&["history"]).stdout;
    assert!(history.contains(&format!("{RELEASE}*")), "{history}");
    adopt(&project);
    let run = project.run(&["run", MODEL]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stdout.contains("recording::complete"), "{}", run.stdout);
    let audit = project.must(&["audit", "--model", MODEL, "--all"]);
    assert!(
        !audit.stdout.contains("faster_than_hardware: 1 error"),
        "the audit compares with peaks, not with calibrated values"
    );
    // Earlier releases are shown as they were asked.
    assert_eq!(project.must(&["history"]).stdout, history);
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let project = Project::new();
    let write = || {
        project.must(&calibrate(&["--where", H200, "--output", "hw"]));
        let json = std::fs::read(project.path("hw/nvidia_h200_vllm_gpt-oss-120b_calibrated.json"))
            .unwrap();
        (json, std::fs::read(project.model_file("calibration.toml")).unwrap())
    };
    assert!(write() == write());
}

#[test]
fn groups_that_are_not_recalibrated_stay_unchanged() {
    let project = Project::new();
    let both = "(gpu_model = h200 or gpu_model = h100) and framework = vllm";
    project.must(&calibrate(&["--where", both, "--output", "hw"]));
    let read = |name: &str| std::fs::read_to_string(project.model_file(name)).unwrap();
    let of_h100 = |text: &str| -> Vec<String> {
        let blocks = text.split("\n\n").filter(|block| block.contains("\ngpu_model = \"h100\""));
        blocks.map(str::to_owned).collect()
    };
    let csv_of_h100 = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("h100,")).map(str::to_owned).collect()
    };
    let before = (read("calibration.toml"), read("mantile_corrected.csv"));
    assert!(!of_h100(&before.0).is_empty() && !csv_of_h100(&before.1).is_empty());
    let ran = project.must(&calibrate(&["--where", H200, "--output", "hw"]));
    assert!(ran.stderr.contains("openai_GPT-OSS-120B: unchanged: h100 / vllm"), "{}", ran.stderr);
    let after = (read("calibration.toml"), read("mantile_corrected.csv"));
    assert!(before.0 != after.0, "H200 is proved without another GPU");
    assert_eq!(of_h100(&before.0), of_h100(&after.0));
    assert_eq!(csv_of_h100(&before.1), csv_of_h100(&after.1));

    // A part of a group does not replace the whole group.
    let json = || std::fs::read(project.path("hw/nvidia_h200_vllm_gpt-oss-120b_calibrated.json"));
    let whole = json().unwrap();
    let part = format!("{H200} and input_seq_len = 8192");
    let ran = project.run(&calibrate(&["--where", &part, "--output", "hw"]));
    assert!(
        ran.stderr.contains("h200 / vllm is not written: only 19 of its 51 rows"),
        "{}",
        ran.stderr
    );
    assert_eq!((read("calibration.toml"), read("mantile_corrected.csv")), after);

    // Even if its parameters are better for the part, no configuration is written.
    let part = format!("{H200} and input_seq_len = 1024");
    let ran = project.must(&calibrate(&["--where", &part, "--output", "hw"]));
    assert!(ran.stdout.contains("=> significantly better across workloads: 1 of 1 group alone"));
    assert!(
        ran.stderr.contains("h200 / vllm is not written: only 32 of its 51 rows"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("wrote hw"), "{}", ran.stderr);
    assert!(json().unwrap() == whole);

    // The predictions of other groups stay even if their calibration is lost.
    std::fs::remove_file(project.model_file("calibration.toml")).unwrap();
    project.must(&calibrate(&["--where", H200, "--output", "hw"]));
    assert_eq!(csv_of_h100(&read("mantile_corrected.csv")), csv_of_h100(&after.1));
}

#[test]
fn a_group_over_all_frameworks_does_not_make_way_for_a_part_of_it() {
    let checkout = of_checkout(MODEL);
    // An accepted calibration was recorded, and rows ask for nothing else.
    if checkout.model().config.calibration.adopted {
        return;
    }
    for name in ["calibration.toml", "mantile_calibrated.csv", "mantile_corrected.csv"] {
        let _ = std::fs::remove_file(checkout.model_file(name));
    }
    let calibrate_h200 = |by: &str, rows: &str| {
        let arguments = ["--where", rows, "--by", by, "--output", "hw"];
        checkout.run(&calibrate(&arguments))
    };
    let pooled = calibrate_h200("gpu", "gpu_model = h200");
    assert_eq!(pooled.code, 0, "{}{}", pooled.stdout, pooled.stderr);
    let before = std::fs::read_to_string(checkout.model_file("calibration.toml")).unwrap();
    let part = calibrate_h200("gpu,framework", H200);
    assert!(
        part.stderr.contains("h200 / vllm is not written: the calibration of h200 covers"),
        "{}",
        part.stderr
    );
    let read = || std::fs::read_to_string(checkout.model_file("calibration.toml")).unwrap();
    assert_eq!(read(), before);
    calibrate_h200("gpu,framework", "gpu_model = h200");
    assert!(read() != before && read().contains("framework = \"trt\""));
}

#[test]
fn a_model_that_is_named_twice_counts_once() {
    let project = Project::new();
    let once = project.must(&calibrate(&["--where", H200])).stdout;
    assert_eq!(project.must(&calibrate(&["--where", H200, "--model", MODEL])).stdout, once);
}

#[test]
fn nothing_is_written_where_nothing_improves() {
    let project = Project::new();
    let few = "gpu_model = h200 and tensor_parallel = 8 and concurrency = 4";
    let ran = project.run(&calibrate(&["--where", few, "--output", "hw"]));
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    ran.is_as_reviewed("calibrate_few_rows");
    assert!(!project.path("hw").exists() && !project.model_file("calibration.toml").exists());

    let none = project.run(&calibrate(&["--where", "dp_attention = true"]));
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("data-parallel attention"), "{}", none.stderr);
}

#[test]
fn a_missing_or_edited_calibration_is_an_error_with_its_place() {
    let project = Project::new();
    adopt(&project);
    let missing = project.run(&["run", MODEL]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("mantile-reconcile calibrate --model"), "{}", missing.stderr);
    let file = project.model_file("calibration.toml");
    std::fs::write(&file, "schema_version = 1\n[provenance]\nrelase = 'x'\n").unwrap();
    let broken = project.run(&["run", MODEL]);
    assert_eq!(broken.code, 2);
    assert!(
        broken.stderr.contains("calibration.toml:2:2: unknown field `provenance`"),
        "{}",
        broken.stderr
    );
    // Regenerated as both messages say.
    let kept = project.run(&calibrate(&["--where", H200, "--output", "hw"]));
    assert_eq!(kept.code, 2);
    assert!(kept.stderr.contains("delete the file and regenerate it"), "{}", kept.stderr);
    assert_eq!(kept.stderr.matches("unknown field").count(), 1, "reported once: {}", kept.stderr);
    std::fs::remove_file(&file).unwrap();
    let made = project.must(&calibrate(&["--where", H200, "--output", "hw"]));
    assert!(made.stderr.contains("calibrating as if it were not adopted"), "{}", made.stderr);
    assert_eq!(project.must(&calibrate(&["--where", H200])).stdout, made.stdout);
}

#[test]
fn an_unusable_folder_is_an_error_before_anything_is_fitted() {
    let project = Project::new();
    std::fs::write(project.path("hw"), "a file").unwrap();
    let ran = project.run(&calibrate(&["--output", "hw"]));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("a folder is needed"), "{}", ran.stderr);
}

/// Parameters that are right for the hardware make Mantile worse where it counts weights whole.
#[test]
fn a_model_whose_rows_get_worse_is_not_written() {
    let model = "meta-llama_Llama-3.3-70B-Instruct";
    let project = of_checkout(model);
    let h100 = ["--where", "gpu_model = h100", "--output", "hw", "--verbose"];
    let ran = project.run(&[&["calibrate", "--model", model][..], &h100].concat());
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("if Mantile divided the weights"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("=> not written: mean |ln(p/m)| of TPOT and E2E changes"),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("nothing is written"), "{}", ran.stderr);
}

#[test]
fn the_committed_calibration_is_what_the_rows_give() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = of_checkout(MODEL);
    if project.model().config.calibration.adopted {
        assert_same_parameters(&project);
        return;
    }
    let ran = project.must(&calibrate(&["--output", "hw"]));
    ran.is_as_reviewed("calibrate_all_rows");
    let details = format!("target/reconcile/{MODEL}/calibration.txt");
    let details = std::fs::read_to_string(project.path(&details)).unwrap();
    is_as_reviewed("calibrate_all_rows_details", &details);
    for name in ["calibration.toml", "mantile_calibrated.csv", "mantile_corrected.csv"] {
        let committed = std::fs::read(checkout.join("by_model").join(MODEL).join(name)).unwrap();
        let now = std::fs::read(project.model_file(name)).unwrap();
        assert!(
            committed == now,
            "by_model/{MODEL}/{name} is out of date: mantile-reconcile calibrate --model {MODEL} --output hw"
        );
    }
}

/// Calibrating Mantile's answers with calibrated parameters gives the same parameters again.
fn assert_same_parameters(project: &Project) {
    let text = std::fs::read_to_string(project.model_file("calibration.toml")).unwrap();
    let written: toml_edit::DocumentMut = text.parse().unwrap();
    let ran = project.run(&calibrate(&["--format", "json"]));
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    let groups = found["groups"].as_array().unwrap();
    let calibrated = written["calibration"].as_array_of_tables().unwrap();
    assert_eq!(groups.len(), calibrated.len());
    for (group, calibrated) in groups.iter().zip(calibrated) {
        assert_eq!(group["improves"], false, "{}", group["hardware_id"]);
        let written = &calibrated["alone"]["parameters"];
        for parameter in group["alone"]["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let (now, then) =
                (parameter["value"].as_f64().unwrap(), written[name].as_float().unwrap());
            assert!(
                (now / then - 1.0).abs() < 1e-3,
                "{}: {name} is {now}, and was {then}",
                group["hardware_id"]
            );
        }
    }
}
