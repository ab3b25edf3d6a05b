//! What `extract` fetches before it reads: runs by their ids or the newest, and the API's answer.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;

use super::args::{ExtractArgs, FetchArgs};
use super::extract::Place;
use super::output::{note, spinner};
use crate::base::error::{Error, Result};
use crate::base::settings;
use crate::intake::fetch::{
    ApiQuestion, CachedRun, Event, GitHub, InferenceX, Patience, Repository, Token, Wanted,
    collect, from_cache,
};
use crate::intake::source;
use crate::rules::config;

/// Everything that is to be read: the files and folders named, and what was fetched.
pub(super) async fn bring(
    root: &Path,
    args: &ExtractArgs,
    configured: &config::SourceConfig,
) -> Result<Vec<Place>> {
    let (ids, paths): (Vec<_>, Vec<_>) =
        args.inputs.iter().map(|input| run_id(input)).partition(Result::is_ok);
    let ids: Vec<u64> = ids.into_iter().flatten().collect();
    let mut places: Vec<Place> =
        paths.into_iter().filter_map(Result::err).map(|path| Place { path, of: None }).collect();
    let fetch = &args.fetch;
    let wanted = Wanted { ids, recent: fetch.recent.map(usize::from), since: fetch.since };
    let cache = match &fetch.cache {
        Some(cache) => cache.clone(),
        None => root.join("target").join("reconcile").join("cache"),
    };
    if wanted != Wanted::default() {
        places.extend(runs(fetch, &cache, &wanted).await?);
    }
    if let Some(url) = &fetch.api {
        places.push(api(fetch, url, &cache, args, configured).await?);
    }
    Ok(places)
}

/// An input that is all digits is a run's id; any other is a path.
fn run_id(input: &Path) -> Result<u64, PathBuf> {
    let digits = input.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| input.to_path_buf())
}

async fn runs(fetch: &FetchArgs, cache: &Path, wanted: &Wanted) -> Result<Vec<Place>> {
    let token = match settings::github_token() {
        Some((variable, text)) if !fetch.offline => Some(Token::new(variable, &text)?),
        _ => None,
    };
    let repository =
        Repository { name: fetch.repository.clone(), workflow: fetch.workflow.clone() };
    let github = GitHub::new(&fetch.github_api, repository, token, patience(fetch))?;
    let collected = if fetch.offline {
        from_cache(cache, &github.cache_name(), wanted)?
    } else {
        let bar = spinner("fetching");
        let collected = collect(&github, cache, wanted, &|event| show(&bar, event)).await;
        bar.finish_and_clear();
        collected?
    };
    note(&format!("{} (in {})", collected.account(), cache.display()));
    let source = source::named("inferencemax");
    // What a run's artifacts hold is the sweep's results, whatever else may lie in a folder.
    let place = |run: CachedRun| Place { path: run.folder, of: source };
    Ok(collected.runs.into_iter().map(place).collect())
}

async fn api(
    fetch: &FetchArgs,
    url: &str,
    cache: &Path,
    args: &ExtractArgs,
    configured: &config::SourceConfig,
) -> Result<Place> {
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
    Ok(Place { path, of: source::named("inferencex") })
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

/// A service far away takes longer to come back than one on this machine.
const FIRST_DELAY: Duration = Duration::from_millis(500);

fn show(bar: &ProgressBar, event: Event<'_>) {
    match event {
        Event::Note(text) => bar.suspend(|| note(text)),
        Event::Run { number, of, id } => {
            let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
            bar.set_message(format!("run {id} ({number}{of})"));
        }
        Event::Bytes { name, here } => {
            bar.set_message(format!("{name}: {}", indicatif::HumanBytes(here)));
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
