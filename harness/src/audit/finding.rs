//! A finding of the audit, with its severity.

use serde::Serialize;

use crate::rules::audit_check::AuditCheck;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Unusual: look at it before you trust the row.
    Warning,
    /// Impossible, or so far off that some label or figure of the row must be wrong.
    Error,
}

impl Severity {
    /// The singular noun for a finding of this severity.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "remark",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something conspicuous about a row or a source.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The row's name within its model, or the name of the source.
    pub subject: String,
    /// How much it matters.
    pub severity: Severity,
    /// The check that found it.
    pub check: AuditCheck,
    /// The factor by which it is off, at least 1, which sorts the worst first; 1 where no figure is off.
    pub factor: f64,
    /// A sentence with the figures.
    pub message: String,
}

/// `ratio` or its inverse, whichever is at least 1.
pub(super) fn off_by(ratio: f64) -> f64 {
    ratio.max(1.0 / ratio)
}
