//! `init-model`: a new model's folder, filled from a live Mantile.

use std::path::Path;

use serde_json::Value;

use super::args::InitModelArgs;
use super::output::print;
use crate::base::error::{Error, Exit, Result};
use crate::base::file;
use crate::base::text::nearest;
use crate::judge::model;
use crate::mantile::{Client, Reply};
use crate::rules::scaffold::{self, ListedHardware, ServiceFacts};

pub(super) async fn run(root: &Path, args: &InitModelArgs) -> Result<Exit> {
    let target = model::by_model(root).join(&args.model);
    if target.exists() {
        return Err(Error::usage(format!("{} is there already", target.display()))
            .with_help("remove it, or edit its reconcile.toml"));
    }
    let client = Client::new(&args.api_url, args.patience.options())?;
    let facts = facts(&client, &args.model).await?;
    let files = [
        ("reconcile.toml", scaffold::reconcile_toml(&facts, &args.source)),
        ("known_deviations.toml", scaffold::KNOWN_DEVIATIONS.to_owned()),
        ("README.md", scaffold::readme(&facts, &args.source)),
    ];
    file::create_folder(&target, &files)?;
    let model = &args.model;
    print(&format!(
        "{target}/ is made. Next:\n  \
         mantile-reconcile extract --model {model} --source {source} <result files>\n  \
         mantile-reconcile audit --model {model}\n  \
         mantile-reconcile record --model {model} --release <commit> --api-url {url}\n  \
         mantile-reconcile bands --model {model} --accept\n  \
         mantile-reconcile run {model}\n\
         then complete its README.md, and review the snapshots of `cargo test`",
        target = target.display(),
        source = args.source,
        url = client.base_url(),
    ))?;
    Ok(Exit::Inside)
}

/// Asks for everything that the folder's files say of the model and the hardware.
async fn facts(client: &Client, model_id: &str) -> Result<ServiceFacts> {
    let ids = |value: &Value| -> Vec<String> {
        let entries = value.as_array().into_iter().flatten();
        entries.filter_map(|entry| entry["id"].as_str().map(str::to_owned)).collect()
    };
    let models = ids(&page(client, "/models").await?);
    if !models.iter().any(|model| model == model_id) {
        let names: Vec<&str> = models.iter().map(String::as_str).collect();
        let error =
            Error::usage(format!("Mantile at {} has no model `{model_id}`", client.base_url()));
        return Err(match nearest(model_id, &names) {
            Some(near) => error.with_help(format!("did you mean {near}?")),
            None => error.with_help(format!("its models are: {}", names.join(", "))),
        });
    }
    let model = page(client, &format!("/models/{model_id}")).await?;
    let mut hardware = Vec::new();
    for id in ids(&page(client, "/hardware").await?) {
        let details = page(client, &format!("/hardware/{id}")).await?;
        let dtypes = details["compute_per_package_PFlops"].as_object();
        let dtypes = dtypes.map(|dtypes| dtypes.keys().cloned().collect()).unwrap_or_default();
        hardware.push(ListedHardware { id, dtypes });
    }
    Ok(ServiceFacts {
        model_id: model_id.to_owned(),
        published_name: model["hf_model_id"].as_str().unwrap_or(model_id).to_owned(),
        layers: client.layers(model_id).await?,
        hardware,
    })
}

async fn page(client: &Client, path: &str) -> Result<Value> {
    let Reply { status, body, .. } = client.get(path).await?;
    let unusable = |problem: String| {
        Error::unavailable(format!("{}{path} answered {problem}", client.base_url()))
            .with_help("check that a Mantile listens there")
    };
    if status != 200 {
        return Err(unusable(format!("status {status}")));
    }
    serde_json::from_str(&body).map_err(|error| unusable(format!("no JSON: {error}")))
}
