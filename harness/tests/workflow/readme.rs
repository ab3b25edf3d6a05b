//! What the README shows is what the program does.

use super::project::Project;

const README: &str = include_str!("../../../README.md");

#[test]
fn the_session_in_the_readme_is_the_programs_own() {
    let ran = Project::new().run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let indented: Vec<String> = ran
        .stdout
        .trim_end()
        .lines()
        .map(|line| format!("    {line}").trim_end().to_owned())
        .collect();
    let session = format!("    $ cargo run --release -- run\n{}\n", indented.join("\n"));
    assert!(README.contains(&session), "the README does not show\n{session}");
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
    for verb in verbs {
        let listed = [" ", "`"].iter().any(|end| README.contains(&format!("| `{verb}{end}")));
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
    for code in 0..=3 {
        assert!(README.contains(&format!("| {code} | ")) && help.contains(&format!("  {code}  ")));
    }
}
