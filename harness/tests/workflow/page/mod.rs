//! The pages of `report` and `run`, in a browser where one is installed.

mod browser;
mod charts;
mod files;
mod reading;
mod table;

use std::fs;

use super::project::{MODEL, Project};

/// The model's page, written by `report`.
fn page_of(project: &Project) -> String {
    project.must(&["report", MODEL, "--output", "pages"]);
    fs::read_to_string(project.path(&format!("pages/{MODEL}.html"))).unwrap()
}
