//! Error arithmetic: of one row, and of a group of rows.

mod bootstrap;
mod clustered;
mod mean;
mod pair;
mod quantile;
mod rank;
mod summary;

pub use bootstrap::{
    Interval95, paired_bias_change, paired_mape_change, paired_rank_change, paired_skill,
};
pub use clustered::clustered_mean;
pub use pair::Pair;
pub use quantile::{conformal_quantile, least_rows, median_interval, quantile};
pub use rank::spearman;
pub use summary::{Statistics, of};
