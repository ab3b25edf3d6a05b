//! A model's page as a whole: the conclusion, the navigation and the sections.

use maud::html;

use super::PageSubject;
use super::conclusion::conclusion;
use super::html::document;
use super::index::entry;
use super::sections::sections;
use super::series::Series;
use crate::judge::frontier::choices;

/// The page of a model, as HTML.
#[must_use]
pub fn page(subject: PageSubject<'_>) -> String {
    let PageSubject { model, evaluation, .. } = subject;
    let series = Series::new(&evaluation.comparisons);
    let impossible = evaluation.impossible();
    let choices = choices(&evaluation.comparisons, &model.config.sources, &impossible);
    let sections = sections(subject, &series, &choices);
    let body = html! {
        a.skip href="#bias" { "Skip to the errors" } " " a.skip href="#rows" { "Skip to the rows" }
        header {
            p { a href="index.html" { "All models" } }
            (conclusion(subject, &choices))
        }
        nav aria-label="Sections" { ul {
            @for section in &sections { li { a href=(format!("#{}", section.id)) { (section.title) } } }
        } }
        main { @for section in &sections { (section.markup()) } }
        (entry(subject))
    };
    document(&format!("{} – Mantile against measurement", model.name), &series.style(), &body)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::judge::compare::Comparison;
    use crate::judge::evaluation::Evaluation;
    use crate::judge::model;
    use crate::testing::comparison;

    /// A page of rows with various errors, at rising concurrency.
    fn page_of(rows: usize, framework: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let model = model::load(root, "openai_GPT-OSS-120B").unwrap();
        let comparisons: Vec<Comparison> = (0..rows)
            .map(|index| {
                let mut comparison = comparison(1.0 + 0.1 * (index % 7) as f64);
                let identity = &mut comparison.row.identity;
                identity.framework = framework.to_owned();
                let concurrency = u32::try_from(index).unwrap() + 1;
                identity.concurrency = crate::row::Concurrency::Fixed(concurrency);
                comparison
            })
            .collect();
        let now = jiff::Timestamp::UNIX_EPOCH;
        let evaluation = Evaluation::of_rows(&model, comparisons, now);
        let subject = PageSubject {
            model: &model,
            origin: "Mantile, made up",
            evaluation: &evaluation,
            recorded: &[],
            history: &[],
        };
        page(subject)
    }

    #[test]
    fn text_from_data_is_escaped() {
        let page = page_of(5, "<script>alert(1)</script>");
        assert!(!page.contains("<script>alert"));
        assert!(page.contains("&lt;script&gt;alert(1)"));
    }

    #[test]
    fn a_page_needs_no_network_and_is_the_same_each_time() {
        let page = page_of(20, "vllm");
        assert_eq!(page, page_of(20, "vllm"));
        for part in ["src=", "url(", "@import", "href=\"http"] {
            assert!(!page.contains(part), "{part}");
        }
        let sections: Vec<&str> = page
            .split("<section id=\"")
            .skip(1)
            .filter_map(|part| part.split('"').next())
            .collect();
        let expected =
            ["bias", "scatter", "distributions", "residuals", "bands", "rows", "details"];
        assert_eq!(sections, expected, "without frontiers, known deviations and history");
        let images = page.matches("role=\"img\"").count();
        assert!(images > 3);
        assert_eq!(page.matches("aria-label=\"\"").count(), 0);
        assert_eq!(page.matches("<figcaption").count(), page.matches("<figure").count());
    }

    #[test]
    fn many_rows_are_thinned_out_in_charts_but_not_in_the_table() {
        let (few, many) = (page_of(300, "vllm"), page_of(5000, "vllm"));
        assert!(few.len() < 1_000_000, "{}", few.len());
        assert!(many.len() < 9_000_000, "{}", many.len());
        let marks = |page: &str| {
            let figures: Vec<usize> = page
                .split("<figure")
                .skip(1)
                .map(|part| part.matches("class=\"mark ").count())
                .collect();
            figures.into_iter().max().unwrap()
        };
        assert!(marks(&few) >= 300 && marks(&many) <= 1100, "{}", marks(&many));
        assert_eq!(many.matches("<th scope=\"row\"><a href=\"#").count(), 5000);
    }
}
