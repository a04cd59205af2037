//! Spans and events of calls, under the feature `tracing`, with the attribute names of OpenTelemetry. Values of
//! parameters are never in them; without the feature there is nothing of this in a program.

#[cfg(not(feature = "tracing"))]
pub(crate) use off::Span;
#[cfg(feature = "tracing")]
pub(crate) use on::Span;

#[cfg(not(feature = "tracing"))]
#[allow(clippy::unused_self, reason = "stands in for the span that there is with the feature")]
mod off {
    use std::time::Duration;

    use crate::call::core::Core;
    use crate::error::Error;
    use aliyun_protocol::Method;

    #[derive(Clone)]
    pub(crate) struct Span;

    impl Span {
        pub(crate) fn none() -> Self {
            Self
        }

        pub(crate) fn operation(_: &Core, _: &str) -> Self {
            Self
        }

        pub(crate) fn attempt(&self, _: &Core, _: Method, _: u32) -> Self {
            Self
        }

        pub(crate) fn within<F: Future>(&self, future: F) -> F {
            future
        }

        pub(crate) fn answered(&self, _: u16, _: impl FnOnce() -> Option<String>) {}

        pub(crate) fn failed(&self, _: &Error) {}

        pub(crate) fn repeats(&self, _: Duration, _: &Error) {}
    }
}

#[cfg(feature = "tracing")]
mod on {
    use std::time::Duration;

    use tracing::field::Empty;
    use tracing::instrument::{Instrument as _, Instrumented};

    use crate::call::core::Core;
    use crate::error::Error;
    use aliyun_protocol::Method;

    #[derive(Clone)]
    pub(crate) struct Span(tracing::Span);

    impl Span {
        pub(crate) fn none() -> Self {
            Self(tracing::Span::none())
        }

        /// A call, with all its attempts.
        pub(crate) fn operation(core: &Core, action: &str) -> Self {
            let product = core.request.service.product;
            Self(tracing::info_span!(
                target: "aliyun",
                "call",
                otel.name = %format_args!("{product}/{action}"),
                otel.kind = "client",
                otel.status_code = Empty,
                rpc.system = "aliyun",
                rpc.service = product,
                rpc.method = action,
                server.address = core.request.endpoint.address(),
                server.port = core.request.endpoint.port(),
                aliyun.request_id = Empty,
                "error.type" = Empty,
            ))
        }

        /// One attempt of a call: one request.
        pub(crate) fn attempt(&self, core: &Core, method: Method, number: u32) -> Self {
            Self(tracing::info_span!(
                target: "aliyun",
                parent: &self.0,
                "attempt",
                otel.name = method.as_str(),
                otel.kind = "client",
                otel.status_code = Empty,
                http.request.method = method.as_str(),
                // Left out of the first one, as OpenTelemetry has it.
                http.request.resend_count = number.checked_sub(1).filter(|count| *count > 0),
                http.response.status_code = Empty,
                server.address = core.request.endpoint.address(),
                server.port = core.request.endpoint.port(),
                url.scheme = core.request.endpoint.scheme(),
                aliyun.request_id = Empty,
                "error.type" = Empty,
            ))
        }

        pub(crate) fn within<F: Future>(&self, future: F) -> Instrumented<F> {
            future.instrument(self.0.clone())
        }

        /// An answer came; the request id is looked for only where somebody listens.
        pub(crate) fn answered(&self, status: u16, request_id: impl FnOnce() -> Option<String>) {
            if !self.0.is_disabled() {
                self.0.record("http.response.status_code", status);
                if let Some(id) = request_id() {
                    self.0.record("aliyun.request_id", crate::error::redaction::id(&id));
                }
            }
        }

        pub(crate) fn failed(&self, error: &Error) {
            if self.0.is_disabled() {
                return;
            }
            self.0.record("otel.status_code", "ERROR");
            self.0.record("error.type", &*error.in_short());
            if let Some(id) = error.request_id() {
                self.0.record("aliyun.request_id", id);
            }
        }

        /// Another attempt follows.
        pub(crate) fn repeats(&self, pause: Duration, error: &Error) {
            tracing::event!(
                target: "aliyun",
                parent: &self.0,
                tracing::Level::INFO,
                {
                    "error.type" = &*error.in_short(),
                    delay_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                },
                "another attempt follows"
            );
        }
    }
}
