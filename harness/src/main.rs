//! The command line of mantile-reconcile.

use std::process::ExitCode;

fn main() -> ExitCode {
    mantile_reconcile::cli::main(std::env::args_os()).into()
}
