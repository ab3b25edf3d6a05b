//! The answer of a service.

use reqwest::header::{ETAG, HeaderMap, HeaderName, LINK};

/// The answer of a service, which may be a refusal.
#[derive(Debug)]
pub(in crate::intake::fetch) struct HttpAnswer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl HttpAnswer {
    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(in crate::intake::fetch) fn etag(&self) -> Option<&str> {
        self.header(&ETAG)
    }

    pub(in crate::intake::fetch) fn link(&self) -> Option<&str> {
        self.header(&LINK)
    }
}
