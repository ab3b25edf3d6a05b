//! A row in the making: what a file holds, completed by what its user says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Artifact;
use crate::base::error::{Error, Place, Result};
use crate::base::text::is_name;
use crate::row::metric::{Metric, PerMetric};
use crate::row::{Concurrency, Identity, Layout, Lengths, Measured, Parallelism, Provenance, Row};

/// What the caller knows: whose rows they are, and what the files may not hold.
#[derive(Debug, Clone, Default)]
pub struct GivenFacts {
    /// The provider that every row gets.
    pub provider: String,
    /// The names of the model in artifacts; a result that names another one is skipped.
    pub models: Vec<String>,
    /// Runs' dates by id, for artifacts without (RFC 3339).
    pub run_dates: BTreeMap<String, String>,
    /// The GPU model.
    pub gpu: Option<String>,
    /// The serving engine.
    pub framework: Option<String>,
    /// The precision of the weights.
    pub precision: Option<String>,
    /// GPUs that share each layer.
    pub tensor_parallel: Option<u32>,
    /// Of those, how many ways the experts are spread.
    pub expert_parallel: Option<u32>,
    /// Whether attention is data-parallel.
    pub dp_attention: Option<bool>,
    /// Nominal input length, tokens.
    pub input_seq_len: Option<u32>,
    /// Nominal output length, tokens.
    pub output_seq_len: Option<u32>,
    /// Requests in flight.
    pub concurrency: Option<u32>,
    /// When it was measured.
    pub date: Option<String>,
    /// The container image.
    pub image: Option<String>,
    /// The run, where artifacts do not say: their file's name otherwise.
    pub run_id: Option<String>,
}

impl GivenFacts {
    /// Whether a result of the model of these names is wanted. Without names any is.
    #[must_use]
    pub fn wants(&self, names: &[&str]) -> bool {
        self.models.is_empty()
            || names.iter().any(|name| self.models.iter().any(|model| model == name))
    }

    /// The option that says otherwise than a row that was read.
    pub(super) fn contradicts(&self, row: &Identity) -> Option<&'static str> {
        fn differ<T: PartialEq>(said: Option<&T>, held: Option<&T>) -> bool {
            said.is_some() && said != held
        }
        let names_differ = |said: &Option<String>, held: &str| {
            said.as_ref().is_some_and(|said| !said.eq_ignore_ascii_case(held))
        };
        let engine = match &row.layout {
            Layout::Aggregated(engine) => Some(engine),
            Layout::Disaggregated { .. } => None,
        };
        let tp = engine.map(|engine| &engine.tensor_parallel);
        let ep = engine.map(|engine| &engine.expert_parallel);
        let dpa = engine.map(|engine| &engine.dp_attention);
        let requests = row.concurrency.fixed();
        let said_and_differs = [
            (names_differ(&self.gpu, &row.gpu_model), "--gpu"),
            (names_differ(&self.framework, &row.framework), "--framework"),
            (names_differ(&self.precision, &row.precision), "--precision"),
            (differ(self.input_seq_len.as_ref(), Some(&row.input_seq_len)), "--input-seq-len"),
            (differ(self.output_seq_len.as_ref(), Some(&row.output_seq_len)), "--output-seq-len"),
            (differ(self.concurrency.as_ref(), requests.as_ref()), "--concurrency"),
            (differ(self.tensor_parallel.as_ref(), tp), "--tensor-parallel"),
            (differ(self.expert_parallel.as_ref(), ep), "--expert-parallel"),
            (differ(self.dp_attention.as_ref(), dpa), "--dp-attention"),
        ];
        said_and_differs.into_iter().find_map(|(differs, option)| differs.then_some(option))
    }
}

/// What a result file of a benchmark tool holds of a row; latencies in seconds, throughputs of the
/// whole system in tokens/s.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub gpu: Option<String>,
    pub framework: Option<String>,
    pub precision: Option<String>,
    pub tensor_parallel: Option<u32>,
    pub pipeline_parallel: Option<u32>,
    pub expert_parallel: Option<u32>,
    pub input_seq_len: Option<u32>,
    pub output_seq_len: Option<u32>,
    pub concurrency: Option<u32>,
    pub mean_input_tokens: Option<f64>,
    pub mean_output_tokens: Option<f64>,
    pub total_tokens_per_s: Option<f64>,
    pub output_tokens_per_s: Option<f64>,
    pub ttft: Option<f64>,
    pub p90_ttft: Option<f64>,
    pub p99_ttft: Option<f64>,
    pub p99_9_ttft: Option<f64>,
    pub tpot: Option<f64>,
    pub e2e_latency: Option<f64>,
    pub median_e2e_latency: Option<f64>,
    /// Which of the above the file does not hold but its other figures give.
    pub derived: Vec<Metric>,
    pub date: Option<String>,
}

impl Draft {
    /// The row, with what the file lacks taken from `given`. Said both ways and differently is an
    /// error, as is said neither way. `place` is where in the artifact the result stands.
    pub(super) fn finish(
        mut self,
        artifact: &Artifact,
        place: &Place,
        given: &GivenFacts,
    ) -> Result<Row> {
        let mean_lengths = match (self.mean_input_tokens, self.mean_output_tokens) {
            (Some(input), Some(output)) => Some(Lengths { input, output }),
            _ => None,
        };
        self.derive(mean_lengths);
        let mut measured = self.measured(mean_lengths).map_err(|fault| {
            Error::content(place.clone(), fault)
                .with_help("a metric that was not measured is left out, never 0 or infinite")
        })?;
        let mut settle = Settle { place, missing: Vec::new() };
        // A file with exact mean lengths need not name the nominal ones.
        let nominal = |held: Option<u32>, given: Option<u32>, mean: Option<f64>| {
            if held.is_none() { given.or_else(|| mean.and_then(whole)) } else { given }
        };
        // Without experts spread, as almost all deployments are.
        let unspread = self.expert_parallel.is_none().then_some(1);
        let [isl, osl] = [
            nominal(self.input_seq_len, given.input_seq_len, self.mean_input_tokens),
            nominal(self.output_seq_len, given.output_seq_len, self.mean_output_tokens),
        ];
        let names = (
            settle.name("GPU", "--gpu", self.gpu.take(), given.gpu.as_ref())?,
            settle.name(
                "framework",
                "--framework",
                self.framework.take(),
                given.framework.as_ref(),
            )?,
            settle.name(
                "precision",
                "--precision",
                self.precision.take(),
                given.precision.as_ref(),
            )?,
        );
        let degrees = (
            settle.settle(
                "tensor parallelism",
                "--tensor-parallel",
                self.tensor_parallel,
                given.tensor_parallel,
            )?,
            settle.settle(
                "expert parallelism",
                "--expert-parallel",
                self.expert_parallel,
                given.expert_parallel.or(unspread),
            )?,
        );
        let load = (
            settle.settle("input length", "--input-seq-len", self.input_seq_len, isl)?,
            settle.settle("output length", "--output-seq-len", self.output_seq_len, osl)?,
            settle.settle("concurrency", "--concurrency", self.concurrency, given.concurrency)?,
        );
        let (
            (Some(gpu_model), Some(framework), Some(precision)),
            (Some(tensor_parallel), Some(expert_parallel)),
            (Some(input_seq_len), Some(output_seq_len), Some(concurrency)),
        ) = (names, degrees, load)
        else {
            return Err(settle.missing());
        };
        let parallelism = Parallelism {
            dp_attention: given.dp_attention.unwrap_or(false),
            pipeline_parallel: self.pipeline_parallel.unwrap_or(1),
            ..Parallelism::new(tensor_parallel, expert_parallel)
        };
        for metric in [Metric::Throughput, Metric::OutputThroughput] {
            let rate = &mut measured.means[metric];
            *rate = rate.map(|rate| rate / f64::from(parallelism.gpus()));
        }
        let run_id = given.run_id.clone().unwrap_or_else(|| artifact.stem());
        Ok(Row {
            provider: given.provider.clone(),
            identity: Identity {
                gpu_model,
                framework,
                precision,
                input_seq_len,
                output_seq_len,
                layout: Layout::Aggregated(parallelism),
                concurrency: Concurrency::Fixed(concurrency),
                spec_decoding: "none".to_owned(),
                is_multinode: false,
            },
            measured,
            provenance: Provenance {
                benchmark_date: given.date.clone().or(self.date),
                run_id,
                image: given.image.clone(),
            },
            repeatability: None,
        })
    }

    /// Fills what follows from the rest: E2E by its identity, TTFT + TPOT × (O − 1), and total
    /// throughput as output throughput times (I + O) / O.
    fn derive(&mut self, lengths: Option<Lengths>) {
        let Some(Lengths { input, output }) = lengths else { return };
        if let (None, Some(ttft), Some(tpot)) = (self.e2e_latency, self.ttft, self.tpot) {
            self.e2e_latency = Some(ttft + tpot * (output - 1.0).max(0.0));
            self.derived.push(Metric::E2eLatency);
        }
        if let (None, Some(rate)) = (self.total_tokens_per_s, self.output_tokens_per_s) {
            self.total_tokens_per_s = Some(rate * (input + output) / output);
            self.derived.push(Metric::Throughput);
        }
    }

    /// The figures, throughputs of the whole system.
    fn measured(&self, mean_lengths: Option<Lengths>) -> Result<Measured, String> {
        let mut means = PerMetric::default();
        means[Metric::Throughput] = self.total_tokens_per_s;
        means[Metric::OutputThroughput] = self.output_tokens_per_s;
        means[Metric::Ttft] = self.ttft;
        means[Metric::Tpot] = self.tpot;
        means[Metric::E2eLatency] = self.e2e_latency;
        let others = [
            ("p90 ttft", self.p90_ttft),
            ("p99 ttft", self.p99_ttft),
            ("p99.9 ttft", self.p99_9_ttft),
            ("median e2e_latency", self.median_e2e_latency),
            ("mean input length", self.mean_input_tokens),
            ("mean output length", self.mean_output_tokens),
        ];
        let figures = means.iter().map(|(metric, value)| (metric.name(), *value)).chain(others);
        for (name, value) in figures {
            if let Some(value) = value.filter(|value| !(value.is_finite() && *value > 0.0)) {
                return Err(format!("{name} is {value}"));
            }
        }
        if means.iter().all(|(_, value)| value.is_none()) {
            return Err("no metric is in it".to_owned());
        }
        let mut derived = PerMetric::default();
        for &metric in &self.derived {
            derived[metric] = means[metric].is_some();
        }
        Ok(Measured {
            means,
            p99_ttft: self.p99_ttft,
            p90_ttft: self.p90_ttft,
            p99_9_ttft: self.p99_9_ttft,
            median_e2e_latency: self.median_e2e_latency,
            derived,
            mean_lengths,
            ..Measured::default()
        })
    }
}

/// Properties that the file or the user says, or both alike.
struct Settle<'a> {
    place: &'a Place,
    /// What neither says, with the option to say it by.
    missing: Vec<(&'static str, &'static str)>,
}

impl Settle<'_> {
    fn name(
        &mut self,
        what: &'static str,
        option: &'static str,
        held: Option<String>,
        given: Option<&String>,
    ) -> Result<Option<String>> {
        let lower = |text: String| text.to_ascii_lowercase();
        let held = held.filter(|text| !text.is_empty()).map(lower);
        let Some(name) = self.settle(what, option, held, given.cloned().map(lower))? else {
            return Ok(None);
        };
        if is_name(&name) {
            Ok(Some(name))
        } else {
            let message = format!("the {what} `{name}` is not made of letters, digits and . _ - +");
            Err(Error::content(self.place.clone(), message))
        }
    }

    fn settle<T: PartialEq + std::fmt::Display>(
        &mut self,
        what: &'static str,
        option: &'static str,
        held: Option<T>,
        given: Option<T>,
    ) -> Result<Option<T>> {
        match (held, given) {
            (Some(held), Some(given)) if held != given => Err(Error::content(
                self.place.clone(),
                format!("the file says {what} {held} and {option} says {given}"),
            )
            .with_help(format!("leave {option} out"))),
            (Some(value), _) | (None, Some(value)) => Ok(Some(value)),
            (None, None) => {
                self.missing.push((what, option));
                Ok(None)
            }
        }
    }

    /// What is missing, all of it at once.
    fn missing(self) -> Error {
        let (whats, options): (Vec<_>, Vec<_>) = self.missing.into_iter().unzip();
        let verb = if whats.len() == 1 { "is" } else { "are" };
        let message = format!("the {} {verb} not in the file", whats.join(", "));
        Error::content(self.place.clone(), message)
            .with_help(format!("say with {}", options.join(", ")))
    }
}

/// The nearest whole number, above 0.
pub(super) fn whole(number: f64) -> Option<u32> {
    let rounded = number.round();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    (rounded >= 1.0 && rounded <= f64::from(u32::MAX)).then_some(rounded as u32)
}

/// A JSON object with its place, read key by key.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub value: &'a Value,
    /// Where it stands; its column is the pointer to the object, where that is not the whole.
    pub place: &'a Place,
}

impl<'a> Fields<'a> {
    /// The value at a JSON pointer, `/a/b`; `None` where it is absent or null.
    pub(super) fn get(self, pointer: &str) -> Option<&'a Value> {
        self.value.pointer(pointer).filter(|value| !value.is_null())
    }

    /// A number.
    pub(super) fn number(self, pointer: &str) -> Result<Option<f64>> {
        self.get(pointer)
            .map(|value| value.as_f64().ok_or_else(|| self.wrong(pointer, value, "a number")))
            .transpose()
    }

    /// A whole number, as a number or as text.
    pub(super) fn count(self, pointer: &str) -> Result<Option<u32>> {
        let read = |value: &Value| {
            let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
            whole(number).filter(|whole| (f64::from(*whole) - number).abs() < 1e-9)
        };
        self.get(pointer)
            .map(|value| read(value).ok_or_else(|| self.wrong(pointer, value, "a count above 0")))
            .transpose()
    }

    /// Text.
    pub(super) fn text(self, pointer: &str) -> Result<Option<&'a str>> {
        self.get(pointer)
            .map(|value| value.as_str().ok_or_else(|| self.wrong(pointer, value, "text")))
            .transpose()
    }

    /// An error at this key.
    pub(super) fn error(self, pointer: &str, message: impl Into<String>) -> Error {
        let within = self.place.column.as_deref().unwrap_or_default();
        Error::content(self.place.clone().in_column(format!("{within}{pointer}")), message)
    }

    fn wrong(self, pointer: &str, value: &Value, wanted: &str) -> Error {
        let mut shown = value.to_string();
        if shown.len() > 40 {
            shown = format!("{}…", shown.chars().take(40).collect::<String>());
        }
        self.error(pointer, format!("{shown} is not {wanted}"))
    }
}

/// Milliseconds as seconds.
pub(super) fn ms(value: Option<f64>) -> Option<f64> {
    value.map(|value| value / 1000.0)
}
