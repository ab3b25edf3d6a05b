//! The recorded answer to a row's request.

use super::{CandidateRequest, Mapped};
use crate::mantile::breakdown::LayerBreakdown;
use crate::mantile::recording::Recording;
use crate::mantile::{Answer, LayerTable};

/// A row's request with its recorded answer.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The request.
    pub question: CandidateRequest,
    /// The answer.
    pub answer: Answer,
    /// The times of the answer by layer.
    pub breakdown: LayerBreakdown,
}

impl Mapped<'_> {
    /// The recorded answer to the row's request; for a peak, to the request with the highest concurrency. The
    /// error says why there is none.
    pub fn recorded(&self, recording: &Recording, layers: &LayerTable) -> Result<Recorded, String> {
        let question = self.questions(layers).pop().ok_or("it has no request")?;
        let entry =
            recording.entries.get(&question.request.key()).ok_or("its request is not recorded")?;
        if entry.reply.status != 200 {
            return Err(format!("Mantile refuses it with status {}", entry.reply.status));
        }
        let body = entry.reply.text();
        let answer = serde_json::from_str(&body).map_err(|error| error.to_string())?;
        let breakdown = LayerBreakdown::parse(&body, layers)?;
        Ok(Recorded { question, answer, breakdown })
    }
}
