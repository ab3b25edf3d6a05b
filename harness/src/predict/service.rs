//! The service that predicts for a model: a live Mantile, or a stand-in that replays a recording.

use std::path::Path;
use std::sync::Arc;

use crate::base::error::Result;
use crate::mantile::recording::{self, Recording, ReplayServer};
use crate::mantile::{Client, ClientOptions, LayerTable, releases};
use crate::rules::config::Config;

/// A Mantile that predicts for one model, live or from its recording.
#[derive(Debug)]
pub struct MantileService {
    /// The client with which it is asked.
    pub client: Client,
    /// The model's layers, according to this service.
    pub layers: Arc<LayerTable>,
    /// The name of the recorded release, or the URL of the live service.
    pub origin: String,
    /// The model's configuration.
    pub config: Arc<Config>,
    /// The stand-in, which stops when it is dropped.
    _replay: Option<ReplayServer>,
}

impl MantileService {
    /// Connects to a live Mantile at `url`.
    pub async fn live(url: &str, options: ClientOptions, config: &Config) -> Result<Self> {
        let client = Client::new(url, options)?;
        let layers = Arc::new(client.layers(&config.model_id).await?);
        let origin = client.base_url().to_owned();
        Ok(Self { client, layers, origin, config: Arc::new(config.clone()), _replay: None })
    }

    /// Serves a release's recording on the loopback interface. If the release lacks the calibrated configurations,
    /// rows ask for the uncalibrated ones.
    pub async fn replayed(recording: Recording, config: &Config) -> Result<Self> {
        let origin = recording.release.clone();
        let config = config.for_release(&recording.hardware_ids());
        let replay = ReplayServer::start(recording, None).await;
        let client = Client::new(&replay.url(), ClientOptions::default())?;
        let layers = Arc::new(client.layers(&config.model_id).await?);
        Ok(Self { client, layers, origin, config: Arc::new(config), _replay: Some(replay) })
    }

    /// Connects to the live service if there is a URL; otherwise serves the accepted release's recording under
    /// `root`.
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
