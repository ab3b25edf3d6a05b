//! `init-model`: makes a new model's folder, filled from a live Mantile.

use std::path::Path;

use super::args::InitModelArgs;
use super::output::print;
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::judge::model;
use crate::mantile::{Client, ServiceFacts};
use crate::rules::scaffold;

pub(super) async fn run(root: &Path, args: &InitModelArgs) -> Result<Exit> {
    let target = model::by_model(root).join(&args.model);
    if target.exists() {
        return Err(Error::usage(format!("{} exists already", target.display()))
            .with_help("remove it, or edit its reconcile.toml"));
    }
    let client = Client::new(&args.api_url, args.patience.options())?;
    let facts = ServiceFacts::ask(&client, &args.model).await?;
    let files = [
        ("reconcile.toml", scaffold::reconcile_toml(&facts, &args.source)),
        ("known_deviations.toml", scaffold::KNOWN_DEVIATIONS.to_owned()),
        ("README.md", scaffold::readme(&facts, &args.source)),
    ];
    file::create_folder(&target, &files)?;
    let model = &args.model;
    print(&format!(
        "Made {target}/. Next:\n  \
         mantile-reconcile extract --model {model} --source {source} <result files>\n  \
         mantile-reconcile audit --model {model}\n  \
         mantile-reconcile record --model {model} --release <commit> --api-url {url}\n  \
         mantile-reconcile bands --model {model} --accept\n  \
         mantile-reconcile run {model}\n\
         Then complete its README.md, and review the snapshots of `cargo test`.",
        target = target.display(),
        source = args.source,
        url = client.base_url(),
    ))?;
    Ok(Exit::Inside)
}
