//! The door inside the process: a transport that needs no socket.

use aliyun_runtime::{BoxFuture, Ending, HttpAnswer, Transport, TransportError};
use bytes::Bytes;
use http::Request;

use crate::Emulator;

/// Carries the requests of a client to an emulator in the same process. Made by [`Emulator::transport`].
///
/// The host of a request does not matter: a client can keep the service's own endpoint.
#[derive(Debug, Clone)]
pub struct InProcess {
    pub(crate) emulator: Emulator,
}

impl Transport for InProcess {
    fn send(&self, request: Request<Bytes>, body_limit: usize) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        Box::pin(async move {
            let (parts, mut body) = self.emulator.answer(request).into_parts();
            let ending = if body.len() > body_limit { Ending::TooLong } else { Ending::Complete };
            body.truncate(body_limit);
            Ok(HttpAnswer { status: parts.status.as_u16(), headers: parts.headers, body, ending })
        })
    }
}
