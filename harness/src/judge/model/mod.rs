//! The folder of a model: `by_model/<org>_<model>/` with its configuration, known deviations and rows.

mod consistency;
mod load;
mod names;

pub use load::{
    Model, adopt, load, load_config, load_estimator, load_unadopted, read_config, read_rows,
};
pub use names::{by_model, list, named};
