//! The hardware configuration of a calibrated group, as Mantile loads it.

use std::fmt::Write as _;

use super::{FittedSetting, HeldOut, Proof};
use crate::mantile::datasheet;
use crate::mantile::hardware::{Hardware, HardwareDescription};
use crate::row::metric::Metric;

/// A value rounded to five significant digits, as files hold it and Mantile gets it.
#[must_use]
pub(super) fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

impl FittedSetting {
    /// Mantile's parameters, rounded as they are written, with the compute of the dtypes that are wanted.
    #[must_use]
    pub fn hardware_for(&self, dtypes: &[String], is_wanted: impl Fn(&str) -> bool) -> Hardware {
        let compute = dtypes.iter().zip(&self.pflops).filter(|(dtype, _)| is_wanted(dtype));
        let Hardware {
            bandwidth_gb_per_s,
            interconnect_gb_per_s,
            interconnect_latency_us,
            kernel_overhead_us,
            overlap,
            ..
        } = self.hardware;
        Hardware {
            compute_pflops: compute
                .map(|(dtype, value)| (dtype.clone(), rounded(*value)))
                .collect(),
            bandwidth_gb_per_s: rounded(bandwidth_gb_per_s),
            interconnect_gb_per_s: rounded(interconnect_gb_per_s),
            interconnect_latency_us: rounded(interconnect_latency_us),
            kernel_overhead_us: rounded(kernel_overhead_us),
            overlap,
        }
    }
}

impl Proof {
    /// The id of the group's hardware configuration, which is the file's name in Mantile's data folder. It names
    /// the model if only one was fitted to, so that each model gets a file of its own.
    #[must_use]
    pub fn hardware_id(&self) -> String {
        let maker = datasheet::of(&self.group.gpu_model).map_or("", |sheet| &sheet.manufacturer);
        let framework = self.group.framework.as_deref();
        let model = match &self.models[..] {
            [only] => only.model.split_once('_').map(|(_, name)| name),
            _ => None,
        };
        let parts =
            [Some(maker), Some(&self.group.gpu_model), framework, model, Some("calibrated")];
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let parts: Vec<String> =
            parts.into_iter().flatten().map(|part| part.chars().map(plain).collect()).collect();
        parts.join("_")
    }

    /// The description of the group's hardware configuration. `release` is the release whose recorded answers
    /// give the work.
    #[must_use]
    pub fn about(&self, release: &str, beyond_datasheet: bool) -> HardwareDescription {
        let sheet = datasheet::of(&self.group.gpu_model);
        let name = sheet.map_or(self.group.gpu_model.as_str(), |sheet| &sheet.name);
        let framework = self.group.framework.as_deref();
        let mut description = self.origin_words(release);
        description.push_str(&self.error_words());
        if let Some(sheet) = sheet {
            let bound = if beyond_datasheet { "Up to twice what is in" } else { "Bounded by" };
            let _ = write!(description, " {bound} the {}.", sheet.source);
        }
        let names = self.alone.parameters.iter().filter(|found| !found.is_identifiable);
        let names: Vec<&str> = names.map(|found| found.name.as_str()).collect();
        if !names.is_empty() {
            let _ = write!(description, " Not identifiable from the rows: {}.", names.join(", "));
        }
        description.push_str(" Only for the dtypes that it lists.");
        HardwareDescription {
            name: format!("{name}, {} (calibrated)", framework.unwrap_or("all frameworks")),
            description,
            manufacturer: sheet.map_or(String::new(), |sheet| sheet.manufacturer.clone()),
            capacity_gb: sheet.map_or(0.0, |sheet| sheet.capacity_gb),
        }
    }

    fn origin_words(&self, release: &str) -> String {
        let mut words = format!(
            "Effective parameters, fitted by mantile-reconcile to {} measured rows of {}",
            self.rows,
            self.model_names().join(" and ")
        );
        if let Some(framework) = &self.group.framework {
            let _ = write!(words, " served by {framework}");
        }
        if let Some((first, last)) = &self.days {
            let _ = write!(words, ", {first} to {last}");
        }
        let _ = write!(words, ", with the work that release {release} counts.");
        words
    }

    fn error_words(&self) -> String {
        let errors = self.alone.errors(HeldOut::Workload);
        let mut words = String::new();
        for metric in [Metric::Tpot, Metric::E2eLatency, Metric::Ttft] {
            let Some(errors) = errors.and_then(|errors| errors.get(metric.name())) else {
                continue;
            };
            let _ = write!(
                words,
                " Held-out MAPE of {}: {:.1}%, before {:.1}%.",
                metric.title(),
                errors.after.estimate,
                errors.before.estimate
            );
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_five_digits() {
        let texts = [0.000_123_456_7, 3027.96, 0.0].map(|value| rounded(value).to_string());
        assert_eq!(texts, ["0.00012346", "3028", "0"]);
    }
}
