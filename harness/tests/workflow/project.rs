//! A copy of this project's data of one model in a folder of its own, to run the program in and to break.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mantile_reconcile::folder::list;
use mantile_reconcile::mantile::layers_path;
use mantile_reconcile::recording::{self, RecordedReply, Recording};
use serde_json::Value;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const MODEL: &str = "openai_GPT-OSS-120B";
pub(crate) const RELEASE: &str = "72ff84e";

/// The copy; it goes when dropped.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// What a run of the program left behind.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in ["by_model", "fixtures", "snapshots"] {
            copy(&checkout.join(part), &folder.path().join(part));
        }
        Self { folder }
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

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mantile-reconcile"));
        command.args(arguments).current_dir(self.root());
        command.env_remove("MANTILE_API_URL").env_remove("MANTILE_RECONCILE_ROOT");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
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

    /// Changes every recorded answer as a service with a defect would give it, and seals it anew.
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

/// Replaces one text by another in a file, which must hold it.
pub(crate) fn edit(path: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{} does not hold {from}", path.display());
    std::fs::write(path, text.replacen(from, to, 1)).unwrap();
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

/// Copies a folder, without what is of another model.
fn copy(from: &Path, to: &Path) {
    let models = list(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if models.iter().any(|model| model != MODEL && name.starts_with(model)) {
            continue;
        }
        let target = to.join(name);
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
