//! Every format that `extract` reads: its sample becomes the right rows, whether the format is detected or named, and a
//! malformed file is an error that changes nothing.

mod hostile;
mod malformed;
mod options;
mod reading;
mod samples;

use std::path::Path;

use mantile_reconcile::row::{self, Row};

use super::project::{Project, Ran};
use samples::Format;

const MODEL: &str = "sample_model";
const OUTPUT: &str = "out.csv";

/// A project with a model whose configuration lists no names of artifacts.
fn project() -> Project {
    let project = Project::new();
    let folder = project.path("by_model").join(MODEL);
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("reconcile.toml"), CONFIG).unwrap();
    project
}

const CONFIG: &str = r#"
schema_version = 1
model_id = "sample_model"
min_coverage_percent = 100.0
expert_layer_classes = []

[[source]]
name = "own"
file = "own.csv"
mean_length_ratio = 1.0

[[gpu]]
model = "b200"
unmapped = "-"

[features]
dp_attention = { unmapped = "-" }
disaggregation = { unmapped = "-" }
uneven_batch = { unmapped = "-" }
spec_decoding = { unmapped = "-" }

[noise_floor]
throughput = 1.05
output_throughput = 1.05
ttft = 1.25
tpot = 1.05
e2e_latency = 1.05

[band_rule]
alpha = 0.1
by = ["gpu_model"]
"#;

fn extract(project: &Project, format: &Format, file: &str, from: Option<&str>) -> Ran {
    let mut arguments =
        vec!["extract", file, "--model", MODEL, "--source", "own", "--output", OUTPUT];
    arguments.extend(format.options.split_whitespace());
    arguments.extend(from.iter().flat_map(|from| ["--from", from]));
    project.run(&arguments)
}

fn written(project: &Project) -> Vec<Row> {
    let text = std::fs::read_to_string(project.path(OUTPUT)).unwrap();
    row::read(Path::new(OUTPUT), &text, "own", &[]).unwrap()
}
