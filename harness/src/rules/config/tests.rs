//! What a `reconcile.toml` may contain, and the faults that are refused.

use std::path::Path;

use super::parse::{MAX_RECORDING_AGE_DAYS, parse};
use super::schema::Config;
use crate::base::error::Result;
use crate::row::metric::Metric;
use crate::rules::audit_check::AuditCheck;

const SOUND: &str = r#"schema_version = 1
model_id = "m"
min_coverage_percent = 90.0

[[source]]
name = "p"
file = "p.csv"
mean_length_ratio = 0.9
approximations = ["queueing"]

[[gpu]]
model = "b200"
hardware_id = "h"
precision.fp4 = { dtype = "nvfp4" }

[features]
dp_attention = { unmapped = "no" }
disaggregation = { unmapped = "no" }
uneven_batch = { unmapped = "no" }
spec_decoding = { unmapped = "no" }

[approximations]
queueing = "requests wait"

[noise_floor]
throughput = 1.05
output_throughput = 1.05
ttft = 1.25
tpot = 1.05
e2e_latency = 1.05

[[band]]
where = "all"
ratio.ttft = [0.5, 2.0]

[[gate]]
where = "all"
max_mape_percent.ttft = 25.0
bias.ttft = [0.9, 1.1]

[[audit_accepted]]
row = "p::r"
check = "littles_law"
reason = "the provider says so"
"#;

fn parsed(text: &str) -> Result<Config> {
    parse(Path::new("r.toml"), text)
}

/// The error after a replacement in the sound text.
#[track_caller]
fn error(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from}");
    let message = parsed(&SOUND.replacen(from, to, 1)).unwrap_err().to_string();
    assert!(message.contains("\n  help: "), "{message}");
    message
}

#[test]
fn bands_gates_and_accepted_findings_keep_their_lines() {
    let config = parsed(SOUND).unwrap();
    let line = |metric| config.bands[0].ratio[metric].map(|written| written.line);
    assert_eq!((line(Metric::Ttft), line(Metric::Tpot)), (Some(34), None));
    assert_eq!(config.gates[0].max_mape_percent[Metric::Ttft].unwrap().line, 38);
    assert_eq!(config.audit_accepted[0].line, 41);
    assert_eq!(config.audit_accepted[0].check, AuditCheck::LittlesLaw);
    assert_eq!(config.max_recording_age_days, MAX_RECORDING_AGE_DAYS);
    assert_eq!(config.source("p").map(|source| source.mean_length_ratio), Some(0.9));
    assert!(config.source("q").is_none());
    assert_eq!(config.source_names(), "p");
}

#[test]
fn each_fault_is_named_with_its_line_and_a_next_step() {
    for (from, to, begin) in [
        ("90.0", "101.0", "r.toml:3:24: min_coverage_percent 101 is not a percentage"),
        ("\"p\"", "\"a p\"", "r.toml:5:1: the source name `a p` is not made of letters"),
        ("\"p\"", "\"gate\"", "r.toml:5:1: the source name `gate` is reserved"),
        ("0.9\n", "1.5\n", "r.toml:5:1: mean_length_ratio 1.5 is not above 0"),
        ("hardware_id = \"h\"", "", "r.toml:11:1: b200 has neither hardware_id nor unmapped"),
        ("\"h\"", "\"h\"\nunmapped = \"x\"", "r.toml:11:1: b200 has both hardware_id and unmapped"),
        ("precision.fp4 = { dtype = \"nvfp4\" }", "", "r.toml:11:1: b200 has a hardware_id and no"),
        (
            "[\"queueing\"]",
            "[\"queuing\"]",
            "r.toml:5:1: the approximation `queuing` is not explained",
        ),
        ("[\"queueing\"]", "[]", "r.toml:23:1: the approximation `queueing` is explained but"),
        ("ttft = 1.25", "", "r.toml:25:1: noise_floor has no value for ttft"),
        ("ttft = 1.25", "ttft = 0.5", "r.toml:28: the noise floor of ttft is 0.5, not a ratio"),
        ("[0.5, 2.0]", "[2.0, 0.5]", "r.toml:34: the interval [2, 0.5] is empty"),
        (
            "[0.5, 2.0]",
            "[0.9, 1.1]",
            "r.toml:34: the ttft band [0.9, 1.1] is tighter than the noise",
        ),
        ("25.0", "-1.0", "r.toml:38: max_mape_percent.ttft is -1, which is not a percentage"),
        ("[0.9, 1.1]", "[-1.0, 1.1]", "r.toml:39: [-1, 1.1] is not an interval of ratios"),
        ("littles_law", "little", "r.toml:41:1: there is no audit check `little`"),
        ("the provider says so", " ", "r.toml:41:1: the accepted error littles_law of p::r has no"),
    ] {
        let message = error(from, to);
        assert!(message.starts_with(begin), "{message} does not begin with {begin}");
    }
}

#[test]
fn what_may_occur_once_is_refused_the_second_time() {
    for (table, begin) in [
        ("[[source]]", "r.toml:45:1: the source `p` occurs twice"),
        ("[[gpu]]", "r.toml:45:1: the gpu `b200` occurs twice"),
        ("[[gate]]", "r.toml:45:1: the group all has two gates"),
        ("[[audit_accepted]]", "r.toml:45:1: the error littles_law of p::r is accepted twice"),
    ] {
        let start = SOUND.find(table).unwrap();
        let end = SOUND[start..].find("\n\n").map_or(SOUND.len(), |length| start + length + 1);
        let message = parsed(&format!("{SOUND}{}", &SOUND[start..end])).unwrap_err().to_string();
        assert!(message.starts_with(begin), "{message} does not begin with {begin}");
        assert!(message.contains("\n  help: "), "{message}");
    }
}

#[test]
fn a_gpu_entry_that_names_the_framework_outranks_one_for_all() {
    let text = SOUND.replace(
        "[features]",
        "[[gpu]]\nmodel = \"b200\"\nframework = \"trt\"\nunmapped = \"not yet\"\n\n[features]",
    );
    let config = parsed(&text).unwrap();
    assert_eq!(config.gpu("b200", "trt").unwrap().unmapped.as_deref(), Some("not yet"));
    assert_eq!(config.gpu("b200", "vllm").unwrap().unmapped, None);
    assert!(config.gpu("h100", "vllm").is_none());
}
