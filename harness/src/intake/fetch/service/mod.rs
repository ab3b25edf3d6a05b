//! Asking a service over HTTP. The token goes only to the service's own origin, redirects are followed by hand,
//! passing faults are retried with back-off, rate limits are waited for, and downloads resume where they were cut.

mod answer;
mod ask;
mod download;
mod event;
mod fault;
mod follow;
mod http_service;
mod patience;
mod token;

pub(super) use answer::HttpAnswer;
pub(super) use download::DownloadOutcome;
pub use event::{FetchEvent, OnEvent};
pub(super) use http_service::HttpService;
pub use patience::Patience;
pub use token::GitHubToken;
