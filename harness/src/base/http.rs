//! The settings and messages that all HTTP clients share.

use std::sync::Arc;

use reqwest::{ClientBuilder, Url};
use rustls::crypto::ring;

/// True if a URL's host is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// A client builder: TLS with the system's certificates for https, and no proxy when the service is on this
/// machine.
pub(crate) fn builder(url: &Url) -> ClientBuilder {
    // An error means that a provider is installed already, which serves as well.
    let _ = ring::default_provider().install_default();
    let builder = ClientBuilder::new();
    if is_loopback(url) { builder.no_proxy() } else { builder }
}

/// A client builder for http alone: it does not read the system's certificates, which takes milliseconds.
pub(crate) fn plain_builder(url: &Url) -> ClientBuilder {
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default versions of TLS")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    builder(url).tls_backend_preconfigured(config)
}

/// The failure between here and the service, in words. The URL is left out: it may contain a secret.
pub(crate) fn describe(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        "no answer in time".to_owned()
    } else if error.is_connect() {
        format!("cannot connect: {}", root_cause(error))
    } else if error.is_body() || error.is_decode() {
        format!("the answer broke off: {}", root_cause(error))
    } else {
        format!("the connection broke: {}", root_cause(error))
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
