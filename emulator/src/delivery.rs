//! Sends a response over a socket, as a whole or damaged by a fault.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_LENGTH, HeaderValue};
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use crate::fault::{Delivery, MISSING, PIECES};

/// A connection that can be made to end with a reset instead of a proper close.
pub(crate) struct Line {
    stream: TcpStream,
    reset: ResetSwitch,
}

/// Decides how a [`Line`] ends.
#[derive(Clone, Default)]
pub(crate) struct ResetSwitch(Arc<AtomicBool>);

impl ResetSwitch {
    /// From now on the connection ends with a reset.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Line {
    pub(crate) fn new(stream: TcpStream, reset: ResetSwitch) -> Self {
        // Responses are small and complete: waiting to fill a packet would only delay them.
        let _ = stream.set_nodelay(true);
        Self { stream, reset }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.reset.0.load(Ordering::Relaxed) {
            // If it fails, the peer sees a close, which is no response either.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// The body of a response: one piece or several, and perhaps an improper end.
pub(crate) struct AnswerBody {
    pieces: VecDeque<Bytes>,
    pause: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    /// What was sent before is flushed first.
    Flushing,
    Broken,
}

/// Whether the client gets a response.
pub(crate) fn is_answered(delivery: &Delivery) -> bool {
    !matches!(delivery, Delivery::Reset | Delivery::Silence)
}

/// A body as it should be.
pub(crate) fn whole(response: Response<Bytes>) -> Response<AnswerBody> {
    response.map(|body| AnswerBody { pieces: [body].into(), pause: Duration::ZERO, sleep: None, end: End::Whole })
}

/// A body in pieces, with a delay between them.
pub(crate) fn slow(response: Response<Bytes>, pause: Duration) -> Response<AnswerBody> {
    response.map(|body| AnswerBody { pieces: pieces(body), pause, sleep: None, end: End::Whole })
}

/// Half of a body, after which the connection breaks.
pub(crate) fn half(response: Response<Bytes>) -> Response<AnswerBody> {
    let length = response.body().len();
    broken(response, length / 2, length)
}

/// A body that is shorter than announced.
pub(crate) fn short(response: Response<Bytes>) -> Response<AnswerBody> {
    let length = response.body().len();
    broken(response, length, length + MISSING)
}

fn broken(mut response: Response<Bytes>, length: usize, announced: usize) -> Response<AnswerBody> {
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(announced));
    response.map(|mut body| {
        body.truncate(length);
        AnswerBody { pieces: [body].into(), pause: Duration::ZERO, sleep: None, end: End::Flushing }
    })
}

fn pieces(mut body: Bytes) -> VecDeque<Bytes> {
    let size = body.len().div_ceil(PIECES).max(1);
    let mut pieces = VecDeque::new();
    while body.len() > size {
        pieces.push_back(body.split_to(size));
    }
    pieces.push_back(body);
    pieces
}

/// Total time of a slow body.
pub(crate) fn slow_time(length: usize, pause: Duration) -> Duration {
    let size = length.div_ceil(PIECES).max(1);
    let pauses = length.div_ceil(size).saturating_sub(1);
    pause.saturating_mul(u32::try_from(pauses).unwrap_or(u32::MAX))
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(sleep) = &mut self.sleep {
            ready!(sleep.as_mut().poll(cx));
            self.sleep = None;
        }
        if let Some(piece) = self.pieces.pop_front() {
            if !self.pieces.is_empty() && !self.pause.is_zero() {
                self.sleep = Some(Box::pin(tokio::time::sleep(self.pause)));
            }
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Flushing => {
                // The server flushes its buffer before it polls again.
                self.end = End::Broken;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            End::Broken => Poll::Ready(Some(Err(io::ErrorKind::BrokenPipe.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.end == End::Whole && self.pieces.iter().all(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        // A broken body announces its length in the header.
        if self.end != End::Whole {
            return SizeHint::default();
        }
        SizeHint::with_exact(self.pieces.iter().map(|piece| piece.len() as u64).sum())
    }
}
