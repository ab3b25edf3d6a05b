//! The regression suite, run on a project of the tests.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;

use mantile_reconcile::base::settings::Settings;
use mantile_reconcile::cli::suite;

use super::project::Project;
use super::reviewed::settings;

/// How a run of the suite ended.
pub(crate) struct Ended {
    /// The names of the trials that failed, sorted.
    pub(crate) failed: Vec<String>,
    pub(crate) passed: usize,
    /// The reason of each ignored trial.
    pub(crate) ignored: Vec<String>,
    /// Everything that the failures say.
    pub(crate) text: String,
}

impl Ended {
    /// The number of rows that failed.
    pub(crate) fn failed_rows(&self) -> usize {
        self.failed.iter().filter(|name| name.contains("::inferencemax::")).count()
    }

    /// The names of the checks that failed, without the model.
    pub(crate) fn failed_checks(&self) -> Vec<&str> {
        let checks = self.failed.iter().filter(|name| !name.contains("::inferencemax::"));
        checks.filter_map(|name| name.split_once("::").map(|(_, check)| check)).collect()
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) {
        assert!(self.text.contains(words), "no `{words}` in\n{}", self.text);
    }
}

/// Runs all trials of a project but the ignored ones, on as many threads as there are processors.
pub(crate) fn run_suite(project: &Project) -> Ended {
    let settings = Settings { api_url: None, root: project.root().to_path_buf() };
    let trials = suite::trials(&settings, None, is_as_reviewed).unwrap();
    let (ignored, trials): (Vec<_>, Vec<_>) =
        trials.into_iter().partition(|trial| trial.ignored.is_some());
    let ignored = ignored.into_iter().filter_map(|trial| trial.ignored).collect();
    let count = trials.len();
    let waiting = Mutex::new(trials.into_iter());
    let failures = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let Some(trial) = waiting.lock().unwrap().next() else { break };
            let name = trial.name.clone();
            if let Err(message) = trial.run() {
                failures.lock().unwrap().insert(name, message);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap();
    Ended {
        passed: count - failures.len(),
        ignored,
        text: failures.values().cloned().collect::<Vec<_>>().join("\n"),
        failed: failures.into_keys().collect(),
    }
}

/// Whether a text is the reviewed one, as `harness/tests/regression` decides it.
pub(crate) fn is_as_reviewed(folder: &Path, name: &str, text: &str) -> bool {
    let assert = || settings(folder).bind(|| insta::assert_snapshot!(name, text));
    catch_unwind(AssertUnwindSafe(assert)).is_ok()
}
