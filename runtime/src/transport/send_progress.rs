//! How far the sending of a request got: it decides whether the request may be sent again.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;

/// How far the sending of a request got, for a caller that stops waiting for the response.
///
/// It travels among the extensions of the request. A transport that does not know when it sends a request ignores it:
/// the request then counts as sent from the moment at which it was handed over.
#[derive(Debug, Clone, Default)]
pub(crate) struct SendProgress(Arc<AtomicU8>);

/// A stage of [`SendProgress`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The request is being built: nothing was sent.
    Preparing,
    /// The transport has the request and may send it at any moment.
    HandedOver,
    /// The request may have been sent.
    MaybeSent,
    /// The request was dropped before it could be sent: nothing was sent.
    NotSent,
}

impl SendProgress {
    pub(crate) fn stage(&self) -> Stage {
        match self.0.load(Ordering::Acquire) {
            0 => Stage::Preparing,
            1 => Stage::HandedOver,
            3 => Stage::NotSent,
            _ => Stage::MaybeSent,
        }
    }

    pub(crate) fn reach(&self, stage: Stage) {
        self.0.store(stage as u8, Ordering::Release);
    }

    /// Notes that the request was dropped. Nothing was sent if nobody has read it until now.
    fn dropped(&self) {
        let (from, to) = (Stage::HandedOver as u8, Stage::NotSent as u8);
        // In any other stage the request may have been sent, and the stage stays.
        let _ = self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// A request body that notes when it is read, and when it is dropped unread.
///
/// The head of an HTTP/1.1 request states whether there is a body and how long it is, so a client cannot write the head
/// before it reads the body: a body that was dropped unread belongs to a request that was never sent. A test in
/// `tests/transport.rs` checks that hyper works this way.
pub(super) struct ObservedBody {
    pub(super) body: Bytes,
    pub(super) progress: SendProgress,
}

impl Drop for ObservedBody {
    fn drop(&mut self) {
        self.progress.dropped();
    }
}

impl http_body::Body for ObservedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        self.progress.reach(Stage::MaybeSent);
        let body = std::mem::take(&mut self.body);
        Poll::Ready((!body.is_empty()).then(|| Ok(http_body::Frame::data(body))))
    }

    fn is_end_stream(&self) -> bool {
        self.progress.reach(Stage::MaybeSent);
        self.body.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.progress.reach(Stage::MaybeSent);
        http_body::SizeHint::with_exact(self.body.len() as u64)
    }
}
