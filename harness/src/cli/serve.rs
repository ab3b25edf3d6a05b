//! `serve`: serves a recording as a stand-in for Mantile.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use super::args::ServeArgs;
use super::output::{note, print};
use crate::base::error::{Error, Exit, Result};
use crate::base::text::plural;
use crate::judge::model;
use crate::mantile::recording::{self, ReplayServer};
use crate::mantile::releases;

pub(super) async fn run(root: &Path, args: &ServeArgs) -> Result<Exit> {
    let config = model::load_config(root, &args.model)?;
    let accepted = releases::load(root)?.accepted;
    let release = args.release.as_deref().unwrap_or(&accepted);
    let recording = recording::load(root, release, &config.model_id)?;
    let entries = recording.entries.len();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).map_err(|error| {
        Error::usage(format!("cannot listen on 127.0.0.1:{}: {error}", args.port))
            .with_help("choose another port with --port; 0 takes a free one")
    })?;
    let server = ReplayServer::start(recording, Some(listener)).await;
    print(&server.url())?;
    note(&format!(
        "serving {entries} recorded answer{} of release {release} for {}; stop it with Ctrl-C",
        plural(entries),
        args.model
    ));
    tokio::select! {
        () = server.serve() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Ok(Exit::Inside)
}
