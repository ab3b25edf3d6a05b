//! The diagnosis of Mantile's errors, before anything is fitted: their kind, their patterns, and how much
//! better each parameter could make them.

mod diagnose;
mod diagnosis;
mod golden_section;
mod noise;
mod pattern;
mod reach;

pub use diagnose::explain;
pub use diagnosis::{Diagnosis, ErrorKind, MeanLogs, MetricDiagnosis};
pub use noise::Noise;
pub use pattern::Pattern;
pub use reach::{Best, Moved, Reach};
