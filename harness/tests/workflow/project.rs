//! A small project in a folder of its own, to run the program in and to break. It has one model with the rows of
//! one source, whatever else is in this checkout.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use mantile_reconcile::judge::model::{self, Model, list};
use mantile_reconcile::mantile::layers_path;
use mantile_reconcile::mantile::recording::{self, RecordedReply, Recording};
use mantile_reconcile::mantile::releases;
use mantile_reconcile::predict::mapping;
use mantile_reconcile::predict::rivals;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use toml_edit::{DocumentMut, Item};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const MODEL: &str = "openai_GPT-OSS-120B";
pub(crate) const SOURCE: &str = "inferencemax";
pub(crate) const RELEASE: &str = "72ff84e";

/// The last day of the project's known deviations.
pub(crate) const EXPIRES: &str = "2099-12-31";

/// A project's folder, which is removed when this is dropped.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// The exit code and the output of a run of the program.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    pub(crate) fn new() -> Self {
        static TEMPLATE: OnceLock<PathBuf> = OnceLock::new();
        let folder = tempfile::tempdir().unwrap();
        copy(TEMPLATE.get_or_init(template), folder.path(), &[]);
        Self { folder }
    }

    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// The rows of [`SOURCE`] and the releases up to [`RELEASE`], which is the accepted one. Bands, known
    /// deviations and snapshots are made for these by the program, as a person would make them.
    fn of_one_source() -> Self {
        let project = Self::empty();
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut others = list(checkout).unwrap();
        others.retain(|model| model != MODEL);
        for part in ["by_model", "fixtures", "snapshots"] {
            copy(&checkout.join(part), &project.path(part), &others);
        }
        project.accept_release();
        // Calibrations and summaries come from the rows of all sources.
        for name in [
            "calibration.toml",
            "mantile_calibrated.csv",
            "mantile_corrected.csv",
            "RECONCILIATION_SUMMARY.md",
        ] {
            let _ = std::fs::remove_file(project.model_file(name));
        }
        let config = project.model_file("reconcile.toml");
        let mut document: DocumentMut = std::fs::read_to_string(&config).unwrap().parse().unwrap();
        let sources = document.get_mut("source").and_then(Item::as_array_of_tables_mut).unwrap();
        sources.retain(|source| source["name"].as_str() == Some(SOURCE));
        if let Some(calibration) = document.get_mut("calibration").and_then(Item::as_table_mut) {
            calibration.remove("adopted");
        }
        document.remove("band");
        document.remove("gate");
        document.remove("loosened");
        // Accepted findings on rows of the other sources.
        document.remove("audit_accepted");
        std::fs::write(&config, document.to_string()).unwrap();
        std::fs::write(project.model_file("known_deviations.toml"), "schema_version = 1\n")
            .unwrap();

        let model = project.model();
        let percent = 100.0 * project.mapped() as f64 / model.rows.len() as f64;
        document["min_coverage_percent"] = toml_edit::value((10.0 * percent).floor() / 10.0);
        std::fs::write(&config, document.to_string()).unwrap();
        project.keep_recordings_of(&model);
        keep_estimates_of(&model);

        project.must(&["bands", "--model", MODEL, "--accept"]);
        let drafted = project.must(&["bands", "--model", MODEL, "--deviations"]).stdout;
        let deviations = drafted
            .replacen("reason = \"\"", "reason = \"what the tests start from\"", 1)
            .replacen("expires = \"\"", &format!("expires = \"{EXPIRES}\""), 1);
        std::fs::write(
            project.model_file("known_deviations.toml"),
            format!("schema_version = 1\n\n{deviations}"),
        )
        .unwrap();
        project.must(&["gate", "--candidate", RELEASE, "--accept"]);
        project
    }

    /// Makes [`RELEASE`] the accepted one, and removes those after it.
    fn accept_release(&self) {
        let path = releases::path(self.root());
        let mut index: DocumentMut = std::fs::read_to_string(&path).unwrap().parse().unwrap();
        index["accepted"] = toml_edit::value(RELEASE);
        let mut is_past = false;
        let listed = index.get_mut("release").and_then(Item::as_array_of_tables_mut).unwrap();
        listed.retain(|release| {
            let keep = !is_past;
            is_past |= release["name"].as_str() == Some(RELEASE);
            keep
        });
        std::fs::write(path, index.to_string()).unwrap();
    }

    /// Drops the recorded answers that no row asks for, and the releases that are not listed.
    fn keep_recordings_of(&self, model: &Model) {
        let index = releases::load(self.root()).unwrap();
        let recordings: Vec<Recording> = index
            .releases
            .iter()
            .map(|release| {
                let mut recording = recording::load(self.root(), &release.name, MODEL).unwrap();
                let layers = recording.layers().unwrap();
                let keys: BTreeSet<String> = model
                    .rows
                    .iter()
                    .filter_map(|row| mapping::map(row, &model.config).ok())
                    .flat_map(|mapped| mapped.questions(&layers))
                    .map(|question| question.request.key())
                    .collect();
                recording.entries.retain(|key, _| keys.contains(key));
                recording.shared.retain(|key, _| keys.contains(key));
                recording
            })
            .collect();
        for recording in &recordings {
            let owners: Vec<Recording> = recordings
                .iter()
                .filter(|other| recording.shared.values().any(|owner| *owner == other.release))
                .cloned()
                .collect();
            recording::save_sharing(recording, &owners).unwrap();
        }
        for release in recording::others(self.root(), RELEASE, MODEL).unwrap() {
            if !recordings.iter().any(|recording| recording.release == release) {
                std::fs::remove_file(recording::path(self.root(), &release, MODEL)).unwrap();
            }
        }
    }

    pub(crate) fn model(&self) -> Model {
        model::load(self.root(), MODEL).unwrap()
    }

    /// The number of rows that can be put into Mantile's terms.
    pub(crate) fn mapped(&self) -> usize {
        let model = self.model();
        model.rows.iter().filter(|row| mapping::map(row, &model.config).is_ok()).count()
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    /// A file of the model's folder.
    pub(crate) fn model_file(&self, name: &str) -> PathBuf {
        self.root().join("by_model").join(MODEL).join(name)
    }

    /// Gives the model another source, listed first: `<name>.csv` with these lines.
    pub(crate) fn add_source(&self, name: &str, lines: &[String]) {
        std::fs::write(self.model_file(&format!("{name}.csv")), lines.join("\n") + "\n").unwrap();
        let source = format!(
            "[[source]]\nname = \"{name}\"\nfile = \"{name}.csv\"\nmean_length_ratio = 1.0\n\n[[source]]"
        );
        edit(&self.model_file("reconcile.toml"), "[[source]]", &source);
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mantile-reconcile"));
        command.args(arguments).current_dir(self.root());
        for variable in ["MANTILE_API_URL", "MANTILE_RECONCILE_ROOT", "GITHUB_TOKEN", "GH_TOKEN"] {
            command.env_remove(variable);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// Runs the program, which must succeed.
    #[track_caller]
    pub(crate) fn must(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        ran
    }

    pub(crate) fn recording(&self) -> Recording {
        recording::load(self.root(), RELEASE, MODEL).unwrap()
    }

    /// A service that knows the model's layers, and nothing else until more is mounted.
    pub(crate) async fn service(&self) -> MockServer {
        let layers = self.recording().pages[&layers_path(MODEL)].text();
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(layers, "application/json"))
            .mount(&server)
            .await;
        server
    }

    /// Changes every recorded answer as a service with a defect would give it, and seals it again.
    pub(crate) fn change_answers(
        &self,
        mut change: impl FnMut(&mut Value, &BTreeMap<String, f64>),
    ) {
        let mut recording = self.recording();
        let layers: Value =
            serde_json::from_str(recording.pages[&layers_path(MODEL)].body.get()).unwrap();
        let count = |layer: &Value| {
            (layer["name"].as_str().unwrap().to_owned(), layer["count"].as_f64().unwrap())
        };
        let counts: BTreeMap<String, f64> =
            layers["layers"].as_array().unwrap().iter().map(count).collect();
        for entry in recording.entries.values_mut() {
            let mut body: Value = serde_json::from_str(entry.reply.body.get()).unwrap();
            change(&mut body, &counts);
            let body = serde_json::value::to_raw_value(&body).unwrap();
            entry.reply =
                RecordedReply::seal(entry.reply.status, entry.reply.content_type.clone(), body);
        }
        recording::save(&recording).unwrap();
    }
}

/// Replaces the first occurrence of a text in a file, which must contain it.
pub(crate) fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} does not hold {from}", path.display());
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
}

/// Drops the predictions of other estimators that belong to no row.
fn keep_estimates_of(model: &Model) {
    for file in &model.estimators {
        let text = std::fs::read_to_string(&file.path).unwrap();
        let (header, lines) = text.split_once('\n').unwrap();
        let is_for_a_row = |line: &&str| {
            let alone = rivals::read(&file.path, &format!("{header}\n{line}\n"));
            let predictions = alone.unwrap();
            let alone = rivals::EstimatorFile { predictions, ..file.clone() };
            alone.over(&model.rows, &model.config.sources).unmeasured.is_empty()
        };
        let kept: Vec<&str> =
            [header].into_iter().chain(lines.lines().filter(is_for_a_row)).collect();
        std::fs::write(&file.path, kept.join("\n") + "\n").unwrap();
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The folder that every project is a copy of. It is made once for the same data and program, even if each test
/// is a process of its own, and replaces those made before.
fn template() -> PathBuf {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut made_of = vec![stamp(Path::new(env!("CARGO_BIN_EXE_mantile-reconcile")))];
    made_of.push(stamp(&std::env::current_exe().unwrap()));
    for part in ["by_model", "fixtures", "snapshots"] {
        stamps(&checkout.join(part), &mut made_of);
    }
    let digest = Sha256::digest(made_of.concat());
    let name = format!(
        "project-{}",
        digest[..8].iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    );
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(&name);
    if !path.exists() {
        let made = Project::of_one_source();
        let whole = tempfile::tempdir_in(folder).unwrap();
        copy(made.root(), whole.path(), &[]);
        // Another process may have been faster; its folder is the same.
        if std::fs::rename(whole.path(), &path).is_ok() {
            let _ = whole.keep();
            for other in std::fs::read_dir(folder).unwrap().flatten() {
                let other_name = other.file_name().into_string().unwrap_or_default();
                if other_name.starts_with("project-") && other_name != name {
                    let _ = std::fs::remove_dir_all(other.path());
                }
            }
        }
    }
    path
}

/// A file's name, size and time of change.
fn stamp(path: &Path) -> String {
    let facts = path.metadata().unwrap();
    format!("{} {} {:?}\n", path.display(), facts.len(), facts.modified().unwrap())
}

fn stamps(folder: &Path, stamped: &mut Vec<String>) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { stamps(&path, stamped) } else { stamped.push(stamp(&path)) }
    }
}

/// Copies a folder without the files of these models.
pub(crate) fn copy(from: &Path, to: &Path, without: &[String]) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if without.iter().any(|model| name.starts_with(model)) {
            continue;
        }
        let target = to.join(name);
        if entry.path().is_dir() {
            copy(&entry.path(), &target, without);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
