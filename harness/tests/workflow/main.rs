//! The program from its command line, its client against a misbehaving service, and the suite
//! against everything that must make it fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod accept;
mod audit;
mod bad_input;
mod calibrate;
mod client;
mod compare;
mod docs;
mod estimate;
mod estimators;
mod explain;
mod extract;
mod fetch;
mod filter;
mod formats;
mod gate;
mod init_model;
mod output;
mod page;
mod project;
mod record;
mod report;
mod reviewed;
mod run;
mod sensitivity;
mod suite;
mod suite_fails;
mod tidy;
