//! The bodies of requests and responses.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aliyun_runtime::BoxError;
use bytes::{Buf as _, Bytes};
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};

use crate::listeners::WhenDropped;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The body of a response.
pub struct ResponseBody {
    text: Full<Bytes>,
    /// Passed on when this is dropped, after it was sent.
    _news: Option<WhenDropped>,
}

impl ResponseBody {
    /// The application learns of these after this body.
    pub(super) fn before(self, news: WhenDropped) -> Self {
        Self { text: self.text, _news: Some(news) }
    }
}

impl From<String> for ResponseBody {
    fn from(text: String) -> Self {
        Self { text: Full::from(text), _news: None }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.text).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.text.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.text.size_hint()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").field("size", &self.size_hint()).finish_non_exhaustive()
    }
}

/// Why the body of a request was not read.
#[derive(Debug)]
pub(super) enum Unread {
    TooLarge(usize),
    TooSlow,
    CutShort,
}

impl Unread {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::CutShort => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(limit) => write!(f, "the body has more than {limit} bytes; send less at once"),
            Self::TooSlow => write!(f, "the body did not arrive within {BODY_TIMEOUT:?}; send it again"),
            Self::CutShort => f.write_str("the body ended before its end; send it again"),
        }
    }
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read<B>(body: B, limit: usize) -> Result<Bytes, Unread>
where
    B: Body<Error: Into<BoxError>> + Send + 'static,
{
    if body.size_hint().lower() > limit as u64 {
        return Err(Unread::TooLarge(limit));
    }
    match tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => {
            let mut buffers = body.aggregate();
            Ok(buffers.copy_to_bytes(buffers.remaining()))
        }
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Unread::TooLarge(limit)),
        Ok(Err(_)) => Err(Unread::CutShort),
        Err(_) => Err(Unread::TooSlow),
    }
}
