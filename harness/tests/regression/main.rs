//! The regression suite: every benchmark row is a test that Mantile's prediction lies in its band.
//!
//! `cargo test` replays the accepted release's recording; `MANTILE_API_URL=http://… cargo test` asks
//! a live Mantile instead.

#![expect(clippy::print_stderr, reason = "a suite that cannot start says why")]

mod suite;

use std::process::ExitCode;

use libtest_mimic::Arguments;
use mantile_reconcile::base::settings::Settings;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    match suite::trials(&Settings::from_env(""), &arguments) {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("error: {error}");
            error.exit().into()
        }
    }
}
