//! The events of fetching, for a progress display.

/// An event while something is fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchEvent<'a> {
    /// A remark that a person should read.
    Note(&'a str),
    /// A run is looked at.
    Run {
        /// The position of the run, from 1.
        number: usize,
        /// The number of all runs; `None` until they are all listed.
        total: Option<usize>,
        /// The id of the run.
        id: u64,
    },
    /// Bytes of a download arrived.
    Bytes {
        /// The name of the downloaded artifact.
        name: &'a str,
        /// The number of bytes so far.
        received: u64,
    },
}

/// A function that is called with each event.
pub type OnEvent<'a> = dyn Fn(FetchEvent<'_>) + 'a;
