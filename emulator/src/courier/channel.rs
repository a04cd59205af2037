//! Where receipts of one kind go.

use std::sync::Arc;
use std::time::Duration;

use aliyun_runtime::{BoxError, BoxFuture};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tower_service::Service;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_millis(700);

/// What is read of a response.
const MOST_OF_A_RESPONSE: usize = 64 * 1024;

/// Sends one request: whether it was acknowledged.
type Send = dyn Fn(Request<Full<Bytes>>) -> BoxFuture<'static, bool> + std::marker::Send + Sync;

/// Where receipts of one kind go.
#[derive(Clone)]
pub(crate) enum Channel {
    /// To a receiver, several at once.
    Push(Push),
    /// Into the queue of this name, each as one message.
    Queue(String),
}

/// A receiver of pushes.
#[derive(Clone)]
pub(crate) struct Push {
    address: Uri,
    send: Arc<Send>,
}

impl Push {
    /// Pushes over HTTP.
    pub(crate) fn http(address: Uri) -> Self {
        let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        let send = move |request| -> BoxFuture<'static, bool> {
            let sent = client.request(request);
            Box::pin(async move { acknowledges(sent.await.ok()).await })
        };
        Self { address, send: Arc::new(send) }
    }

    /// Pushes to a service of tower in this process.
    pub(crate) fn in_process<S, B>(address: Uri, service: S) -> Self
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + std::marker::Send + Sync + 'static,
        S::Future: std::marker::Send,
        B: Body<Data: std::marker::Send, Error: Into<BoxError>> + std::marker::Send + 'static,
    {
        let send = move |request| -> BoxFuture<'static, bool> {
            let mut service = service.clone();
            Box::pin(async move {
                if std::future::poll_fn(|context| service.poll_ready(context)).await.is_err() {
                    return false;
                }
                acknowledges(service.call(request).await.ok()).await
            })
        };
        Self { address, send: Arc::new(send) }
    }

    /// Whether the receiver acknowledges these receipts in time.
    pub(crate) async fn send(&self, bodies: Vec<Value>) -> bool {
        let mut request = Request::new(Full::from(Value::Array(bodies).to_string()));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.address.clone();
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        tokio::time::timeout(PATIENCE, (self.send)(request)).await.unwrap_or(false)
    }
}

/// Whether a response acknowledges: it has the status 200, and its `code` is a number.
async fn acknowledges<B>(response: Option<Response<B>>) -> bool
where
    B: Body<Error: Into<BoxError>>,
{
    let Some(response) = response.filter(|response| response.status() == StatusCode::OK) else { return false };
    let Ok(body) = Limited::new(response.into_body(), MOST_OF_A_RESPONSE).collect().await else { return false };
    serde_json::from_slice::<Value>(&body.to_bytes()).is_ok_and(|answer| answer["code"].is_number())
}
