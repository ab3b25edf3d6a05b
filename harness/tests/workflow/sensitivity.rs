//! Defects that real estimators have had, put into the recorded answers one at a time: the gate on a release detects
//! each of them, and raises no alarm without a defect.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use mantile_reconcile::judge::drift::Drift;
use mantile_reconcile::judge::gate::{Decision, ReleaseGate, RowChange};
use mantile_reconcile::judge::model::Model;
use mantile_reconcile::judge::verdict::Status;
use mantile_reconcile::mantile::breakdown::{LayerBreakdown, LayerTime};
use mantile_reconcile::mantile::recording::Recording;
use mantile_reconcile::mantile::{LayerTable, Reply};
use mantile_reconcile::predict::mapping;
use mantile_reconcile::predict::prediction::{Outcome, Prediction};
use mantile_reconcile::row::{Layout, Parallelism, Row};
use serde_json::Value;

use super::project::Project;

const TABLE: &str = include_str!("../../../fixtures/README.md");

/// The answer for a row, to be spoilt by a defect.
struct Answered<'a> {
    row: &'a Row,
    body: Value,
    times: LayerBreakdown,
}

impl Answered<'_> {
    /// Changes the times of the layers, and sums them up to TTFT and TPOT again.
    fn layers(&mut self, change: impl Fn(&mut LayerTime)) {
        self.times.prefill.iter_mut().chain(&mut self.times.decode).for_each(change);
        self.retime();
    }

    fn retime(&mut self) {
        self.body["ttft_ms"] = self.times.ttft().0.into();
        self.body["tpot_ms"] = self.times.tpot().0.into();
    }

    fn scale(&mut self, key: &str, factor: f64) {
        self.body[key] = (self.body[key].as_f64().unwrap() * factor).into();
    }

    /// The parallelism of the engine that decodes.
    fn parallelism(&self) -> Parallelism {
        match &self.row.identity.layout {
            Layout::Aggregated(parallelism) => *parallelism,
            Layout::Disaggregated { decode, .. } => decode.parallelism,
        }
    }
}

type Defect = fn(&mut Answered<'_>);

/// The defects by name.
const DEFECTS: [(&str, Defect); 36] = [
    ("TTFT in seconds, not milliseconds", |a| a.scale("ttft_ms", 1e-3)),
    ("TPOT in microseconds, not milliseconds", |a| a.scale("tpot_ms", 1e3)),
    ("prefill and decode swapped", |a| {
        let (ttft, tpot) = (a.body["ttft_ms"].clone(), a.body["tpot_ms"].clone());
        a.body["ttft_ms"] = tpot;
        a.body["tpot_ms"] = ttft;
    }),
    ("KV cache not loaded", |a| a.layers(|l| l.load_ms *= 1.0 - l.kv_share)),
    ("KV cache loaded twice", |a| a.layers(|l| l.load_ms *= 1.0 + l.kv_share)),
    ("KV cache of the prompt alone", |a| {
        let identity = &a.row.identity;
        let (input, output) =
            (f64::from(identity.input_seq_len), f64::from(identity.output_seq_len));
        let kept = input / (input + output / 2.0);
        for layer in &mut a.times.decode {
            layer.load_ms *= 1.0 - layer.kv_share * (1.0 - kept);
        }
        a.retime();
    }),
    ("tensor parallelism ignored", |a| {
        let tp = f64::from(a.parallelism().tensor_parallel);
        a.layers(|l| {
            l.compute_ms *= tp;
            l.load_ms *= tp;
            l.communication_ms = 0.0;
        });
        a.body["system"]["num_packages"] = 1.into();
    }),
    ("tensor parallelism ignored, packages echoed", |a| {
        let tp = f64::from(a.parallelism().tensor_parallel);
        a.layers(|l| {
            l.compute_ms *= tp;
            l.load_ms *= tp;
            l.communication_ms = 0.0;
        });
    }),
    ("expert parallelism ignored", |a| {
        let Parallelism { tensor_parallel, expert_parallel, .. } = a.parallelism();
        if expert_parallel == tensor_parallel && expert_parallel > 1 {
            a.body["system"]["num_packages"] = (tensor_parallel / expert_parallel).into();
        }
        let ep = f64::from(expert_parallel);
        a.layers(|l| {
            if l.name == "MoE" {
                l.load_ms *= ep;
                l.compute_ms *= ep;
            }
        });
    }),
    ("expert parallelism counted twice", |a| {
        let ep = f64::from(a.parallelism().expert_parallel);
        a.layers(|l| {
            if l.name == "MoE" {
                l.load_ms /= ep;
                l.compute_ms /= ep;
            }
        });
    }),
    ("bytes of a weight doubled", |a| {
        a.layers(|l| {
            l.load_ms *= 2.0;
            l.communication_ms *= 2.0;
        });
    }),
    ("bytes of a weight halved", |a| {
        a.layers(|l| {
            l.load_ms /= 2.0;
            l.communication_ms /= 2.0;
        });
    }),
    ("memory bandwidth halved", |a| a.layers(|l| l.load_ms *= 2.0)),
    ("memory bandwidth doubled", |a| a.layers(|l| l.load_ms /= 2.0)),
    ("memory bandwidth 10% up", |a| a.layers(|l| l.load_ms /= 1.1)),
    ("peak compute halved", |a| a.layers(|l| l.compute_ms *= 2.0)),
    ("peak compute doubled", |a| a.layers(|l| l.compute_ms /= 2.0)),
    ("kernel overhead lost", |a| a.layers(|l| l.overhead_ms = 0.0)),
    ("kernel overhead doubled", |a| a.layers(|l| l.overhead_ms *= 2.0)),
    ("kernel overhead 10 times", |a| a.layers(|l| l.overhead_ms *= 10.0)),
    ("interconnect bandwidth halved", |a| a.layers(|l| l.communication_ms *= 2.0)),
    ("communication lost", |a| a.layers(|l| l.communication_ms = 0.0)),
    ("sliding attention missing", |a| drop_layer(a, "attention_sliding")),
    ("full attention missing", |a| drop_layer(a, "attention_full")),
    ("experts missing", |a| drop_layer(a, "MoE")),
    ("embedding missing", |a| drop_layer(a, "embedding")),
    ("experts counted once, not 36 times", |a| {
        a.layers(|l| {
            if l.name == "MoE" {
                l.count = 1.0;
            }
        });
    }),
    ("batch off by one", |a| {
        let batch = f64::from(a.row.identity.concurrency.fixed().unwrap());
        let more = (batch + 1.0) / batch;
        a.layers(|l| {
            l.compute_ms *= more;
            l.load_ms *= 1.0 + l.kv_share * (more - 1.0);
        });
    }),
    ("load no longer overlaps compute in decode", |a| a.layers(|l| l.overlap.load = false)),
    ("communication overlaps in decode", |a| a.layers(|l| l.overlap.communication = true)),
    ("H100 alone 30% slower in decode", |a| {
        if a.row.identity.gpu_model == "h100" {
            a.scale("tpot_ms", 1.3);
        }
    }),
    ("8192/1024 alone half the TTFT", |a| {
        if a.row.identity.context() == "8192x1024" {
            a.scale("ttft_ms", 0.5);
        }
    }),
    ("TPOT is null, as NaN becomes", |a| a.body["tpot_ms"] = Value::Null),
    ("TTFT is zero", |a| a.body["ttft_ms"] = 0.into()),
    ("eight packages refused", |a| {
        if a.parallelism().tensor_parallel == 8 {
            a.body = Value::Null;
        }
    }),
    ("memory ten times", |a| {
        let needed = a.body["memory"]["memory_per_package_gb"].as_f64().unwrap();
        a.body["memory"]["memory_per_package_gb"] = (10.0 * needed).into();
    }),
];

/// Changes that must not raise an alarm.
const HARMLESS: [(&str, Defect); 3] = [
    ("nothing at all", |_| {}),
    ("arithmetic in another order, 1e-12", |a| {
        a.scale("tpot_ms", 1.0 + 1e-12);
        a.scale("ttft_ms", 1.0 - 1e-12);
    }),
    ("arithmetic in single precision, 6e-8", |a| {
        a.scale("tpot_ms", 1.0 - 6e-8);
        a.scale("ttft_ms", 1.0 + 6e-8);
    }),
];

fn drop_layer(answered: &mut Answered<'_>, name: &str) {
    answered.times.prefill.retain(|layer| layer.name != name);
    answered.times.decode.retain(|layer| layer.name != name);
    answered.retime();
}

/// The model with its recording, read once.
struct Bench {
    model: Model,
    recording: Recording,
    layers: LayerTable,
    /// The answers of the mapped rows with their breakdowns, in the order of the rows.
    answers: Vec<(Value, LayerBreakdown)>,
    /// The predictions of all rows without a defect.
    baseline: Vec<Prediction>,
}

impl Bench {
    fn new() -> Self {
        let project = Project::new();
        let (model, recording) = (project.model(), project.recording());
        let layers = recording.layers().unwrap();
        let answer = |row: &Row| {
            let mapped = mapping::map(row, &model.config).ok()?;
            let body = recording.entries[&mapped.questions(&layers)[0].request.key()].reply.text();
            let times = LayerBreakdown::parse(&body, &layers).unwrap();
            let mut body: Value = serde_json::from_str(&body).unwrap();
            body["debug"] = Value::Null;
            Some((body, times))
        };
        let answers = model.rows.iter().filter_map(answer).collect();
        let mut bench = Self { model, recording, layers, answers, baseline: Vec::new() };
        bench.baseline = bench.predictions(|_| {}, 0);
        bench
    }

    /// The predictions of all rows, from their answers after `defect`. With a `shift`, each row gets the answer of
    /// the mapped row that many places on.
    fn predictions(&self, defect: Defect, shift: usize) -> Vec<Prediction> {
        let mut answers = self.answers.iter().cycle().skip(shift);
        let predict = |row: &Row| {
            let mapped = match mapping::map(row, &self.model.config) {
                Ok(mapped) => mapped,
                Err(unmapped) => return prediction(row, Outcome::Unmapped(unmapped.reason), None),
            };
            let question = mapped.questions(&self.layers).remove(0);
            let (body, times) = answers.next().unwrap().clone();
            let mut answered = Answered { row, body, times };
            defect(&mut answered);
            let (status, body) = match &answered.body {
                Value::Null => (500, "Internal Server Error".to_owned()),
                body => (200, body.to_string()),
            };
            let content_type = "application/json".to_owned();
            let reply = Reply { status, content_type, body, elapsed: Duration::ZERO };
            let outcome = Outcome::of_reply(
                &reply,
                &row.identity,
                question.concurrency,
                mapped.lengths,
                mapped.packages(),
            );
            prediction(row, outcome, Some(question.request.key()))
        };
        self.model.rows.iter().map(predict).collect()
    }

    fn gate(&self, candidate: Vec<Prediction>) -> ReleaseGate {
        let baseline = self.baseline.clone();
        ReleaseGate::new(&self.model, baseline, candidate, &self.recording, Timestamp::now())
    }
}

fn prediction(row: &Row, outcome: Outcome, request_key: Option<String>) -> Prediction {
    Prediction {
        row: row.clone(),
        outcome,
        approximations: vec![],
        request_key,
        answered_by: None,
        response_time_ms: None,
    }
}

/// A line of the table: what the gate detects.
fn line(name: &str, gate: &ReleaseGate) -> String {
    let rows =
        |picks: &dyn Fn(&RowChange) -> bool| gate.rows.iter().filter(|row| picks(row)).count();
    let drifted = rows(&|row| matches!(row.drift, Drift::Changed { .. }));
    let lost = rows(&|row| matches!(row.drift, Drift::Lost(_)));
    let left = gate.regressed_rows().filter(|row| row.verdict.status == Status::Outside).count();
    let (crossed, decision) = (gate.crossed.len(), gate.decision.name());
    format!("| {name} | {decision} | {drifted} | {lost} | {left} | {crossed} |")
}

#[test]
fn every_defect_is_detected_and_without_a_defect_there_is_no_alarm() {
    let bench = Bench::new();
    let mut table = String::from(
        "| defect | decision | rows drifted | rows lost | rows left bands | gates crossed |\n\
         |---|---|---:|---:|---:|---:|\n",
    );
    for (name, defect) in DEFECTS {
        let gate = bench.gate(bench.predictions(defect, 0));
        let _ = writeln!(table, "{}", line(name, &gate));
        assert!(gate.decision > Decision::Ok, "{name} was not detected");
    }
    let stale = bench.gate(bench.predictions(|_| {}, 1));
    let _ = writeln!(table, "{}", line("every row has the next row's answer", &stale));
    assert!(stale.decision.blocks());
    for (name, defect) in HARMLESS {
        let gate = bench.gate(bench.predictions(defect, 0));
        let _ = writeln!(table, "{}", line(name, &gate));
        assert_eq!(gate.decision, Decision::Ok, "{name} raised an alarm: {:?}", gate.reasons);
    }
    let rows = format!("against {} measured rows", bench.answers.len());
    assert!(TABLE.contains(&rows), "fixtures/README.md does not say `{rows}`");
    assert!(TABLE.contains(&table), "fixtures/README.md does not contain this table:\n{table}");
}
