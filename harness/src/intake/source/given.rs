//! The facts that a user gives about results, because their files may not hold them.

use std::collections::BTreeMap;

use crate::row::{Identity, Layout};

/// Facts about results that the caller knows and the files may not hold.
#[derive(Debug, Clone, Default)]
pub struct GivenFacts {
    /// The provider of every row that is read.
    pub provider: String,
    /// The names of the model in artifacts; a result that names another model is skipped.
    pub models: Vec<String>,
    /// The dates of runs by their ids (RFC 3339), for artifacts without a date.
    pub run_dates: BTreeMap<String, String>,
    /// The GPU model.
    pub gpu: Option<String>,
    /// The serving engine.
    pub framework: Option<String>,
    /// The precision of the weights.
    pub precision: Option<String>,
    /// The number of GPUs that share each layer.
    pub tensor_parallel: Option<u32>,
    /// The number of groups among these GPUs that the experts are spread over.
    pub expert_parallel: Option<u32>,
    /// Whether attention is data-parallel.
    pub dp_attention: Option<bool>,
    /// The nominal input length, tokens.
    pub input_seq_len: Option<u32>,
    /// The nominal output length, tokens.
    pub output_seq_len: Option<u32>,
    /// The number of requests in flight.
    pub concurrency: Option<u32>,
    /// The date of the measurement.
    pub date: Option<String>,
    /// The container image.
    pub image: Option<String>,
    /// The id of the run [default: the file's name].
    pub run_id: Option<String>,
}

impl GivenFacts {
    /// Whether a result is wanted whose model goes by these names. Without given names every result is.
    #[must_use]
    pub fn wants(&self, names: &[&str]) -> bool {
        self.models.is_empty()
            || names.iter().any(|name| self.models.iter().any(|model| model == name))
    }

    /// The option whose value contradicts the identity of a row that was read.
    pub(super) fn contradicts(&self, row: &Identity) -> Option<&'static str> {
        fn differ<T: PartialEq>(given: Option<&T>, read: Option<&T>) -> bool {
            given.is_some() && given != read
        }
        let names_differ = |given: &Option<String>, read: &str| {
            given.as_ref().is_some_and(|given| !given.eq_ignore_ascii_case(read))
        };
        let engine = match &row.layout {
            Layout::Aggregated(engine) => Some(engine),
            Layout::Disaggregated { .. } => None,
        };
        let tp = engine.map(|engine| &engine.tensor_parallel);
        let ep = engine.map(|engine| &engine.expert_parallel);
        let dpa = engine.map(|engine| &engine.dp_attention);
        let requests = row.concurrency.fixed();
        let contradictions = [
            (names_differ(&self.gpu, &row.gpu_model), "--gpu"),
            (names_differ(&self.framework, &row.framework), "--framework"),
            (names_differ(&self.precision, &row.precision), "--precision"),
            (differ(self.input_seq_len.as_ref(), Some(&row.input_seq_len)), "--input-seq-len"),
            (differ(self.output_seq_len.as_ref(), Some(&row.output_seq_len)), "--output-seq-len"),
            (differ(self.concurrency.as_ref(), requests.as_ref()), "--concurrency"),
            (differ(self.tensor_parallel.as_ref(), tp), "--tensor-parallel"),
            (differ(self.expert_parallel.as_ref(), ep), "--expert-parallel"),
            (differ(self.dp_attention.as_ref(), dpa), "--dp-attention"),
        ];
        contradictions.into_iter().find_map(|(differs, option)| differs.then_some(option))
    }
}
