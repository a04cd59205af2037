use std::sync::Mutex;

use aliyun_runtime::{BoxFuture, HttpResponse, Sent, TransportError};
use http::HeaderMap;

use super::*;
use crate::dybaseapi::token::MessageTokenDTO;

fn judged(status: u16, body: &str) -> Result<Bytes, Fault> {
    let mut headers = HeaderMap::new();
    headers.insert(mns::REQUEST_ID, HeaderValue::from_static("5F0A"));
    judge(HttpResponse::new(status, headers, body.to_owned()))
}

#[test]
fn each_response_has_one_meaning() {
    let error = |code: &str| format!("<Error><Code>{code}</Code><Message>words</Message></Error>");
    let part = "<Errors><Error><ErrorCode>ReceiptHandleError</ErrorCode></Error></Errors>";
    for (status, body, expected) in [
        (200, "<Messages/>".to_owned(), "Ok"),
        (204, String::new(), "Ok"),
        (404, error("MessageNotExist"), "Empty"),
        (404, error("QueueNotExist"), "Missing"),
        (404, part.to_owned(), "Undeleted { count: 1, code: \"ReceiptHandleError\" }"),
        (200, part.to_owned(), "Undeleted { count: 1, code: \"ReceiptHandleError\" }"),
        (200, error("InternalError"), "Unavailable(\"HTTP 200, InternalError, 5F0A\", None)"),
        (401, String::new(), "Rejected(\"HTTP 401, 5F0A\")"),
        (403, error("AccessDenied"), "Rejected(\"HTTP 403, AccessDenied, 5F0A\")"),
        (403, "<html>no</html>".to_owned(), "Rejected(\"HTTP 403, 5F0A\")"),
        (404, "<html>no</html>".to_owned(), "Refused(\"HTTP 404, 5F0A\")"),
        (400, error("InvalidArgument"), "Refused(\"HTTP 400, InvalidArgument, 5F0A\")"),
        (408, error("TimeExpired"), "Refused(\"HTTP 408, TimeExpired, 5F0A; set the clock of this machine\")"),
        (408, String::new(), "Unavailable(\"HTTP 408, 5F0A\", None)"),
        (429, String::new(), "Unavailable(\"HTTP 429, 5F0A\", None)"),
        (302, String::new(), "Unavailable(\"HTTP 302, 5F0A\", None)"),
        (500, error("InternalError"), "Unavailable(\"HTTP 500, InternalError, 5F0A\", None)"),
    ] {
        let found = judged(status, &body).map_or_else(|fault| format!("{fault:?}"), |_| "Ok".to_owned());
        assert_eq!(found, expected, "{status} {body}");
    }
}

#[test]
fn a_body_that_is_not_whole_is_no_response() {
    for (ending, text) in [
        (Ending::TooLong, "its response is longer than 4194304 bytes"),
        (Ending::Late, "its response did not arrive in time"),
        (Ending::CutShort("cut".into()), "its response was cut short"),
    ] {
        let response = HttpResponse::new(200, HeaderMap::new(), "<Messages/>").ending(ending);
        let Err(Fault::Unavailable(what, _)) = judge(response) else { panic!("{text}") };
        assert_eq!(what, text);
    }
}

fn key() -> QueueKey {
    let issued = MessageTokenDTO {
        access_key_id: Some("testtokenid".to_owned()),
        access_key_secret: Some("testtokensecret".to_owned()),
        security_token: Some("testtoken".to_owned()),
        create_time: None,
        expire_time: None,
    };
    QueueKey::new(issued).unwrap()
}

fn message() -> Message {
    let body = b"<Message><ReceiptHandle>1-a&lt;b</ReceiptHandle></Message>";
    message::messages(body).unwrap().remove(0)
}

#[test]
fn a_time_that_cannot_be_sent_is_an_error() {
    let service =
        QueueService::new(Arc::<Silent>::default() as _, Endpoint::new("queues.example.com").unwrap(), "q".to_owned());
    let year = 365 * 24 * 60 * 60;
    for (seconds, is_valid) in [(0, true), (8_000 * year, true), (9_000 * year, false)] {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(service.request(&service.receive(1, 0), &key(), now).is_ok(), is_valid, "{seconds}");
    }
}

/// Notes requests, and never answers.
#[derive(Default)]
struct Silent(Mutex<Vec<Request<Bytes>>>);

impl Transport for Silent {
    fn send(&self, request: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.0.lock().unwrap().push(request);
        Box::pin(async {
            std::future::pending::<()>().await;
            Err(TransportError::new(Sent::Maybe, "never"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_has_the_headers_that_are_signed_and_ends_in_time() {
    let transport = Arc::new(Silent::default());
    let endpoint = Endpoint::new("queues.example.com:8443").unwrap();
    let service = QueueService::new(Arc::clone(&transport) as _, endpoint, "q".to_owned());
    let key = key();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_773_021_600);
    let message = message();
    for (exchange, limit) in
        [(service.receive(1, 30), 40), (service.receive(16, 0), 10), (service.delete(&[message]), 10)]
    {
        let start = tokio::time::Instant::now();
        let Err(Fault::Unavailable(what, None)) = service.send(&exchange, &key, now).await else { panic!("no fault") };
        assert_eq!(what, format!("no response within {limit}s"));
        assert_eq!(start.elapsed().as_secs(), limit);
        assert!(key.is_unused());
    }
    let requests = transport.0.lock().unwrap();
    let urls: Vec<String> = requests.iter().map(|request| format!("{} {}", request.method(), request.uri())).collect();
    assert_eq!(
        urls,
        [
            "GET https://queues.example.com:8443/queues/q/messages?numOfMessages=1&waitseconds=30",
            "GET https://queues.example.com:8443/queues/q/messages?numOfMessages=16&waitseconds=0",
            "DELETE https://queues.example.com:8443/queues/q/messages",
        ]
    );
    let header = |at: usize, name: &str| requests[at].headers().get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header(0, "host"), Some("queues.example.com:8443"));
    assert_eq!(header(0, "date"), Some("Mon, 09 Mar 2026 02:00:00 GMT"));
    assert_eq!(header(0, "x-mns-version"), Some("2015-06-06"));
    assert_eq!(header(0, "security-token"), Some("testtoken"));
    assert_eq!((header(0, "content-type"), header(2, "content-type")), (None, Some("text/xml;charset=UTF-8")));
    assert_eq!(
        requests[2].body(),
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><ReceiptHandles xmlns=\"http://mns.aliyuncs.com/doc/v1/\">\
         <ReceiptHandle>1-a&lt;b</ReceiptHandle></ReceiptHandles>"
    );
}
