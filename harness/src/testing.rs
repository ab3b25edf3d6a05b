//! Fixtures for the unit tests of several rooms. This is not a room; only test code uses it.

use std::path::Path;

use crate::base::units::Milliseconds;
use crate::judge::compare::Comparison;
pub(crate) use crate::judge::model::Model;
use crate::judge::model::{self, list};
use crate::mantile::Answer;
use crate::mantile::answer::{Memory, System};
use crate::mantile::recording::{self, Recording};
use crate::predict::prediction::{Estimate, Outcome};
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Identity, Lengths, Measured, Provenance, Row};
use crate::rules::{config, deviation};

/// The identity of the row of [`comparison`].
pub(crate) const NAME: &str = "b200::vllm::fp4::1000x1000::tp4_ep1::c8";

/// A model without rows, with one GPU, one source, and bands and known deviations given as TOML.
pub(crate) fn model(bands: &str, deviations: &str) -> Model {
    let config = format!(
        "schema_version = 1\nmodel_id = 'm'\nmin_coverage_percent = 90\n\
         source = [{{ name = 'p', file = 'p.csv', mean_length_ratio = 0.9 }}]\n\
         gpu = [{{ model = 'b200', hardware_id = 'h', precision.fp4 = {{ dtype = 'nvfp4' }} }}]\n\
         features.dp_attention.unmapped = 'no'\nfeatures.disaggregation.unmapped = 'no'\n\
         features.uneven_batch.unmapped = 'no'\nfeatures.spec_decoding.unmapped = 'no'\n\
         noise_floor = {{ throughput = 1.05, output_throughput = 1.05, ttft = 1.25, tpot = 1.05, \
         e2e_latency = 1.05 }}\n{bands}"
    );
    let path = Path::new("reconcile.toml");
    let deviations_path = Path::new("known_deviations.toml");
    Model {
        name: "m".to_owned(),
        release: "r".to_owned(),
        config: config::parse(path, &config).unwrap(),
        deviations: deviation::parse(deviations_path, &format!("schema_version = 1\n{deviations}"))
            .unwrap(),
        rows: vec![],
        estimators: vec![],
    }
}

/// A row measured at TPOT 10 ms and predicted at `ratio` times that.
pub(crate) fn comparison(ratio: f64) -> Comparison {
    let mut means = PerMetric::default();
    means[Metric::Tpot] = Some(0.010);
    let identity: Identity = NAME.parse().unwrap();
    let lengths = Lengths { input: 900.0, output: 900.0 };
    let estimate = Estimate::new(&answer(500.0, 10.0 * ratio), &identity, 8, lengths);
    Comparison {
        row: Row {
            provider: "p".to_owned(),
            identity,
            measured: Measured { means, ..Measured::default() },
            provenance: Provenance::default(),
            repeatability: None,
        },
        outcome: Outcome::Predicted(estimate),
        approximations: vec![],
    }
}

/// A row of provider `p` with this identity and no figures.
pub(crate) fn bare_row(name: &str) -> Row {
    Row {
        provider: "p".to_owned(),
        identity: name.parse().unwrap(),
        measured: Measured::default(),
        provenance: Provenance::default(),
        repeatability: None,
    }
}

/// An answer for four packages, with these times in ms.
pub(crate) fn answer(ttft_ms: f64, tpot_ms: f64) -> Answer {
    Answer {
        ttft_ms: Milliseconds(ttft_ms),
        tpot_ms: Milliseconds(tpot_ms),
        tps_user: 1000.0 / tpot_ms,
        memory: Memory {
            weight_memory_gb: 16.0,
            activation_memory_gb: 2.0,
            kv_cache_gb: 0.5,
            memory_per_package_gb: 18.5,
            hw_capacity_gb: 80.0,
        },
        system: System {
            num_packages: 4,
            bottleneck: "hardware-modeled".to_owned(),
            fits_on_hardware: true,
        },
    }
}

/// One of this project's own models, with the accepted release's recording of it.
pub(crate) fn load(name: &str) -> (Model, Recording) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let model = model::load(root, name).unwrap();
    let recording = recording::load(root, &model.release, &model.config.model_id).unwrap();
    (model, recording)
}

/// The names of this project's own models.
pub(crate) fn models() -> Vec<String> {
    list(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}
