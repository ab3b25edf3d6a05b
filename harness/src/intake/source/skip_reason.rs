//! The reasons why a published result does not become a row.

use std::fmt;

/// A reason why a result is not taken. Its text follows "not taken: ", and is a value in the JSON and CSV output of
/// `extract`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// The result belongs to another model, which it calls by this name.
    AnotherModel(String),
    /// The prompts are conversations of many turns, which have no common length.
    AgenticScenario,
    /// Prefill and decode run in separate pools whose numbers of workers were not published.
    PoolsWithoutWorkers,
    /// The file lists single requests; the file of this name summarises them.
    SingleRequests {
        /// The listed items, in the tool's words: requests or responses.
        items: &'static str,
        /// The file to read instead.
        summary: &'static str,
    },
    /// The benchmark was cancelled before it ended.
    Cancelled,
    /// Requests came in this pattern, so that the number in flight is not fixed.
    NoConcurrency(String),
    /// Latency and throughput of this framework's result contradict each other.
    FiguresDisagree(String),
    /// AIConfigurator measured the result itself; it is not an InferenceMAX result.
    OwnMeasurement,
    /// The id does not give TP and EP, and the columns count expert parallelism twice.
    AmbiguousParallelism,
    /// A newer result of the same configuration was taken.
    Superseded,
    /// The same figures were published more than once.
    PublishedAgain,
    /// A source listed earlier in `reconcile.toml` has a result that is as new or newer.
    InEarlierSource,
    /// The result lacks something or is malformed, as this sentence says.
    Unusable(String),
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnotherModel(name) => write!(f, "another model: {name}"),
            Self::AgenticScenario => {
                f.write_str("agentic scenario: prompts of many turns, of no one length")
            }
            Self::PoolsWithoutWorkers => {
                f.write_str("separate pools without the numbers of their workers")
            }
            Self::SingleRequests { items, summary } => {
                write!(f, "{items} one by one: read the {summary} that lies beside it")
            }
            Self::Cancelled => f.write_str("the run was cancelled"),
            Self::NoConcurrency(load) => {
                write!(f, "load of kind {load} has no concurrency; say it with --concurrency")
            }
            Self::FiguresDisagree(framework) => {
                write!(f, "latency and throughput of {framework} disagree")
            }
            Self::OwnMeasurement => {
                f.write_str("AIConfigurator's own measurement, not InferenceMAX's")
            }
            Self::AmbiguousParallelism => {
                f.write_str("its id does not say TP and EP, and its columns count EP twice")
            }
            Self::Superseded => {
                f.write_str("superseded by a newer result of the same configuration")
            }
            Self::PublishedAgain => f.write_str("the same result again"),
            Self::InEarlierSource => f.write_str("a source listed before has it as new or newer"),
            Self::Unusable(fault) => f.write_str(fault),
        }
    }
}

impl From<String> for SkipReason {
    fn from(fault: String) -> Self {
        Self::Unusable(fault)
    }
}
