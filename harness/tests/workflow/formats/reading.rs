//! Samples become rows, and an account of what does not.

use mantile_reconcile::intake::source::{self, SOURCES};
use mantile_reconcile::row::metric::Metric;

use super::super::project::Ran;
use super::super::reviewed::is_as_reviewed;
use super::samples::{FORMATS, Format};
use super::{extract, project, written};

#[track_caller]
fn same(file: &str, figure: &str, read: Option<f64>, expected: f64) {
    let agrees = match read {
        Some(read) => (read / expected - 1.0).abs() < 1e-9,
        None => expected == 0.0,
    };
    assert!(agrees, "{file}: {figure} is {read:?}, not {expected}");
}

#[test]
fn every_sample_gives_its_rows_whether_its_format_is_detected_or_named() {
    let project = project();
    for source in SOURCES {
        let has_sample = |format: &Format| {
            source::named(format.from).is_some_and(|named| named.name() == source.name())
        };
        assert!(FORMATS.iter().any(has_sample), "no sample of {}", source.name());
    }
    for format in FORMATS {
        let file = format.file;
        let sample = format!("fixtures/samples/{file}");
        let sniffed = extract(&project, format, &sample, None);
        assert_eq!(sniffed.code, 0, "{file}: {}", sniffed.stderr);
        let rows = written(&project);
        let named = extract(&project, format, &sample, Some(format.from));
        assert_eq!((named.code, written(&project)), (0, rows.clone()), "{}", named.stderr);
        assert_eq!(rows.len(), format.rows.len(), "{file}: {}", sniffed.stdout);
        for expected in format.rows {
            let row = rows.iter().find(|row| row.identity.to_string() == expected.identity);
            let row = row.unwrap_or_else(|| panic!("{file}: {}\n{rows:?}", expected.identity));
            let measured = &row.measured;
            same(file, "ttft", measured.means[Metric::Ttft], expected.ttft);
            same(file, "tpot", measured.means[Metric::Tpot], expected.tpot);
            same(file, "e2e", measured.means[Metric::E2eLatency], expected.e2e_latency);
            same(file, "throughput", measured.means[Metric::Throughput], expected.throughput);
            let output = measured.means[Metric::OutputThroughput];
            same(file, "output throughput", output, expected.output_throughput);
            for metric in Metric::ALL {
                let derived = expected.derived.contains(&metric);
                assert_eq!(measured.derived[metric], derived, "{file}: {}", metric.name());
            }
            let lengths = measured.mean_lengths.map(|lengths| (lengths.input, lengths.output));
            assert_eq!(lengths, expected.lengths, "{file}");
            // Exact mean lengths count instead of the provider's ratio.
            if let Some((input, _)) = expected.lengths {
                assert!((row.lengths(0.5).input - input).abs() < 1e-9, "{file}");
            }
        }
    }
}

/// The exit code and everything that was printed.
fn printed(format: &Format, ran: &Ran) -> String {
    let Ran { code, stdout, stderr } = ran;
    let command = format!("$ extract {} {}", format.file, format.options);
    format!("{}\nexit code {code}\n{stdout}{stderr}", command.trim_end())
}

#[test]
fn the_accounts_of_all_samples_are_as_reviewed() {
    let project = project();
    let account = |format: &Format| {
        let sample = format!("fixtures/samples/{}", format.file);
        printed(format, &extract(&project, format, &sample, None))
    };
    is_as_reviewed("extract_samples", &FORMATS.iter().map(account).collect::<Vec<_>>().join("\n"));
}
