//! The command line: parses the arguments, runs the verb and returns the exit code.

mod accept;
mod args;
mod audit;
mod bands;
mod browser;
mod calibrate;
mod compare;
mod estimate;
mod estimators;
mod explain;
mod extract;
mod fetch;
mod filter;
mod gate;
mod history;
mod init_model;
mod lines;
mod output;
mod pages;
mod record;
mod report;
mod rows;
mod run;
mod serve;
mod service;
pub mod suite;

use std::ffi::OsString;
use std::path::Path;

use clap::Parser as _;

use crate::base::error::{Error, Exit, Result};
use crate::base::transaction;
use args::{Arguments, Verb};

/// Runs the program with these arguments, the first being its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are not errors; clap knows where each belongs.
            let _ = error.print();
            return if error.use_stderr() { Exit::BadInput } else { Exit::Inside };
        }
    };
    match run(&arguments) {
        Ok(exit) => exit,
        Err(error) => {
            output::complain(&error);
            error.exit()
        }
    }
}

fn run(arguments: &Arguments) -> Result<Exit> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
            Error::unavailable(format!("cannot start the asynchronous runtime: {error}"))
        })?;
    // Without the dot, paths in messages are as short as they can be.
    let root =
        if arguments.root == Path::new(".") { Path::new("") } else { arguments.root.as_path() };
    if transaction::recover(root)? {
        output::note("note: an acceptance that was cut off is finished now");
    }
    runtime.block_on(async {
        match &arguments.verb {
            Verb::Run(args) => run::run(root, args).await,
            Verb::Extract(args) => extract::run(root, args).await,
            Verb::Audit(args) => audit::run(root, args).await,
            Verb::Filter(args) => filter::run(root, args),
            Verb::Estimate(args) => estimate::run(root, args).await,
            Verb::Compare(args) => compare::run(root, args),
            Verb::Record(args) => record::run(root, args).await,
            Verb::Serve(args) => serve::run(root, args).await,
            Verb::Gate(args) => gate::run(root, args).await,
            Verb::History(args) => history::run(root, args).await,
            Verb::InitModel(args) => init_model::run(root, args).await,
            Verb::Explain(args) => explain::run(root, args).await,
            Verb::Report(args) => report::run(root, args).await,
            Verb::Calibrate(args) => calibrate::run(root, args),
            Verb::Bands(args) => bands::run(root, args).await,
        }
    })
}
