//! Archives that are unsafe or damaged.

use std::io::Cursor;

use serde_json::json;
use wiremock::ResponseTemplate;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::super::project::Project;
use super::stand_in::{GitHub, cached, run, says, zip};

#[tokio::test]
async fn an_unsafe_archive_is_refused_and_the_others_are_fetched() {
    let project = Project::new();
    let bomb = zip(&[("agg_bmk.json", &vec![b' '; 8 << 20])]);
    let escape = zip(&[("agg_bmk.json", b"[]"), ("../../evil.json", b"[]")]);
    let mut link = ZipWriter::new(Cursor::new(Vec::new()));
    link.add_symlink("agg_bmk.json", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let link = link.finish().unwrap().into_inner();
    let with = |id, zip| {
        let mut run = run(id, 4);
        run.artifacts[0].zip = zip;
        run
    };
    let mut up = run(303, 4);
    up.artifacts[0].name = "results_/../../up".to_owned();
    let runs = vec![with(306, bomb), with(305, escape), with(304, link), up, run(302, 8)];
    let github = GitHub::start(runs).await;
    let ran = github.fetch(&project, &["--collect-recent", "5"]);
    says(
        &ran,
        2,
        &[
            "artifact results_bmk of run 306 is refused: entry \"agg_bmk.json\" unpacks to more than 200",
            "run 305 is refused: entry \"../../evil.json\" leads out of its folder",
            "run 304 is refused: entry \"agg_bmk.json\" is a symbolic link",
            "run 303 is refused: the name \"results_/../../up\" cannot be that of a folder",
            "the artifacts of 4 runs are refused (306, 305, 304, 303); fetched 1 run",
        ],
    );
    let folder = cached(&project, &github, "");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [".lock", "downloads", "run_302"]);
    assert_eq!(std::fs::read_dir(folder.join("downloads")).unwrap().count(), 0);
    assert!(!project.path("cache/evil.json").exists() && !project.path("evil.json").exists());
    says(
        &github.fetch(&project, &["--collect-recent", "5", "--offline"]),
        0,
        &["Wrote 1 row to out.csv"],
    );
    // An artifact whose stated size is out of bounds is not downloaded.
    let huge = json!({ "total_count": 1, "artifacts": [{ "id": 1, "name": "results_bmk",
                       "size_in_bytes": 1_u64 << 40, "expired": false }] });
    github.fault("/runs/302/artifacts", ResponseTemplate::new(200).set_body_json(huge), 1);
    let ran = github.fetch(&Project::new(), &["302"]);
    says(&ran, 2, &["it has 1048576.0 MiB, the most is 256.0 MiB"]);
    assert_eq!(github.asked("/artifacts/1/zip"), 0);
}

#[tokio::test]
async fn a_damaged_archive_is_downloaded_once_more() {
    let project = Project::new();
    let github = GitHub::start(vec![run(300, 4)]).await;
    // Without a digest, only the archive itself shows that it is damaged.
    github.change(|state| state.runs[0].artifacts[0].digest = false);
    let half = || ResponseTemplate::new(200).set_body_bytes(vec![b'P', b'K', 3, 4, 0, 0]);
    github.fault("/blob/", half(), 1);
    says(&github.fetch(&project, &["300"]), 0, &["fetched 1 run"]);
    let project = Project::new();
    github.fault("/blob/", half(), 2);
    says(&github.fetch(&project, &["300"]), 3, &["run 300 came damaged, twice"]);
    assert!(!cached(&project, &github, "run_300").exists());
    // A digest shows it, too.
    github.change(|state| state.runs[0].artifacts[0].digest = true);
    github.fault("/blob/", half(), 9);
    let ran = github.fetch(&project, &["300", "--retries", "1"]);
    says(&ran, 3, &["the downloaded bytes do not have the stated digest (2 tries)"]);
}
