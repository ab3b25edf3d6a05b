//! The artifacts that `extract` reads: files and folders, fetched runs, and the answer of the API.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;

use super::args::{ExtractArgs, FetchArgs};
use super::output::{note, spinner};
use crate::base::error::{Error, Result};
use crate::base::settings;
use crate::intake::extraction::ArtifactLocation;
use crate::intake::fetch::{
    ApiQuestion, CachedRun, FetchEvent, GitHub, GitHubToken, InferenceX, Patience, Repository,
    WantedRuns, collect, collect_from_cache,
};
use crate::intake::source;
use crate::rules::config;

/// The files and folders that were named, and those that were fetched.
pub(super) async fn locations(
    root: &Path,
    args: &ExtractArgs,
    configured: &config::SourceConfig,
) -> Result<Vec<ArtifactLocation>> {
    let (ids, paths): (Vec<_>, Vec<_>) =
        args.inputs.iter().map(|input| run_id(input)).partition(Result::is_ok);
    let ids: Vec<u64> = ids.into_iter().flatten().collect();
    let paths = paths.into_iter().filter_map(Result::err);
    let mut locations: Vec<ArtifactLocation> =
        paths.map(|path| ArtifactLocation { path, reader: None }).collect();
    let fetch = &args.fetch;
    let wanted = WantedRuns { ids, recent: fetch.recent.map(usize::from), since: fetch.since };
    let cache = match &fetch.cache {
        Some(cache) => cache.clone(),
        None => root.join("target").join("reconcile").join("cache"),
    };
    if wanted != WantedRuns::default() {
        locations.extend(runs(fetch, &cache, &wanted).await?);
    }
    if let Some(url) = &fetch.api {
        locations.push(api(fetch, url, &cache, args, configured).await?);
    }
    Ok(locations)
}

/// The id of a run, if the input is all digits; any other input is a path.
fn run_id(input: &Path) -> Result<u64, PathBuf> {
    let digits = input.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| input.to_path_buf())
}

async fn runs(
    fetch: &FetchArgs,
    cache: &Path,
    wanted: &WantedRuns,
) -> Result<Vec<ArtifactLocation>> {
    let token = match settings::github_token() {
        Some((variable, text)) if !fetch.offline => Some(GitHubToken::new(variable, &text)?),
        _ => None,
    };
    let repository =
        Repository { name: fetch.repository.clone(), workflow: fetch.workflow.clone() };
    let github = GitHub::new(&fetch.github_api, repository, token, patience(fetch))?;
    let collected = if fetch.offline {
        collect_from_cache(cache, &github.cache_name(), wanted)?
    } else {
        let bar = spinner("fetching");
        let collected = collect(&github, cache, wanted, &|event| show(&bar, event)).await;
        bar.finish_and_clear();
        collected?
    };
    note(&format!("{} (in {})", collected.account(), cache.display()));
    let reader = source::named("inferencemax");
    // The artifacts of a run hold results of the sweep, whatever else may lie in a folder.
    let location = |run: CachedRun| ArtifactLocation { path: run.folder, reader };
    Ok(collected.runs.into_iter().map(location).collect())
}

async fn api(
    fetch: &FetchArgs,
    url: &str,
    cache: &Path,
    args: &ExtractArgs,
    configured: &config::SourceConfig,
) -> Result<ArtifactLocation> {
    let model = fetch.api_model.clone().or_else(|| configured.api_model.clone());
    let model = model.ok_or_else(|| {
        Error::usage(format!("source {} of {} has no api_model", configured.name, args.model))
            .with_help("name the model as the API does: --api-model gpt-oss-120b")
    })?;
    let question = ApiQuestion { model, day: fetch.api_date };
    let inferencex = InferenceX::new(url, patience(fetch))?;
    let path = if fetch.offline {
        inferencex.from_cache(cache, &question)?
    } else {
        let bar = spinner("asking");
        let path = inferencex.fetch(cache, &question, &|event| show(&bar, event)).await;
        bar.finish_and_clear();
        path?
    };
    Ok(ArtifactLocation { path, reader: source::named("inferencex") })
}

fn patience(fetch: &FetchArgs) -> Patience {
    let options = fetch.patience.options();
    Patience {
        timeout: options.timeout,
        retries: options.retries,
        first_delay: FIRST_DELAY,
        max_wait: Duration::from_secs(fetch.max_wait),
    }
}

/// The wait before the second try. A remote service takes longer to recover than one on this machine.
const FIRST_DELAY: Duration = Duration::from_millis(500);

fn show(bar: &ProgressBar, event: FetchEvent<'_>) {
    match event {
        FetchEvent::Note(text) => bar.suspend(|| note(text)),
        FetchEvent::Run { number, total, id } => {
            let total = total.map(|total| format!(" of {total}")).unwrap_or_default();
            bar.set_message(format!("run {id} ({number}{total})"));
        }
        FetchEvent::Bytes { name, received } => {
            bar.set_message(format!("{name}: {}", indicatif::HumanBytes(received)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_digits_is_a_run_and_anything_else_a_path() {
        let run = |text: &str| run_id(Path::new(text)).ok();
        assert_eq!(run("20667906037"), Some(20_667_906_037));
        for path in ["./20667906037", "20667906037.json", "", "-1", "1e3", "99999999999999999999"] {
            assert_eq!(run(path), None, "{path}");
        }
    }
}
