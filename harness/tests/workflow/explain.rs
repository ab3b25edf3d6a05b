//! `explain` and `history`: the numbers that they show are the recorded ones.

use super::project::{MODEL, Project};

const ROW: &str = "inferencemax::b200::trt::fp4::1024x1024::tp8_ep1::c4";

#[test]
fn a_row_is_explained_by_its_layers_and_its_neighbours() {
    Project::new()
        .must(&["explain", &format!("{MODEL}::{ROW}"), "--against", "95eb60b"])
        .is_as_reviewed("explain");
}

#[test]
fn a_row_that_does_not_exist_or_is_not_mapped_cannot_be_explained() {
    let project = Project::new();
    let misspelt = project.run(&["explain", &format!("{MODEL}::{ROW}0")]);
    misspelt.is_as_reviewed("explain_misspelt_row");
    let amd = format!("{MODEL}::inferencemax::mi355x::atom::fp4::1024x1024::tp1_ep1::c64");
    project.run(&["explain", &amd]).is_as_reviewed("explain_unmapped_row");
    project.run(&["explain", "b200"]).is_as_reviewed("explain_without_model");
}

#[test]
fn a_metric_without_a_figure_has_no_heading() {
    let project = Project::new();
    let path = project.model_file("inferencemax.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let columns: Vec<usize> = lines[0]
        .split(',')
        .enumerate()
        .filter(|(_, name)| name.contains("throughput_") && !name.contains("ratio"))
        .map(|(column, _)| column)
        .collect();
    for line in &mut lines[1..] {
        let mut cells: Vec<&str> = line.split(',').collect();
        for &column in &columns {
            cells[column] = "";
        }
        *line = cells.join(",");
    }
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let text = project.must(&["history", "--verbose"]).stdout;
    assert!(text.contains("TPOT of all rows\n  11a8e89 "), "{text}");
    assert!(!text.contains("tput"), "{text}");
}

#[test]
fn the_history_shows_every_release_and_where_it_got_better() {
    let project = Project::new();
    let ran = project.run(&["history", "--verbose"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for release in ["11a8e89", "7e81fcd", "95eb60b", "2fd00c1", "72ff84e*"] {
        assert!(ran.stdout.contains(release), "{}", ran.stdout);
    }
    let json: serde_json::Value =
        serde_json::from_str(&project.run(&["history", "--format", "json"]).stdout).unwrap();
    let tpot = |release: usize| {
        let groups = json[0]["releases"][release]["groups"].as_array().unwrap();
        groups.last().unwrap()["metrics"]["tpot"]["mape_percent"].as_f64().unwrap()
    };
    assert!(tpot(0) > 50.0 && tpot(4) < 20.0, "{} {}", tpot(0), tpot(4));

    let some = project.must(&["history", "--verbose", "--where", "gpu_model = h100"]).stdout;
    assert!(some.contains("h100") && !some.contains("b200"), "{some}");
}
