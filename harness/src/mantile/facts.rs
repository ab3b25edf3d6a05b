//! The facts about a model and the hardware that a live Mantile reports.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Client, LayerTable, Reply};
use crate::base::error::{Error, Result};
use crate::base::text::nearest;

/// The facts that a new model's files are made from.
#[derive(Debug, Clone)]
pub struct ServiceFacts {
    /// Mantile's id of the model, which is also the name of its folder.
    pub model_id: String,
    /// The name under which the model is published, such as `openai/gpt-oss-120b`.
    pub published_name: String,
    /// The model's layers.
    pub layers: LayerTable,
    /// The hardware configurations.
    pub hardware: Vec<ListedHardware>,
}

/// One of Mantile's hardware configurations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedHardware {
    /// Its id in requests.
    pub id: String,
    /// The dtypes that it can compute in.
    pub dtypes: BTreeSet<String>,
}

#[derive(Deserialize)]
struct ListedId {
    id: String,
}

#[derive(Deserialize)]
struct ModelPage {
    hf_model_id: Option<String>,
}

#[derive(Deserialize)]
struct HardwarePage {
    #[serde(rename = "compute_per_package_PFlops")]
    compute: Option<Map<String, Value>>,
}

impl ServiceFacts {
    /// Asks a live Mantile for the facts about a model. A model that it does not have is an error that suggests
    /// the nearest name.
    pub async fn ask(client: &Client, model_id: &str) -> Result<Self> {
        let models: Vec<ListedId> = page(client, "/models").await?;
        if !models.iter().any(|model| model.id == model_id) {
            let names: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
            let error =
                Error::usage(format!("Mantile at {} has no model `{model_id}`", client.base_url()));
            return Err(error.with_help(match nearest(model_id, &names) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("its models are: {}", names.join(", ")),
            }));
        }
        let model: ModelPage = page(client, &format!("/models/{model_id}")).await?;
        let mut hardware = Vec::new();
        for ListedId { id } in page::<Vec<ListedId>>(client, "/hardware").await? {
            let configuration: HardwarePage = page(client, &format!("/hardware/{id}")).await?;
            let compute = configuration.compute.unwrap_or_default();
            let dtypes = compute.into_iter().map(|(dtype, _)| dtype).collect();
            hardware.push(ListedHardware { id, dtypes });
        }
        Ok(Self {
            model_id: model_id.to_owned(),
            published_name: model.hf_model_id.unwrap_or_else(|| model_id.to_owned()),
            layers: client.layers(model_id).await?,
            hardware,
        })
    }
}

async fn page<T: DeserializeOwned>(client: &Client, path: &str) -> Result<T> {
    let Reply { status, body, .. } = client.get(path).await?;
    let unusable = |problem: String| {
        Error::unavailable(format!("{}{path} answered {problem}", client.base_url()))
            .with_help("check that a Mantile listens there")
    };
    if status != 200 {
        return Err(unusable(format!("status {status}")));
    }
    serde_json::from_str(&body).map_err(|error| unusable(format!("unexpected content: {error}")))
}
