//! Checks of measured rows against physics and against each other: can a row, or a whole file, be what it
//! says?
//!
//! The room is pure: it takes rows and Mantile's recorded answers, and returns findings.

mod accepted;
mod curve;
mod figures;
mod finding;
mod hardware;
mod peers;
mod repeats;
mod subject;
#[cfg(test)]
mod testing;

pub use accepted::{AuditJudgement, judge};
pub use finding::{Finding, Severity};
pub use subject::{AuditSubject, audit};
