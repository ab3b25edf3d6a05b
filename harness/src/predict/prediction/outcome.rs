//! The prediction of a row, and its outcome.

use super::Estimate;
use crate::base::text::excerpt;
use crate::mantile::{Anomaly, Answer, Reply};
use crate::row::{Identity, Lengths, Row};

/// The prediction of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The measured row.
    pub row: Row,
    /// The outcome: an estimate, or the reason for having none.
    pub outcome: Outcome,
    /// The names of the approximations that the prediction makes, sorted.
    pub approximations: Vec<String>,
    /// The key of the request that was answered; `None` for an unmapped row.
    pub request_key: Option<String>,
    /// The recorded release or the URL of the live service that answered; `None` for an unmapped row.
    pub answered_by: Option<String>,
    /// The response time of the service, ms.
    pub response_time_ms: Option<f64>,
}

/// The outcome of predicting a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// An answer that passed all checks.
    Predicted(Estimate),
    /// The row cannot be expressed in Mantile, for this reason.
    Unmapped(String),
    /// Mantile refused the request, with this status and text.
    Refused(String),
    /// Mantile's answer has these anomalies.
    Insane(Estimate, String),
    /// There was no answer, or none in Mantile's format.
    Unavailable(String),
}

impl Outcome {
    /// The word in the `status` column of the predictions file.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Predicted(_) => "predicted",
            Self::Unmapped(_) => "unmapped",
            Self::Refused(_) => "refused",
            Self::Insane(..) => "insane",
            Self::Unavailable(_) => "unavailable",
        }
    }

    /// The figures of an answer, with or without anomalies.
    #[must_use]
    pub fn estimate(&self) -> Option<&Estimate> {
        match self {
            Self::Predicted(estimate) | Self::Insane(estimate, _) => Some(estimate),
            _ => None,
        }
    }

    /// The reason for having no accepted prediction.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Predicted(_) => None,
            Self::Unmapped(text)
            | Self::Refused(text)
            | Self::Insane(_, text)
            | Self::Unavailable(text) => Some(text),
        }
    }

    /// Reads the reply to a request with `concurrency` requests in flight of these lengths, on `packages` packages.
    #[must_use]
    pub fn of_reply(
        reply: &Reply,
        identity: &Identity,
        concurrency: u32,
        lengths: Lengths,
        packages: u32,
    ) -> Self {
        if reply.status != 200 {
            return Self::Refused(format!("status {}: {}", reply.status, excerpt(&reply.body)));
        }
        let answer: Answer = match serde_json::from_str(&reply.body) {
            Ok(answer) => answer,
            Err(error) => {
                let kind = if reply.content_type.is_empty() {
                    "no content type"
                } else {
                    &reply.content_type
                };
                let text = format!("not in the format of Mantile's answers ({kind}): {error}");
                return Self::Unavailable(text);
            }
        };
        let estimate = Estimate::new(&answer, identity, concurrency, lengths);
        let anomalies: Vec<String> =
            answer.anomalies(packages).iter().map(Anomaly::to_string).collect();
        if anomalies.is_empty() {
            Self::Predicted(estimate)
        } else {
            Self::Insane(estimate, anomalies.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_reply_is_predicted_refused_insane_or_unavailable() {
        let identity = "b200::vllm::fp4::1000x1000::tp4_ep1::c8".parse().unwrap();
        let outcome = |status, body: &str| {
            let reply = Reply {
                status,
                content_type: "text/html".to_owned(),
                body: body.to_owned(),
                elapsed: Duration::ZERO,
            };
            Outcome::of_reply(&reply, &identity, 8, Lengths { input: 9.0, output: 9.0 }, 4)
        };
        assert_eq!(outcome(500, "Internal Server Error").status(), "refused");
        assert_eq!(outcome(200, "<html>").status(), "unavailable");
        let body = |packages: u32, ttft: &str| {
            format!(
                r#"{{"ttft_ms":{ttft},"tpot_ms":2.0,"tps_user":500.0,"memory":{{"weight_memory_gb":1.0,
                "activation_memory_gb":1.0,"kv_cache_gb":1.0,"memory_per_package_gb":1.0,
                "hw_capacity_gb":80.0}},"system":{{"num_packages":{packages},"bottleneck":"b",
                "fits_on_hardware":true}}}}"#
            )
        };
        assert_eq!(outcome(200, &body(4, "5.0")).status(), "predicted");
        assert_eq!(outcome(200, &body(1, "5.0")).status(), "insane");
        assert_eq!(outcome(200, &body(4, "-5.0")).status(), "insane");
    }
}
