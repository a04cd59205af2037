//! A transport for clients of the same process.

use std::io;
use std::time::Duration;

use aliyun_runtime::{BoxFuture, Ending, HttpResponse, Sent, Transport, TransportError};
use bytes::Bytes;
use http::Request;

use crate::delivery::slow_time;
use crate::emulator::Emulator;
use crate::engine::Outgoing;
use crate::fault::{Delivery, SILENCE};
use crate::queue_endpoint;

/// Sends the requests of a client to an emulator in the same process. Made by [`Emulator::transport`].
///
/// The host of a request does not matter if there is one service: a client can keep the service's own endpoint. Faults
/// look as they do over HTTP. Their delays are by tokio's clock, which a test may pause.
#[derive(Debug, Clone)]
pub struct InProcess {
    emulator: Emulator,
}

impl Emulator {
    /// A transport for clients of the same process: no socket, no port, no waiting.
    pub fn transport(&self) -> InProcess {
        InProcess { emulator: self.clone() }
    }
}

impl Transport for InProcess {
    fn send(&self, request: Request<Bytes>, body_limit: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let engine = self.emulator.engine();
            if let Some(fault) = engine.rules().connect() {
                return Err(unanswered(fault.delivery()).await);
            }
            let (parts, body) = request.into_parts();
            let Outgoing { response, delivery } = if queue_endpoint::is_meant(&parts.uri) {
                queue_endpoint::attend(engine, &parts, Ok(&body)).await
            } else {
                engine.answer(&parts, Ok(&body))
            };
            let (parts, mut body) = response.into_parts();
            let mut ending = Ending::Complete;
            match delivery {
                Delivery::Whole => {}
                Delivery::Delayed(delay) => wait(delay).await,
                Delivery::Slow(pause) => wait(slow_time(body.len(), pause)).await,
                Delivery::ResetWithin => {
                    body.truncate(body.len() / 2);
                    ending = Ending::CutShort(reset().into());
                }
                Delivery::Short => {
                    let closed =
                        io::Error::new(io::ErrorKind::UnexpectedEof, "connection closed before the body ended");
                    ending = Ending::CutShort(closed.into());
                }
                Delivery::Reset | Delivery::Silence => return Err(unanswered(delivery).await),
            }
            if body.len() > body_limit {
                ending = Ending::TooLong;
                body.truncate(body_limit);
            }
            Ok(HttpResponse::new(parts.status.as_u16(), parts.headers, body).ending(ending))
        })
    }
}

/// What a client sees of a connection without a response. It cannot know whether the request was read.
async fn unanswered(delivery: Delivery) -> TransportError {
    if delivery == Delivery::Silence {
        wait(SILENCE).await;
    }
    TransportError::new(Sent::Maybe, reset())
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by peer")
}

async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}
