//! The service that answers for a model: a live Mantile, or a stand-in that replays a recording.

use std::path::Path;
use std::sync::Arc;

use crate::base::error::Result;
use crate::mantile::recording::{self, Recording, ReplayServer};
use crate::mantile::{Client, ClientOptions, LayerTable, releases};
use crate::rules::config::Config;

/// A Mantile that answers for one model, live or from its recording.
#[derive(Debug)]
pub struct MantileService {
    /// The client to ask with.
    pub client: Client,
    /// The model's layers, as this service has them.
    pub layers: Arc<LayerTable>,
    /// Who answers: a recorded release, or the URL of a live service.
    pub origin: String,
    /// The model's configuration.
    pub config: Arc<Config>,
    /// The stand-in, kept alive for as long as it is asked.
    _replay: Option<ReplayServer>,
}

impl MantileService {
    /// A live Mantile at `url`.
    pub async fn live(url: &str, options: ClientOptions, config: &Config) -> Result<Self> {
        let client = Client::new(url, options)?;
        let layers = Arc::new(client.layers(&config.model_id).await?);
        let origin = client.base_url().to_owned();
        Ok(Self { client, layers, origin, config: Arc::new(config.clone()), _replay: None })
    }

    /// A release's recording, served on the loopback interface. Rows ask as they would without calibration
    /// where the release has no calibrated configuration.
    pub async fn replayed(recording: Recording, config: &Config) -> Result<Self> {
        let origin = recording.release.clone();
        let config = config.for_release(&recording.hardware_ids());
        let replay = ReplayServer::start(recording, None).await;
        let client = Client::new(&replay.url(), ClientOptions::default())?;
        let layers = Arc::new(client.layers(&config.model_id).await?);
        Ok(Self { client, layers, origin, config: Arc::new(config), _replay: Some(replay) })
    }

    /// Live where a URL is given, else the recording under `root`.
    pub async fn start(
        api_url: Option<&str>,
        options: ClientOptions,
        root: &Path,
        config: &Config,
    ) -> Result<Self> {
        match api_url {
            Some(url) => Self::live(url, options, config).await,
            None => {
                let release = releases::load(root)?.accepted;
                Self::replayed(recording::load(root, &release, &config.model_id)?, config).await
            }
        }
    }
}
