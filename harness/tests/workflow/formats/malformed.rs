//! Malformed files are errors that change nothing; harmless oddities are read.

use std::path::Path;

use super::samples::{FORMATS, Format};
use super::{OUTPUT, extract, project, written};

/// The ways in which a file goes wrong, with words that the error must contain besides the file's name.
fn damages(format: &Format, sample: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let text = std::str::from_utf8(sample).unwrap();
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{} does not hold {from}", format.file);
        text.replacen(from, to, 1).into_bytes()
    };
    let half = sample.len() / 2;
    let mut not_text = sample.to_vec();
    not_text[half] = 0xff;
    let mut damages = vec![
        (Vec::new(), "the file is empty"),
        (b" \n\n".to_vec(), "the file is empty"),
        (sample[..half].to_vec(), ""),
        (not_text, "not UTF-8 text at byte"),
    ];
    let (figure, key) = format.figure;
    if !figure.is_empty() {
        let number = figure.trim_end_matches(',');
        let is_csv = Path::new(format.file).extension().is_some_and(|end| end == "csv");
        let word = if is_csv { "fast" } else { "\"fast\"" };
        for wrong in [word, "NaN", "Infinity", "-1"] {
            damages.push((
                replaced(figure, &figure.replace(number, wrong)),
                if wrong == "-1" { "" } else { key },
            ));
        }
        let (needed, words) = format.needed;
        damages
            .push((replaced(needed, &needed.replace(|c: char| c.is_alphanumeric(), "x")), words));
    }
    damages
}

#[test]
fn a_malformed_file_of_every_format_is_a_clear_error_and_changes_nothing() {
    let project = project();
    std::fs::create_dir(project.path("bad")).unwrap();
    std::fs::write(project.path(OUTPUT), "what was there\n").unwrap();
    for format in FORMATS {
        let path = format!("bad/{}", format.file);
        let sample = std::fs::read(project.path("fixtures/samples").join(format.file)).unwrap();
        for (content, words) in damages(format, &sample) {
            std::fs::write(project.path(&path), &content).unwrap();
            for from in [Some(format.from), None] {
                let ran = extract(&project, format, &path, from);
                let said = &ran.stderr;
                let shown = String::from_utf8_lossy(&content);
                assert_eq!(ran.code, 2, "{said}\n{}\n{shown}", ran.stdout);
                assert!(said.contains(&path) && said.contains("help: "), "{said}\n{shown}");
                assert!(!said.contains("panicked"), "{said}");
                // Without its marks a file is of no format that could be named.
                let is_sniffed = !said.contains("no source recognises it");
                assert!(!is_sniffed || said.contains(words), "no `{words}` in {said}\n{shown}");
                assert!(from.is_none() || is_sniffed, "{said}");
                let there = std::fs::read_to_string(project.path(OUTPUT)).unwrap();
                assert_eq!(there, "what was there\n", "{shown}");
            }
        }
    }
}

#[test]
fn windows_files_and_files_without_a_last_newline_are_read() {
    let project = project();
    std::fs::create_dir(project.path("odd")).unwrap();
    for format in FORMATS {
        let sample = format!("fixtures/samples/{}", format.file);
        assert_eq!(extract(&project, format, &sample, None).code, 0);
        let rows = written(&project);
        let text = std::fs::read_to_string(project.path(&sample)).unwrap();
        let path = format!("odd/{}", format.file);
        let odd = [
            format!("\u{feff}{text}"),
            text.replace('\n', "\r\n"),
            text.trim_end().to_owned(),
            format!("\u{feff}{}", text.trim_end().replace('\n', "\r\n")),
        ];
        for text in odd {
            std::fs::write(project.path(&path), &text).unwrap();
            let ran = extract(&project, format, &path, None);
            assert_eq!(ran.code, 0, "{path}: {}", ran.stderr);
            assert_eq!(written(&project), rows, "{path}");
        }
    }
}
