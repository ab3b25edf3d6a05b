//! The regression suite: every benchmark row is a test that Mantile's prediction lies in its band.
//!
//! `cargo test` replays the accepted release's recording; `MANTILE_API_URL=http://… cargo test` asks a live
//! Mantile instead.

#![expect(clippy::print_stderr, reason = "a suite that cannot start says why")]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use mantile_reconcile::base::settings::Settings;
use mantile_reconcile::base::text::plural;
use mantile_reconcile::cli::suite::{self, SuiteTrial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let exact = arguments.filter.as_deref().filter(|_| arguments.exact);
    match suite::trials(&Settings::from_env(""), exact, is_as_reviewed) {
        Ok(trials) => {
            // A listing has names alone, for programs to read.
            if !arguments.list {
                note_ignored(&trials, arguments.filter.as_deref().unwrap_or_default());
            }
            libtest_mimic::run(&arguments, trials.into_iter().map(trial).collect()).exit_code()
        }
        Err(error) => {
            eprintln!("error: {error}");
            error.exit().into()
        }
    }
}

fn trial(trial: SuiteTrial) -> Trial {
    let (name, is_ignored) = (trial.name.clone(), trial.ignored.is_some());
    Trial::test(name, move || trial.run().map_err(Failed::from)).with_ignored_flag(is_ignored)
}

/// Says how many trials whose names contain `filter` are ignored for which reason. On the trials' own lines the
/// reason would push all of them to the right.
fn note_ignored(trials: &[SuiteTrial], filter: &str) {
    let mut reasons: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for trial in trials.iter().filter(|trial| trial.name.contains(filter)) {
        if let Some(reason) = &trial.ignored {
            let model = trial.name.split("::").next().unwrap_or_default();
            *reasons.entry((model, reason)).or_default() += 1;
        }
    }
    for ((model, reason), rows) in reasons {
        eprintln!("ignoring {rows} unmapped row{} of {model}: {reason}", plural(rows));
    }
}

/// Whether a text is the reviewed one. If not, insta prints the difference, and leaves the text for review.
fn is_as_reviewed(folder: &Path, name: &str, text: &str) -> bool {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let assert = || settings.bind(|| insta::assert_snapshot!(name, text));
    catch_unwind(AssertUnwindSafe(assert)).is_ok()
}
