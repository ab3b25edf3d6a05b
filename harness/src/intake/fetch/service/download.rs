//! Downloads, which resume where they were cut, in this run of the program or in an earlier one.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use reqwest::header::{CONTENT_RANGE, HeaderMap, HeaderValue, RANGE};
use reqwest::{Response, Url};
use sha2::{Digest as _, Sha256};

use super::super::archive::size;
use super::super::artifact::RemoteArtifact;
use super::fault::TryFault;
use super::{FetchEvent, HttpAnswer, HttpService, OnEvent};
use crate::base::error::{Error, Result};
use crate::base::http;
use crate::base::text::hex;

/// The outcome of a download.
#[derive(Debug)]
pub(in crate::intake::fetch) enum DownloadOutcome {
    /// The file is complete.
    Done,
    /// The artifact is no longer there: it expired or was deleted.
    Gone,
    /// The service refused it with this answer.
    Refused(HttpAnswer),
}

/// The largest text of a refusal, bytes.
const MAX_REFUSAL: u64 = 1 << 20;

impl HttpService {
    /// Downloads an artifact's archive to a file. The bytes before a cut are kept and the rest is asked for, if the
    /// server can send parts.
    pub(in crate::intake::fetch) async fn download(
        &self,
        url: &Url,
        artifact: &RemoteArtifact,
        path: &Path,
        max_bytes: u64,
        on_event: &OnEvent<'_>,
    ) -> Result<DownloadOutcome> {
        let partial = path.with_extension("zip.part");
        let download = PartialDownload { artifact, partial, max_bytes, on_event };
        self.patiently(&format!("artifact {}", artifact.name), on_event, async || {
            self.download_once(url, &download, path).await
        })
        .await
    }

    async fn download_once(
        &self,
        url: &Url,
        download: &PartialDownload<'_>,
        path: &Path,
    ) -> Result<DownloadOutcome, TryFault> {
        let received = download.received();
        let mut extra = HeaderMap::new();
        if received > 0 {
            let value = HeaderValue::from_str(&format!("bytes={received}-"));
            extra.insert(RANGE, value.expect("digits make a header"));
        }
        let response = self.follow(url, &extra).await?;
        let start = match response.status().as_u16() {
            200 => 0,
            206 if starts_at(response.headers(), received) => received,
            206 | 416 => {
                download.forget()?;
                return Err(TryFault::passing(
                    "the server did not send the part that was asked for",
                ));
            }
            404 | 410 => return Ok(DownloadOutcome::Gone),
            // A signed address is valid for about a minute; the API gives a new one.
            status if !self.owns(response.url()) => {
                let host = response.url().host_str().unwrap_or_default().to_owned();
                return Err(TryFault::passing(format!("{host} answered {status}")));
            }
            _ => return Ok(DownloadOutcome::Refused(self.answer(response, MAX_REFUSAL).await?)),
        };
        download.receive(response, start).await?;
        download.check_digest()?;
        fs::rename(&download.partial, path).map_err(|source| download.failed(source))?;
        Ok(DownloadOutcome::Done)
    }
}

/// A download whose bytes go to a file of their own until it is complete.
struct PartialDownload<'a> {
    artifact: &'a RemoteArtifact,
    partial: PathBuf,
    max_bytes: u64,
    on_event: &'a OnEvent<'a>,
}

impl PartialDownload<'_> {
    fn failed(&self, source: std::io::Error) -> TryFault {
        TryFault::Final(Error::io("write", &self.partial, source))
    }

    /// The number of bytes that earlier tries received.
    fn received(&self) -> u64 {
        fs::metadata(&self.partial).map_or(0, |meta| meta.len())
    }

    /// Removes the bytes that earlier tries received.
    fn forget(&self) -> Result<(), TryFault> {
        match fs::remove_file(&self.partial) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    /// Appends the bytes of a response, which begin at byte `start`.
    async fn receive(&self, mut response: Response, start: u64) -> Result<(), TryFault> {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(start == 0)
            .append(start > 0)
            .open(&self.partial)
            .map_err(|source| self.failed(source))?;
        let mut received = start;
        while let Some(bytes) =
            response.chunk().await.map_err(|error| TryFault::passing(http::describe(&error)))?
        {
            received += bytes.len() as u64;
            if received > self.max_bytes {
                drop(file);
                self.forget()?;
                let (name, most) = (&self.artifact.name, size(self.max_bytes));
                let message = format!("artifact {name} is larger than {most}");
                return Err(TryFault::Final(Error::usage(message)));
            }
            file.write_all(&bytes).map_err(|source| self.failed(source))?;
            (self.on_event)(FetchEvent::Bytes { name: &self.artifact.name, received });
        }
        file.sync_all().map_err(|source| self.failed(source))
    }

    /// Compares the bytes with the digest that GitHub states, if it states one.
    fn check_digest(&self) -> Result<(), TryFault> {
        let digest = self.artifact.digest.as_deref().and_then(|text| text.strip_prefix("sha256:"));
        let Some(digest) = digest else { return Ok(()) };
        let bytes = fs::read(&self.partial).map_err(|source| self.failed(source))?;
        if digest.eq_ignore_ascii_case(&hex(&Sha256::digest(&bytes))) {
            return Ok(());
        }
        self.forget()?;
        Err(TryFault::passing("the downloaded bytes do not have the stated digest"))
    }
}

/// Whether the part of a body that a response holds starts at this byte.
fn starts_at(headers: &HeaderMap, byte: u64) -> bool {
    let range = headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    let start = range.and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
    start.and_then(|start| start.parse().ok()) == Some(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_starts_where_it_was_asked_to() {
        let starts = |text: &str| {
            let headers =
                HeaderMap::from_iter([(CONTENT_RANGE, HeaderValue::from_str(text).unwrap())]);
            starts_at(&headers, 5)
        };
        assert!(starts("bytes 5-9/10") && starts("bytes 5-9/*"));
        assert!(!starts("bytes 0-9/10") && !starts("5-9/10") && !starts("bytes */10"));
    }
}
