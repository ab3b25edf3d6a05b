//! Recordings: a release's answers, number for number, so that they can be replayed without Mantile.

mod ask;
mod content;
mod diff;
mod differing;
mod file;
mod miss;
mod plan;
mod replay;
mod reply;
mod store;

pub use ask::{ask, complete};
pub use content::{Recording, record_command};
pub use diff::{Difference, differences};
pub use differing::DifferingAnswer;
pub use file::to_text;
pub use miss::{Miss, NearestRequest, RECORDING_MISS_HEADER};
pub use plan::RecordingPlan;
pub use replay::ReplayServer;
pub use reply::{RecordedAnswer, RecordedReply};
pub use store::{load, load_if_any, others, path, save, save_among_others, save_sharing};
