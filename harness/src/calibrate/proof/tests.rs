//! Calibrations of measurements that were made from known parameters.

use super::super::fit::Aim;
use super::super::observe::tests::observations;
use super::super::sensitivity::identifiable;
use super::super::{
    Conditions, Correction, FitGroup, FitMode, FittedSetting, HeldOut, Latencies, Load, Members,
    Observation, Observations, ParameterKind, ParameterSpace, Physics,
};
use super::group_fit::GroupFit;
use super::newest::Newest;
use super::*;
use crate::mantile::datasheet;
use crate::mantile::hardware::{Hardware, Overlap};
use crate::row::Identity;
use crate::row::metric::Metric;

/// Some of the vLLM rows on H200, measured as if `setting` had changed the hardware from the centre of the space.
fn as_if(setting: impl Fn(&mut FittedSetting)) -> (Observations, FittedSetting) {
    let is_wanted = |row: &crate::row::Row| {
        let identity = &row.identity;
        let few = matches!(identity.concurrency.fixed(), Some(4 | 16 | 64));
        let h200 = identity.gpu_model == "h200" && identity.framework == "vllm";
        few && h200 && row.provider == "inferencemax"
    };
    let mut found = observations("openai_GPT-OSS-120B", is_wanted, |_| ());
    let sheet = datasheet::of("h200").unwrap();
    let dtypes: Vec<usize> = (0..found.dtypes.len()).collect();
    let space = ParameterSpace::new(sheet, &found.dtypes, &dtypes, true, Physics::Bounded).unwrap();
    let point = space.logarithms(|parameter| parameter.center);
    let mut truth = space.setting(&point, Overlap::default());
    setting(&mut truth);
    for row in &mut found.rows {
        measure(row, truth.predict_with(row, Load::Divided));
    }
    (found, truth)
}

fn proof(found: &Observations) -> Proof {
    proof_against(found, None)
}

fn proof_against(found: &Observations, now: Option<&Hardware>) -> Proof {
    let group = FitGroup { gpu_model: "h200".to_owned(), framework: None };
    let group = |_: &Identity| group.clone();
    let mut proofs = prove(found, group, Physics::Bounded, |_| now.cloned(), || ());
    proofs.remove(0).1.unwrap()
}

/// Makes every row measured as it is predicted.
fn measure(row: &mut Observation, seen: Latencies) {
    let metrics = row.metrics(seen);
    for metric in Metric::ALL {
        row.row.measured.means[metric] = Some(metrics[metric]);
    }
}

#[test]
fn the_true_parameters_are_recovered_and_hold_on_held_out_workloads() {
    let (found, truth) = as_if(|setting| {
        setting.hardware.bandwidth_gb_per_s = 3000.0;
        setting.hardware.kernel_overhead_us = 9.0;
        setting.hardware.interconnect_gb_per_s = 40.0;
        setting.correction = Some(Correction {
            prefill_share: 0.7,
            host_ms: 8.0,
            wait_steps: 4.0,
            burst_share: 0.05,
        });
    });
    let proof = proof(&found);
    let corrected = proof.corrected.as_ref().unwrap();
    for (name, expected) in [
        ("bandwidth_gb_per_s", truth.hardware.bandwidth_gb_per_s),
        ("kernel_overhead_us", truth.hardware.kernel_overhead_us),
        ("interconnect_gb_per_s", truth.hardware.interconnect_gb_per_s),
        ("prefill_share", 0.7),
    ] {
        let value = corrected.parameters.iter().find(|found| found.name == name).unwrap().value;
        assert!((value / expected - 1.0).abs() < 0.02, "{name}: {value} against {expected}");
    }
    let tpot = corrected.errors(HeldOut::Workload).unwrap()["tpot"];
    assert!(tpot.after.estimate < 0.5, "{tpot:?}");
    assert!(FitMode::ALL.into_iter().all(|mode| proof.improves(mode)));
    assert!(corrected.held_out.len() == proof.rows && proof.workloads >= LEAST_WORKLOADS);
    let reason =
        |kind: HeldOut| corrected.errors.iter().find(|(held_out, _)| *held_out == kind).unwrap();
    assert!(reason(HeldOut::Model).1.as_ref().unwrap_err().contains("two models"));
    assert!(reason(HeldOut::Gpu).1.as_ref().unwrap_err().contains("no other GPU"));
    assert!(corrected.if_divided.is_none(), "nothing is counted whole");
}

/// A layer whose weights Mantile counts whole takes longer in Mantile at any parameters, so that parameters which
/// are right for the hardware make Mantile worse.
#[test]
fn weights_that_mantile_counts_whole_are_not_proved_by_dividing_them() {
    let (mut found, truth) = as_if(|_| ());
    let hardware = Hardware { kernel_overhead_us: 4.0, ..truth.hardware.clone() };
    let now = FittedSetting { hardware, correction: None, ..truth.clone() };
    for row in &mut found.rows {
        for work in row.prefill.iter_mut().chain(&mut row.decode) {
            work.divided_load_bytes = work.load_bytes;
            work.load_bytes *= 4.0;
        }
        row.answered = now.predict(row);
        let seen = FittedSetting { correction: None, ..truth.clone() };
        measure(row, seen.predict_with(row, Load::Divided));
    }
    let proof = proof(&found);
    let divided = proof.alone.if_divided.as_ref().unwrap()["tpot"];
    assert!(divided.after.estimate < 2.0, "{divided:?}");
    let counted = proof.alone.errors(HeldOut::Workload).unwrap()["tpot"];
    assert!(counted.after.estimate > counted.before.estimate, "{counted:?}");
    assert!(!proof.improves(FitMode::Alone));
}

#[test]
fn the_gain_of_the_dtypes_alone_is_no_merit_of_the_fit() {
    let (mut found, truth) = as_if(|_| ());
    let now = Hardware {
        compute_pflops: found.dtypes.iter().cloned().zip(truth.pflops.clone()).collect(),
        ..truth.hardware.clone()
    };
    for row in &mut found.rows {
        let seen = FittedSetting { correction: None, ..truth.clone() }.predict(row);
        measure(row, seen);
        row.answered = Latencies { ttft: 1.5 * seen.ttft, tpot: 1.5 * seen.tpot };
    }
    let reason =
        |now: Option<&Hardware>| proof_against(&found, now).models[0].alone.verdict.clone();
    let unknown = reason(None).unwrap();
    assert!(!unknown.contains("own dtypes"), "{unknown}");
    let known = reason(Some(&now)).unwrap_err().reason;
    assert!(known.contains("mean |ln(p/m)| of TPOT and E2E is 0.000, and the fit"), "{known}");
}

#[test]
fn older_rows_of_the_newest_configurations_are_not_fitted_to() {
    let (mut found, _) = as_if(|_| ());
    let days = ["2025-11-01", "2025-12-01"];
    let date = |found: &mut Observations, is_new: &dyn Fn(usize) -> bool| {
        for (index, row) in found.rows.iter_mut().enumerate() {
            let day = days[usize::from(is_new(index))].to_owned();
            row.row.provenance.benchmark_date = Some(day);
        }
    };
    let newest = |found: &Observations| {
        let rows: Vec<&Observation> = found.rows.iter().collect();
        Newest::among(&rows).map(|newest| (newest.since, newest.new.len(), newest.old.len()))
    };
    let all = found.rows.len();
    date(&mut found, &|index| index % 5 == 0);
    let new = all.div_ceil(5);
    assert_eq!(newest(&found).unwrap(), (days[1].to_owned(), new, all - new));
    // Another source measured every configuration before, so nothing is left to fit to.
    let again = found.rows.clone();
    date(&mut found, &|_| true);
    found.rows.extend(again.into_iter().map(|mut row| {
        row.row.provider = "another".to_owned();
        row.row.provenance.benchmark_date = Some(days[0].to_owned());
        row
    }));
    let reason = newest(&found).unwrap_err();
    assert!(reason.starts_with("only 0 rows are older than 2025-12-01 and of other"), "{reason}");
    for row in &mut found.rows {
        row.row.provenance.benchmark_date = None;
    }
    assert!(newest(&found).unwrap_err().contains("their day is unknown"));
}

#[test]
fn nothing_improves_where_mantile_is_right_already() {
    let (mut found, _) = as_if(|_| ());
    for row in &mut found.rows {
        measure(row, row.answered);
    }
    let proof = proof(&found);
    assert!(!FitMode::ALL.into_iter().any(|mode| proof.improves(mode)));
    let reason = proof.models[0].alone.verdict.clone().unwrap_err().reason;
    assert!(reason.ends_with("not significantly better"), "{reason}");
}

#[test]
fn few_rows_are_not_calibrated() {
    let (mut found, _) = as_if(|_| ());
    found.rows.truncate(5);
    let group = FitGroup { gpu_model: "h200".to_owned(), framework: None };
    let members = Members { rows: found.rows.iter().collect(), left_out: vec![] };
    let reason = |gpu: &str| {
        let group = FitGroup { gpu_model: gpu.to_owned(), ..group.clone() };
        GroupFit::new(&group, &members, &found.dtypes, Physics::Bounded, None).err().unwrap()
    };
    assert!(reason("h200").starts_with("it has 5 rows of"));
    assert_eq!(reason("x1"), "no datasheet of x1 is known");
}

#[test]
fn a_parameter_without_work_is_not_identifiable() {
    let (mut found, _) = as_if(|_| ());
    found.rows.retain(|row| row.workload().3 == 1);
    let sheet = datasheet::of("h200").unwrap();
    let conditions = Conditions { sheet, dtypes: &found.dtypes, physics: Physics::Bounded };
    let rows: Vec<&Observation> = found.rows.iter().collect();
    let fit = conditions.fit(&rows, Aim::of(FitMode::Alone)).unwrap();
    let is_identifiable = |kind: ParameterKind| {
        let place =
            fit.space.parameters.iter().position(|parameter| parameter.kind == kind).unwrap();
        identifiable(&fit)[place]
    };
    assert!(
        is_identifiable(ParameterKind::Bandwidth) && is_identifiable(ParameterKind::KernelOverhead)
    );
    assert!(!is_identifiable(ParameterKind::Interconnect), "one GPU exchanges nothing");
    assert!(!is_identifiable(ParameterKind::InterconnectLatency));
}
