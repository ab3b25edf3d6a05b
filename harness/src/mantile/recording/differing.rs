//! Answers that differ from the recorded ones.

use std::fmt;

use super::{RecordedReply, differences};

/// The name that stands for the HTTP status among the fields of an answer.
const STATUS: &str = "HTTP status";

/// A live answer that differs from the recorded one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferingAnswer {
    /// The request's key, or the page as `GET /path`.
    pub request: String,
    /// A field that differs: TTFT or TPOT if either does, or the HTTP status; empty where the recording was edited
    /// by hand.
    pub field: String,
    /// The recorded value of the field.
    pub recorded: String,
    /// The live value of the field.
    pub live: String,
    /// The number of fields that differ.
    pub fields: usize,
}

impl DifferingAnswer {
    /// Compares a live reply with the recorded one; `None` if they are equal.
    #[must_use]
    pub fn between(request: &str, recorded: &RecordedReply, live: &RecordedReply) -> Option<Self> {
        let request = request.to_owned();
        if recorded.digest == live.digest {
            return None;
        }
        if recorded.status != live.status {
            let [recorded, live] = [recorded, live].map(|reply| reply.status.to_string());
            return Some(Self { request, field: STATUS.to_owned(), recorded, live, fields: 1 });
        }
        let value =
            |reply: &RecordedReply| serde_json::from_str(reply.body.get()).unwrap_or_default();
        let differences = differences(&value(recorded), &value(live));
        // TTFT and TPOT first: a breakdown has hundreds of fields.
        let headline = differences
            .iter()
            .find(|difference| matches!(difference.path.as_str(), "tpot_ms" | "ttft_ms"))
            .or(differences.first());
        let (field, recorded, live) = headline.map_or_else(Default::default, |difference| {
            (difference.path.clone(), difference.recorded.clone(), difference.other.clone())
        });
        Some(Self { request, field, recorded, live, fields: differences.len() })
    }
}

impl fmt::Display for DifferingAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, field, recorded, live, fields } = self;
        match field.as_str() {
            "" => write!(f, "{request}: the recording was edited by hand"),
            STATUS => write!(f, "{request}: status {recorded} recorded, {live} live"),
            _ if *fields == 1 => write!(f, "{request}: {field}: {recorded} recorded, {live} live"),
            _ => write!(
                f,
                "{request}: {fields} fields differ, for example {field}: {recorded} recorded, {live} live"
            ),
        }
    }
}
