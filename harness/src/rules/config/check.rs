//! The checks of a `reconcile.toml`: each gives the fault and the next step.

use std::collections::BTreeSet;

use toml::Spanned;

use super::mapping::GpuConfig;
use super::schema::{EstimatorConfig, SourceConfig};
use crate::base::text::is_identifier;
use crate::row::group::Group;
use crate::row::metric::Metric;
use crate::rules::audit_check::{AcceptedFinding, AuditCheck};
use crate::rules::band::Interval;
use crate::rules::names;
use crate::rules::toml_text::Fault;

/// Names that a source must not have, because the test suite names checks of the whole model by them.
pub const RESERVED_SOURCE_NAMES: [&str; 7] =
    ["audit", "gate", "coverage", "snapshot", "recording", "known_deviations", "estimator"];

pub(super) fn sources(sources: &[Spanned<SourceConfig>]) -> Result<(), Fault> {
    if sources.is_empty() {
        let help = "add a [[source]] with name, file and mean_length_ratio";
        return Err(Fault::new("the model has no source of rows", help));
    }
    Ok(())
}

pub(super) fn source(source: &SourceConfig) -> Result<(), Fault> {
    let SourceConfig { name, mean_length_ratio, peak_concurrencies, .. } = source;
    if !is_identifier(name) {
        let fault = format!("the source name `{name}` is not made of letters, digits, _ and -");
        return Err(Fault::new(fault, "choose a name such as my-benchmark"));
    }
    if RESERVED_SOURCE_NAMES.contains(&name.as_str()) {
        let fault = format!("the source name `{name}` is reserved for a check of the test suite");
        return Err(Fault::new(fault, "choose another name"));
    }
    if !(*mean_length_ratio > 0.0 && *mean_length_ratio <= 1.0) {
        return Err(Fault::new(
            format!("mean_length_ratio {mean_length_ratio} is not above 0 and at most 1"),
            "write the mean length divided by the nominal length; it is 1 where every request has \
             the nominal length",
        ));
    }
    if peak_concurrencies.contains(&0) {
        return Err(Fault::new(
            "peak_concurrencies contains 0",
            "remove the 0; at its peak, a service has at least one request in flight",
        ));
    }
    Ok(())
}

pub(super) fn estimator(estimator: &EstimatorConfig) -> Result<(), Fault> {
    names::check_estimator(&estimator.name)
        .map_err(|message| Fault::new(message, "choose another name"))
}

pub(super) fn gpu(gpu: &GpuConfig) -> Result<(), Fault> {
    let GpuConfig { model, hardware_id, unmapped, precision, .. } = gpu;
    match (hardware_id, unmapped) {
        (Some(_), None) if precision.is_empty() => Err(Fault::new(
            format!("{model} has a hardware_id and no precision"),
            "add a line such as precision.fp8 = { dtype = \"nvfp8\" }",
        )),
        (Some(_), None) | (None, Some(_)) => Ok(()),
        (hardware_id, _) => Err(Fault::new(
            if hardware_id.is_some() {
                format!("{model} has both hardware_id and unmapped")
            } else {
                format!("{model} has neither hardware_id nor unmapped")
            },
            "write either hardware_id with the name of Mantile's hardware configuration, or unmapped \
             with the reason why there is none",
        )),
    }
}

pub(super) fn coverage(percent: f64) -> Result<(), Fault> {
    if (0.0..=100.0).contains(&percent) {
        return Ok(());
    }
    Err(Fault::new(
        format!("min_coverage_percent {percent} is not a percentage from 0 to 100"),
        "write the least share of rows that must have a prediction, such as 95.0",
    ))
}

const NOISE_FLOOR_HELP: &str =
    "write the largest result of a repeated measurement divided by the smallest, such as 1.05";

pub(super) fn missing_noise_floor(metric: Metric) -> Fault {
    Fault::new(format!("noise_floor has no value for {}", metric.name()), NOISE_FLOOR_HELP)
}

pub(super) fn noise_floor(metric: Metric, ratio: f64) -> Result<(), Fault> {
    if (1.0..=10.0).contains(&ratio) {
        return Ok(());
    }
    let fault =
        format!("the noise floor of {} is {ratio}, not a ratio from 1 to 10", metric.name());
    Err(Fault::new(fault, NOISE_FLOOR_HELP))
}

/// Checks that a band is an interval that is wide enough not to judge measurement noise.
pub(super) fn band(metric: Metric, interval: Interval, floor: f64) -> Result<(), Fault> {
    if let Some(fault) = interval.fault() {
        return Err(fault);
    }
    // Both ends are rounded when they are written, so allow the last digit. The band of a peak has no
    // lower end.
    let is_tight = if interval.low > 0.0 {
        interval.high / interval.low < floor * floor * 0.999
    } else {
        interval.high < floor * 0.999
    };
    if is_tight {
        return Err(Fault::new(
            format!(
                "the {} band {interval} is tighter than the noise floor [{:.4}, {floor:.4}]",
                metric.name(),
                1.0 / floor
            ),
            "widen the band, or lower the noise floor if repeated measurements agree more closely",
        ));
    }
    Ok(())
}

pub(super) fn second_gate(group: &Group) -> Fault {
    Fault::new(format!("the group {group} has two gates"), "merge them into one [[gate]]")
}

pub(super) fn max_mape(metric: Metric, percent: f64) -> Result<(), Fault> {
    if percent.is_finite() && percent >= 0.0 {
        return Ok(());
    }
    Err(Fault::new(
        format!("max_mape_percent.{} is {percent}, which is not a percentage", metric.name()),
        "write the largest allowed MAPE, such as 25.0",
    ))
}

/// The check whose error is accepted: it exists, there is a reason, and no entry before accepts the same.
pub(super) fn acceptance(
    row: &str,
    name: &str,
    reason: &str,
    before: &[AcceptedFinding],
) -> Result<AuditCheck, Fault> {
    let Some(check) = AuditCheck::from_name(name) else {
        let checks = AuditCheck::ALL.map(AuditCheck::name).join(", ");
        return Err(Fault::new(
            format!("there is no audit check `{name}`"),
            format!("the checks are {checks}"),
        ));
    };
    if reason.trim().is_empty() {
        return Err(Fault::new(
            format!("the accepted error {name} of {row} has no reason"),
            "write in reason why the row is kept",
        ));
    }
    if before.iter().any(|other| other.row == row && other.check == check) {
        return Err(Fault::new(
            format!("the error {name} of {row} is accepted twice"),
            "remove one of the two entries",
        ));
    }
    Ok(check)
}

/// Checks that no name of a kind occurs twice; a fault comes with the offset of the second one.
pub(super) fn unique(names: &[(usize, &'static str, String)]) -> Result<(), (usize, Fault)> {
    let mut seen = BTreeSet::new();
    for (offset, kind, name) in names {
        if !seen.insert((kind, name)) {
            let fault = format!("the {kind} `{name}` occurs twice");
            return Err((*offset, Fault::new(fault, "rename or remove one of them")));
        }
    }
    Ok(())
}

/// Checks that every approximation in use is explained and that every explained one is in use. Names come
/// with their offsets, and so does a fault.
pub(super) fn approximations(
    used: &[(usize, &str)],
    explained: &[(usize, &str)],
) -> Result<(), (usize, Fault)> {
    if let Some((offset, name)) = first_missing(used, explained) {
        let fault = format!("the approximation `{name}` is not explained");
        let help = format!("explain it under [approximations]: {name} = \"…\"");
        return Err((offset, Fault::new(fault, help)));
    }
    if let Some((offset, name)) = first_missing(explained, used) {
        let fault = format!("the approximation `{name}` is explained but never used");
        let help = "remove it, or correct its name here or where it is used";
        return Err((offset, Fault::new(fault, help)));
    }
    Ok(())
}

/// The first of the names that is not among the others.
fn first_missing<'a>(
    names: &[(usize, &'a str)],
    others: &[(usize, &str)],
) -> Option<(usize, &'a str)> {
    let others: BTreeSet<&str> = others.iter().map(|(_, name)| *name).collect();
    names.iter().copied().find(|(_, name)| !others.contains(name))
}
