//! What the README and the chapters in `harness/docs/` show is what the program does.
//!
//! A block that is fenced as `console` is a session: its first line is the command behind `$`, the rest is what the
//! command prints. A line `...` stands for lines that are left out. After a change of what the program prints, run
//! `UPDATE_DOCS=1 cargo test docs::` and read the difference; sessions with `...` are updated by hand.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use mantile_reconcile::row::metric::Metric;
use serde_json::Value;

use super::project::{MODEL, Project, Ran};

/// The line that stands for lines left out.
const ELISION: &str = "...";

/// The folder of this project.
fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README, the chapters and the guide for contributors, with their paths.
fn documents() -> Vec<(PathBuf, String)> {
    let mut paths = vec![checkout().join("README.md"), checkout().join(".github/CONTRIBUTING.md")];
    let chapters = fs::read_dir(checkout().join("harness/docs")).unwrap();
    let chapters = chapters.map(|entry| entry.unwrap().path());
    paths.extend(chapters.filter(|path| path.extension().is_some_and(|end| end == "md")));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn readme() -> String {
    fs::read_to_string(checkout().join("README.md")).unwrap()
}

/// A command with what the document says that it prints.
struct Session {
    line: usize,
    command: String,
    shown: Vec<String>,
}

/// The sessions of a document.
fn sessions(text: &str) -> Vec<Session> {
    let mut sessions = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if line != "```console" {
            continue;
        }
        let block: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let mut length = 1;
        while block[length - 1].ends_with('\\') {
            length += 1;
        }
        let command = block[..length].join("\n").replace("\\\n", " ");
        let command = command.strip_prefix("$ ").expect("a session begins with its command");
        sessions.push(Session {
            line: index + 1,
            command: command.to_owned(),
            shown: block[length..].iter().map(|line| (*line).to_owned()).collect(),
        });
    }
    sessions
}

/// The words of a command line; single quotes keep blanks.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in command.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// The reports of a `run` over this project, made once.
fn reports() -> &'static (String, tempfile::TempDir) {
    static REPORTS: OnceLock<(String, tempfile::TempDir)> = OnceLock::new();
    REPORTS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let ran = run_here(&["run", "--output", folder.path().to_str().unwrap()]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        (ran.stdout, folder)
    })
}

/// Runs the program over this project itself.
fn run_here(arguments: &[&str]) -> Ran {
    let mut command = Project::new().command(arguments);
    Ran::from(command.current_dir(checkout()).output().unwrap())
}

/// What a session's command prints today.
fn printed(command: &str) -> String {
    let command = command.replace("cargo run --release -- ", "mantile-reconcile ");
    let words = words(&command);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match &words[..] {
        ["cat", path] => {
            let path = path.strip_prefix("target/reconcile/").expect("a report is shown");
            fs::read_to_string(reports().1.path().join(path)).unwrap()
        }
        ["mantile-reconcile", "run"] => {
            let (stdout, folder) = reports();
            stdout.replace(folder.path().to_str().unwrap(), "target/reconcile")
        }
        ["mantile-reconcile", arguments @ ..] => {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().to_str().unwrap().to_owned();
            let mut arguments = arguments.to_vec();
            if arguments[0] == "run" {
                arguments.extend(["--output", &path]);
            }
            let ran = run_here(&arguments);
            assert!(ran.code <= 1, "{command}: {}", ran.stderr);
            ran.stdout.replace(&path, "target/reconcile")
        }
        _ => panic!("no session is of `{command}`"),
    }
}

/// Whether lines are as shown, where `...` stands for any lines.
fn is_as_shown(printed: &[&str], shown: &[String]) -> bool {
    let Some(at) = shown.iter().position(|line| line == ELISION) else {
        return printed == shown;
    };
    let (before, after) = (&shown[..at], &shown[at + 1..]);
    if printed.len() < before.len() || printed[..before.len()] != *before {
        return false;
    }
    let rest = &printed[before.len()..];
    (0..=rest.len()).any(|skipped| is_as_shown(&rest[skipped..], after))
}

#[test]
fn every_session_in_the_documents_is_what_the_program_prints() {
    let mut faults = String::new();
    let mut checked = 0;
    for (path, text) in documents() {
        let mut updated = text.clone();
        for session in sessions(&text) {
            let printed = printed(&session.command);
            let lines: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
            checked += 1;
            if is_as_shown(&lines, &session.shown) {
                continue;
            }
            let _ = writeln!(
                faults,
                "{}:{}: `{}` prints\n{printed}",
                path.strip_prefix(checkout()).unwrap().display(),
                session.line,
                session.command
            );
            let shown = session.shown.join("\n");
            if !session.shown.iter().any(|line| line == ELISION) {
                let old = format!("{shown}\n```");
                let old = if session.shown.is_empty() { "```".to_owned() } else { old };
                let start: usize = text.lines().take(session.line).map(|line| line.len() + 1).sum();
                let from_end = text.len() - start;
                let place = updated.len() - from_end;
                let tail = updated.split_off(place);
                updated.push_str(&tail.replacen(&old, &format!("{}\n```", lines.join("\n")), 1));
            }
        }
        if updated != text && std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, updated).unwrap();
        }
    }
    assert!(checked >= 5, "there are too few sessions in the documents");
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn lines_left_out_of_a_session_are_any_lines() {
    let shown = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let printed = ["a", "b", "c", "d"];
    for fits in ["a\nb\nc\nd", "a\n...\nd", "...\nc\nd", "a\n...", "a\n...\nc\n..."] {
        assert!(is_as_shown(&printed, &shown(fits)), "{fits}");
    }
    for differs in ["a\nb\nc", "a\n...\nc", "b\n...", "...\nd\nc", ""] {
        assert!(!is_as_shown(&printed, &shown(differs)), "{differs}");
    }
}

#[test]
fn the_readme_fits_in_a_head() {
    let lines = readme().lines().count();
    assert!(lines <= 180, "the README has {lines} lines: move what is long into harness/docs/");
}

#[test]
fn every_link_of_the_documents_leads_to_a_file() {
    let mut links = 0;
    for (path, text) in documents() {
        let mut rest = text.as_str();
        while let Some(at) = rest.find("](") {
            rest = &rest[at + 2..];
            let Some(end) = rest.find(')') else { break };
            let target = rest[..end].split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.contains(' ') {
                continue;
            }
            links += 1;
            let file = path.parent().unwrap().join(target);
            assert!(file.exists(), "{}: no file {target}", path.display());
        }
    }
    assert!(links > 20, "there are links in the documents");
}

/// What the gate decides of the model over all of its rows: with the figures that moved, or what blocks.
fn judged(baseline: &str, candidate: &str) -> String {
    let ran = run_here(&[
        "gate",
        "--model",
        MODEL,
        "--format",
        "json",
        "--baseline",
        baseline,
        "--candidate",
        candidate,
    ]);
    let gate: Value = serde_json::from_str(&ran.stdout).unwrap();
    let gate = &gate[0];
    let mut parts = Vec::new();
    let all = gate["groups"].as_array().unwrap().last().unwrap();
    let figures = [Metric::Throughput, Metric::Ttft, Metric::Tpot];
    for metric in figures.into_iter().filter(|_| gate["blocks"] == false) {
        let mape = &all["metrics"][metric.name()]["mape_percent"];
        let [before, after] = [0, 1].map(|side| format!("{:.2}%", mape[side].as_f64().unwrap()));
        if before != after {
            parts.push(format!("{} {before} to {after}", metric.title()));
        }
    }
    let rows = gate["rows"].as_array().unwrap();
    let left = |row: &&Value| {
        let was_inside =
            ["inside", "known_deviation"].iter().any(|was| row["verdict_before"] == *was);
        was_inside && row["verdict"] == "outside"
    };
    for (rows, text) in [
        (rows.iter().filter(|row| row["drift"] == "gained").count(), "rows gained"),
        (rows.iter().filter(|row| row["drift"] == "lost").count(), "rows lost"),
        (rows.iter().filter(left).count(), "left their bands"),
    ] {
        if rows > 0 {
            parts.push(format!("{rows} {text}"));
        }
    }
    let decision = gate["decision"].as_str().unwrap();
    if parts.is_empty() { decision.to_owned() } else { format!("{decision}: {}", parts.join(", ")) }
}

#[test]
fn the_table_of_releases_is_what_the_gate_decides() {
    let releases = ["11a8e89", "7e81fcd", "95eb60b", "2fd00c1", "72ff84e"];
    let mut table = String::from("| step | forward | backward |\n|---|---|---|\n");
    for step in releases.windows(2) {
        let (forward, backward) = (judged(step[0], step[1]), judged(step[1], step[0]));
        let _ = writeln!(table, "| {}, {} | {forward} | {backward} |", step[0], step[1]);
    }
    let chapter = fs::read_to_string(checkout().join("harness/docs/bands-and-gates.md")).unwrap();
    assert!(chapter.contains(&table), "bands-and-gates.md does not show\n{table}");
}

#[test]
fn every_verb_is_in_the_readme_and_has_an_example() {
    let project = Project::new();
    let help = project.run(&["--help"]).stdout;
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let verbs: Vec<&str> = commands
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|v| *v != "help")
        .collect();
    assert!(verbs.len() >= 7, "{verbs:?}");
    let readme = readme();
    for verb in verbs {
        let listed = [" ", "`"].iter().any(|end| readme.contains(&format!("| `{verb}{end}")));
        assert!(listed, "the README lacks {verb}");
        let help = project.run(&[verb, "--help"]);
        assert_eq!(help.code, 0);
        assert!(
            help.stdout.contains(&format!("mantile-reconcile {verb}")),
            "no example for {verb}"
        );
    }
}

#[test]
fn every_exit_code_is_documented() {
    let help = Project::new().run(&["--help"]).stdout;
    let readme = readme();
    for code in 0..=3 {
        assert!(readme.contains(&format!("| {code} | ")) && help.contains(&format!("  {code}  ")));
    }
}
