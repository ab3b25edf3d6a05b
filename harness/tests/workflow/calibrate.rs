//! `calibrate`, and what becomes of what it writes.

use std::path::Path;

use mantile_reconcile::mantile::hardware::Hardware;
use serde_json::Value;

use super::project::{MODEL, Project, RELEASE, copy, edit};
use super::readme::{README, indented};

const H200: &str = "gpu_model = h200 and framework = vllm";

fn calibrate<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["calibrate", "--model", MODEL][..], more].concat()
}

/// A model as it is here, with its recordings.
fn of_checkout(model: &str) -> Project {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::empty();
    for part in [Path::new("by_model").join(model), "fixtures/mantile".into()] {
        copy(&checkout.join(&part), &project.root().join(&part), &[]);
    }
    project
}

/// Says that rows shall ask as `calibration.toml` says.
fn adopt(project: &Project) {
    edit(&project.model_file("reconcile.toml"), "[calibration]", "[calibration]\nadopted = true");
}

#[test]
fn the_tables_fit_a_terminal_and_tell_before_from_held_out() {
    let project = Project::new();
    let fitted = project.must(&calibrate(&["--where", H200])).stdout;
    let explained = project.must(&calibrate(&["--where", H200, "--explain"])).stdout;
    for text in [&fitted, &explained] {
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    for part in [
        "h200 / vllm: 51 rows of",
        "\nalone: load",
        "\ncorrected: load",
        "kernel_overhead_us",
        "=> better",
    ] {
        assert!(fitted.contains(part), "{fitted}");
    }
    for part in [
        "TTFT: MAPE",
        "It is structural",
        "mean |ln(p/m)| is ",
        "the layers' own dtypes",
        "noise alone makes",
    ] {
        assert!(explained.contains(part), "{explained}");
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
    assert_eq!(file["memory_per_package"][0]["capacity_GB"], 141.0, "an H200's, no H100's");
    assert_eq!(file.get("tco_sec_usd"), None, "an H100's cost is not an H200's");
    assert!(file["description"].as_str().unwrap().contains("51 measured rows"), "{json}");
    for name in ["calibration.toml", "mantile_calibrated.csv", "mantile_corrected.csv"] {
        assert!(ran.stderr.contains(name) && project.model_file(name).exists(), "{}", ran.stderr);
    }
    // Both are set beside Mantile from now on.
    let beside = project.run(&["run", MODEL, "--verbose"]).stdout;
    assert!(beside.contains("mantile_calibrated  51"), "{beside}");
    assert!(beside.contains("mantile_corrected   51"), "{beside}");

    // Adopted, rows ask for it, and an accepted release that was not asked so fails.
    let history = project.must(&["history"]).stdout;
    assert!(history.contains(&format!("{RELEASE}*")), "{history}");
    adopt(&project);
    let run = project.run(&["run", MODEL]);
    assert_eq!(run.code, 1, "{}", run.stdout);
    assert!(run.stdout.contains("recording::complete"), "{}", run.stdout);
    let audit = project.must(&["audit", "--model", MODEL]);
    assert!(
        !audit.stdout.contains("faster_than_hardware: 1 error"),
        "by peaks, not by what is reached"
    );
    // Releases from before it are shown as they were asked.
    assert_eq!(project.must(&["history"]).stdout, history);
}

#[test]
fn the_same_rows_give_the_same_bytes_also_to_a_calibration_that_is_adopted() {
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
fn groups_that_are_not_calibrated_anew_stay_as_they_were() {
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
    assert!(
        ran.stderr.contains("openai_GPT-OSS-120B: kept as they were: h100 / vllm"),
        "{}",
        ran.stderr
    );
    let after = (read("calibration.toml"), read("mantile_corrected.csv"));
    assert!(before.0 != after.0, "H200 is proved without another GPU");
    assert_eq!(of_h100(&before.0), of_h100(&after.0));
    assert_eq!(csv_of_h100(&before.1), csv_of_h100(&after.1));

    // Nor does a part of a group take the place of all of it.
    let json = || std::fs::read(project.path("hw/nvidia_h200_vllm_gpt-oss-120b_calibrated.json"));
    let whole = json().unwrap();
    let part = format!("{H200} and input_seq_len = 8192");
    let ran = project.run(&calibrate(&["--where", &part, "--output", "hw"]));
    assert!(ran.stderr.contains("h200 / vllm is not written: 19 of its 51 rows"), "{}", ran.stderr);
    assert_eq!((read("calibration.toml"), read("mantile_corrected.csv")), after);

    // Nor where its parameters are better for the part: no configuration is written of it either.
    let part = format!("{H200} and input_seq_len = 1024");
    let ran = project.must(&calibrate(&["--where", &part, "--output", "hw"]));
    assert!(
        ran.stdout.contains("=> better for certain over workloads: mean |ln(p/m)| of TPOT and E2E")
    );
    assert!(ran.stderr.contains("h200 / vllm is not written: 32 of its 51 rows"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("wrote hw"), "{}", ran.stderr);
    assert!(json().unwrap() == whole);

    // What is predicted for other groups stays also where their calibration is lost.
    std::fs::remove_file(project.model_file("calibration.toml")).unwrap();
    project.must(&calibrate(&["--where", H200, "--output", "hw"]));
    assert_eq!(csv_of_h100(&read("mantile_corrected.csv")), csv_of_h100(&after.1));
}

#[test]
fn one_over_all_frameworks_does_not_make_way_for_a_part_of_it() {
    let checkout = of_checkout(MODEL);
    // An accepted calibration was recorded, and rows ask for nothing else.
    if checkout.model().config.calibration.adopted {
        return;
    }
    for name in ["calibration.toml", "mantile_calibrated.csv", "mantile_corrected.csv"] {
        let _ = std::fs::remove_file(checkout.model_file(name));
    }
    let of_h200 = |by: &str, rows: &str| {
        let arguments = ["--where", rows, "--by", by, "--output", "hw"];
        checkout.run(&calibrate(&arguments))
    };
    let pooled = of_h200("gpu", "gpu_model = h200");
    assert_eq!(pooled.code, 0, "{}{}", pooled.stdout, pooled.stderr);
    let before = std::fs::read_to_string(checkout.model_file("calibration.toml")).unwrap();
    let part = of_h200("gpu,framework", H200);
    assert!(part.stderr.contains("h200 / vllm is not written: h200 is there"), "{}", part.stderr);
    let read = || std::fs::read_to_string(checkout.model_file("calibration.toml")).unwrap();
    assert_eq!(read(), before);
    of_h200("gpu,framework", "gpu_model = h200");
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
    assert!(ran.stdout.contains("not calibrated: 3 rows of 3 workloads"), "{}", ran.stdout);
    assert!(ran.stderr.contains("nothing is written"), "{}", ran.stderr);
    assert!(!project.path("hw").exists() && !project.model_file("calibration.toml").exists());

    let none = project.run(&calibrate(&["--where", "dp_attention = true"]));
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("data-parallel attention"), "{}", none.stderr);
}

#[test]
fn a_calibration_that_is_not_there_or_was_edited_is_told_with_its_place() {
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
    // Made anew as both messages say.
    let kept = project.run(&calibrate(&["--where", H200, "--output", "hw"]));
    assert_eq!(kept.code, 2);
    assert!(kept.stderr.contains("remove it, and make it anew"), "{}", kept.stderr);
    assert_eq!(kept.stderr.matches("unknown field").count(), 1, "told once: {}", kept.stderr);
    std::fs::remove_file(&file).unwrap();
    let made = project.must(&calibrate(&["--where", H200, "--output", "hw"]));
    assert!(made.stderr.contains("calibrating as if it were not adopted"), "{}", made.stderr);
    assert_eq!(project.must(&calibrate(&["--where", H200])).stdout, made.stdout);
}

#[test]
fn a_folder_that_cannot_be_written_into_is_told_before_anything_is_fitted() {
    let project = Project::new();
    std::fs::write(project.path("hw"), "a file").unwrap();
    let ran = project.run(&calibrate(&["--output", "hw"]));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("a folder is needed"), "{}", ran.stderr);
}

/// What is right for hardware makes Mantile worse where it counts weights whole: its rows ask for nothing.
#[test]
fn a_model_whose_rows_get_worse_asks_for_nothing() {
    let model = "meta-llama_Llama-3.3-70B-Instruct";
    let project = of_checkout(model);
    let h100 = ["--where", "gpu_model = h100", "--output", "hw"];
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
fn the_calibration_here_and_in_the_readme_is_what_the_rows_give() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = of_checkout(MODEL);
    if project.model().config.calibration.adopted {
        assert_same_parameters(&project);
        return;
    }
    let ran = project.must(&calibrate(&["--output", "hw"]));
    let start = ran.stdout.find("h200 / vllm: ").unwrap();
    let shown = &ran.stdout[start..start + ran.stdout[start..].find("\n\nrows left out").unwrap()];
    let shown = indented(shown);
    assert!(README.contains(&shown), "the README does not show\n{shown}");
    for name in ["calibration.toml", "mantile_calibrated.csv", "mantile_corrected.csv"] {
        let committed = std::fs::read(checkout.join("by_model").join(MODEL).join(name)).unwrap();
        let now = std::fs::read(project.model_file(name)).unwrap();
        assert!(
            committed == now,
            "by_model/{MODEL}/{name} is out of date: mantile-reconcile calibrate --model {MODEL} --output hw"
        );
    }
}

/// What Mantile answers with a calibration's own parameters is calibrated best by the same.
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
                "{}: {name} {now} against {then}",
                group["hardware_id"]
            );
        }
    }
}
