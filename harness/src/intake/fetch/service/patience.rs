//! The patience with a service.

use std::time::Duration;

/// The limits of waiting for a service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// The time without a byte after which a try is given up.
    pub timeout: Duration,
    /// The number of tries after the first.
    pub retries: usize,
    /// The wait before the second try; it doubles before each further one.
    pub first_delay: Duration,
    /// The longest wait for a rate limit.
    pub max_wait: Duration,
}
