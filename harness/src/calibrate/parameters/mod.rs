//! The parameters of a fit: their kinds and bounds, the space that they span, and the setting at a point of it.

mod parameter;
mod setting;
mod space;
mod starts;

pub use parameter::{Parameter, ParameterKind, Physics};
pub use setting::FittedSetting;
pub use space::ParameterSpace;
