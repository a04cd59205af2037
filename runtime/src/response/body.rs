//! Reads the body of a response into a typed value, as far as it can be read.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use crate::generated::output::Output;
use crate::response::fault::Fault;
use crate::response::read::{Origin, read};
use crate::response::xml;

/// How much of the memory one response may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResponseLimits {
    /// Bytes of its body.
    pub(crate) body: usize,
    /// Bytes of memory of its records: a small body can describe many empty records.
    pub(crate) memory: usize,
}

impl Default for ResponseLimits {
    fn default() -> Self {
        Self { body: 16 << 20, memory: 256 << 20 }
    }
}

/// Makes an empty value of the output type of a call. A function without captures takes no memory.
pub(crate) type Blank = Box<dyn Fn() -> Box<dyn Output> + Send + Sync>;

/// An empty answer of this type.
pub(crate) fn blank<T: Output + Default>() -> Box<dyn Output> {
    Box::<T>::default()
}

/// Reads the body of a successful JSON answer: what a call does after the transport, for benches.
#[cfg(feature = "test-util")]
pub fn read_body(body: &[u8], answer: &mut dyn Output) -> Result<(), String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let memory = ResponseLimits::default().memory;
    read(text, answer.place(), Origin::Json, memory, &|| false).map_err(|fault| fault.to_string())
}

/// A body that was read, as far as it could be.
pub(crate) struct Body {
    /// What was read of it.
    pub(super) answer: Box<dyn Output>,
    pub(super) outcome: Result<(), Unreadable>,
}

/// Why a body could not be read.
pub(super) enum Unreadable {
    NotUtf8 {
        valid_up_to: usize,
    },
    Empty,
    /// JSON, or the beginning of it, but not an object.
    NotAnObject,
    NeitherJsonNorXml,
    Html,
    /// XML with another root than a gateway writes.
    OtherXml {
        root: String,
    },
    NotXml {
        what: String,
    },
    Misfit(Fault),
}

impl Body {
    /// Reads a body into an answer, of whose records no more than `memory` bytes are kept.
    pub(crate) fn read(body: &[u8], answer: Box<dyn Output>, memory: usize) -> Self {
        Self::read_until(body, answer, memory, &|| false)
    }

    fn read_until(body: &[u8], mut answer: Box<dyn Output>, memory: usize, stop: &dyn Fn() -> bool) -> Self {
        // What is not UTF-8 may be words that no decision needs: the rest is read all the same, and kept.
        let (body, foreign) = match std::str::from_utf8(body) {
            Ok(text) => (Cow::Borrowed(text), None),
            Err(error) => (String::from_utf8_lossy(body), Some(error.valid_up_to())),
        };
        let outcome = text(&body, memory).and_then(|(text, origin)| {
            read(&text, answer.place(), origin, memory, stop).map_err(Unreadable::Misfit)?;
            answer.keep(&text);
            Ok(())
        });
        let foreign = foreign.map(|valid_up_to| Unreadable::NotUtf8 { valid_up_to });
        Self { answer, outcome: foreign.map_or(outcome, Err) }
    }

    /// Reads a large body on a thread for blocking work. The reading ends early when this is dropped; `None` if the
    /// runtime is being shut down.
    pub(crate) async fn read_aside(body: Bytes, answer: Box<dyn Output>, memory: usize) -> Option<Self> {
        // Gone as soon as nobody waits any more.
        let wanted = Arc::new(());
        let waits = Arc::downgrade(&wanted);
        let stop = move || waits.strong_count() == 0;
        let read = tokio::task::spawn_blocking(move || Self::read_until(&body, answer, memory, &stop)).await;
        drop(wanted);
        read.ok()
    }
}

/// A body as JSON text.
fn text(body: &str, memory: usize) -> Result<(Cow<'_, str>, Origin), Unreadable> {
    let start = body.trim_start_matches('\u{feff}').trim_start();
    match start.as_bytes().first() {
        None => Err(Unreadable::Empty),
        Some(b'{') => Ok((Cow::Borrowed(start), Origin::Json)),
        Some(b'<') => Ok((Cow::Owned(xml_as_json(start, memory)?), Origin::Xml)),
        Some(b'[' | b'"' | b'-' | b'0'..=b'9') => Err(Unreadable::NotAnObject),
        Some(_) => Err(Unreadable::NeitherJsonNorXml),
    }
}

/// An XML body as JSON text. Only what an RPC gateway writes is one: another root is that of somebody else's page.
fn xml_as_json(text: &str, memory: usize) -> Result<String, Unreadable> {
    let beginning = text.get(..text.len().min(15)).unwrap_or(text).to_ascii_lowercase();
    if beginning.starts_with("<!doctype html") || beginning.starts_with("<html") {
        return Err(Unreadable::Html);
    }
    match xml::to_json(text, memory) {
        Ok((root, _)) if root.eq_ignore_ascii_case("html") => Err(Unreadable::Html),
        Ok((root, value)) if root.eq_ignore_ascii_case("error") || root.ends_with("Response") => Ok(value.to_string()),
        Ok((root, _)) => Err(Unreadable::OtherXml { root }),
        Err(what) => Err(Unreadable::NotXml { what }),
    }
}
