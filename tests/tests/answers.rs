//! What the client makes of every kind of answer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, SystemTime};

use aliyun_runtime::http::{HeaderMap, HeaderValue};
use aliyun_runtime::{BoxFuture, Bytes, Ending, HttpResponse, TransportError};
use dyvmsapi::credentials::Context;
use dyvmsapi::robot::QueryRobotTaskCallList;
use dyvmsapi::{
    Client, Credentials, CredentialsError, CredentialsProvider, Error, ErrorKind, Retries, Sent, Transport,
};
use workspace_tests::{Canned, chain};

const REQUEST_ID: &str = "D9CB3933-9FE3-4870-BA8E-2BEE91B69D23";

/// A client that attempts every call once: what follows a failure is a matter of `retries.rs`.
fn client(transport: impl Transport) -> Client {
    Client::builder()
        .retries(Retries::never())
        .credentials(Credentials::new("testid", "testsecret"))
        .clock_and_nonce(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496), || 0x1234)
        .transport(transport)
        .build()
        .unwrap()
}

async fn failure(transport: impl Transport) -> Error {
    client(transport).send(QueryRobotTaskCallList::new().task_id("1045001")).await.unwrap_err()
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
}

#[tokio::test]
async fn a_request_is_signed_and_sent_as_a_form() {
    let canned = Canned::ok(r#"{"Code":"OK"}"#);
    let request = QueryRobotTaskCallList::new().task_id("1045001").called("13000000000").page_no(2);
    client(canned.clone()).send(request).parameter("OwnerId", "1").await.unwrap();
    assert_eq!(
        canned.bodies(),
        [
            "TaskId=1045001&Called=13000000000&PageNo=2&OwnerId=1&AccessKeyId=testid&Action=QueryRobotTaskCallList&Format=JSON\
          &SignatureMethod=HMAC-SHA1&SignatureNonce=00000000000000000000000000001234&SignatureVersion=1.0\
          &Timestamp=2026-03-01T12%3A34%3A56Z&Version=2017-05-25&Signature=YFJy6Hpkg7xmfA%2FSeMLcjVkMLZc%3D"
        ]
    );
    let requests = canned.requests();
    assert_eq!(requests[0].method(), "POST");
    assert_eq!(requests[0].uri(), "https://dyvmsapi.aliyuncs.com/");
    assert_eq!(requests[0].headers()["content-type"], "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn a_response_is_typed() {
    let body = r#"{"Code":"OK","Message":"OK","RequestId":"R-1","Data":"[{\"taskId\":1045001,\"duration\":\"60\",\"konwledgeCount\":\"2\"}]"}"#;
    let page = client(Canned::ok(body)).send(QueryRobotTaskCallList::new()).await.unwrap();
    assert_eq!(page.request_id, "R-1");
    assert_eq!(page.data.len(), 1);
    assert_eq!(page.data[0].task_id.as_deref(), Some("1045001"));
    assert_eq!((page.data[0].duration, page.data[0].knowledge_count), (Some(60), Some(2)));
}

#[tokio::test]
async fn a_failing_code_is_an_error_at_http_200() {
    let error = failure(Canned::ok(format!(
        r#"{{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"too many calls to 13000000000","RequestId":"{REQUEST_ID}"}}"#
    )))
    .await;
    assert_eq!(error.kind(), ErrorKind::Service);
    assert_eq!(error.code(), Some("isv.BUSINESS_LIMIT_CONTROL"));
    assert_eq!(error.message(), Some("too many calls to ***"));
    assert_eq!((error.request_id(), error.http_status(), error.sent()), (Some(REQUEST_ID), Some(200), Sent::Yes));
    assert_eq!(
        error.to_string(),
        format!(
            "QueryRobotTaskCallList: the service refused the request: isv.BUSINESS_LIMIT_CONTROL: too many calls to *** \
             (HTTP 200, request {REQUEST_ID}). Wait until the window has passed."
        )
    );
}

#[tokio::test]
async fn a_failing_code_counts_more_than_data_that_does_not_fit() {
    let error = failure(Canned::ok(r#"{"Code":"isp.SYSTEM_ERROR","Data":{"x":1}}"#)).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Service, Some("isp.SYSTEM_ERROR")));
}

#[tokio::test]
async fn the_code_200_is_success_as_text_and_as_number() {
    for body in [r#"{"Code":"200"}"#, r#"{"Code":200}"#] {
        client(Canned::ok(body)).send(QueryRobotTaskCallList::new()).await.unwrap();
    }
}

#[tokio::test]
async fn gateway_errors_are_read_as_json_and_as_xml() {
    let json = r#"{"RequestId":"R-1","HostId":"h","Code":"Throttling.User","Message":"Request was denied due to user flow control.","Recommend":"u"}"#;
    let xml = "<?xml version='1.0' encoding='UTF-8'?><Error><RequestId>R-1</RequestId><HostId>h</HostId>\
               <Code>Throttling.User</Code><Message>Request was denied due to user flow control.</Message></Error>";
    for body in [json, xml] {
        let error = failure(Canned::default().then(400, body)).await;
        assert_eq!(
            error.to_string(),
            "QueryRobotTaskCallList: the service refused the request: Throttling.User: Request was denied due to user \
             flow control (HTTP 400, request R-1). Wait and send again; spread the load, or ask for a larger quota."
        );
    }
}

#[tokio::test]
async fn a_denial_with_an_object_for_its_detail_is_read() {
    let body =
        r#"{"Code":"NoPermission","Message":"denied","RequestId":"R-1","AccessDeniedDetail":{"PolicyType":"x"}}"#;
    for status in [200, 403] {
        let error = failure(Canned::default().then(status, body)).await;
        assert_eq!((error.code(), error.http_status()), (Some("NoPermission"), Some(status)));
    }
}

#[tokio::test]
async fn bodies_that_are_not_responses_are_named() {
    let cases: &[(u16, &[u8], &str)] = &[
        (200, b"", "the answer is empty (HTTP 200)"),
        (502, b"  ", "the answer is empty (HTTP 502)"),
        (
            502,
            b"<html><h1>502 Bad Gateway</h1></html>",
            "the answer is an HTML page, so it comes from a proxy or another server; it begins <html><h1>502 Bad \
             Gateway</h1></html>; check the endpoint and the proxy settings (HTTP 502)",
        ),
        (
            200,
            br#"{"Code":"OK","RequestId":"D9CB3933-9FE3-4870-BA8E-2BEE91B69D23","Data":"[{\"called\":\"13000"#,
            "the answer was cut short; it begins {\"Code\":\"\u{2026}\",\"RequestId\":\"\u{2026}\",\"Data\":\"\u{2026} (HTTP 200, \
             request D9CB3933-9FE3-4870-BA8E-2BEE91B69D23)",
        ),
        (200, b"{\"Code\": \xFF\xFE}", "the answer is not UTF-8 from byte 9; it begins {\"Code\": \u{b7}} (HTTP 200)"),
        (200, b"pong", "the answer is neither JSON nor XML; it begins pong (HTTP 200)"),
        (200, b"[1,2]", "the answer is no JSON object; it begins [1,2] (HTTP 200)"),
        (200, b"null", "the answer is neither JSON nor XML; it begins null (HTTP 200)"),
        (200, b"\"\"", "the answer is no JSON object; it begins \"\" (HTTP 200)"),
        (200, b"{}", "the answer has neither code nor request id, so it is not the service's; it begins {} (HTTP 200)"),
        (
            200,
            b"<?xml version='1.0'?><!DOCTYPE html><html><body>login</body></html>",
            "the answer is an HTML page, so it comes from a proxy or another server; it begins",
        ),
        (
            200,
            b"<feed><entry/></feed>",
            "the answer is XML of another kind, with the root <feed>; it begins <feed><entry/></feed> (HTTP 200)",
        ),
        (502, b"{\"Code\":\"OK\",\"Dat", "the service answered with a failure that names no code; it begins"),
        (
            200,
            br#"{"Code":"OK","Data":"soon"}"#,
            "the answer does not fit the operation: Data: expected a list, found a text that is no JSON; it begins \
             {\"Code\":\"\u{2026}\",\"Data\":\"\u{2026}\"} (HTTP 200)",
        ),
        (
            200,
            br#"{"Code":"OK","Data":[{"duration":"a minute"}],"RequestId":"D9CB3933-9FE3"}"#,
            "the answer does not fit the operation: Data[0].duration: expected an integer, found \"a minute\"; it begins \
             {\"Code\":\"\u{2026}\",\"Data\":[{\"duration\":\"\u{2026}\"}],\"RequestId\":\"\u{2026}\"} (HTTP 200, request D9CB3933-9FE3)",
        ),
        (200, b"<A><B></A>", "the answer is not XML"),
        (302, b"{}", "the service answered with a redirect, which is not followed; it begins {} (HTTP 302)"),
        (500, b"{\"a\":1}", "the service answered with a failure that names no code; it begins {\"a\":1} (HTTP 500)"),
    ];
    for &(status, body, message) in cases {
        let error = failure(Canned::default().then(status, body)).await;
        // What is no answer of the service may come from a proxy that never reached it.
        let sent =
            if message.contains("does not fit") || message.contains("cut short") { Sent::Yes } else { Sent::Maybe };
        assert_eq!(
            (error.kind(), error.sent(), error.http_status()),
            (ErrorKind::Response, sent, Some(status)),
            "{message}"
        );
        let shown = error.to_string().replace("; it is not known whether the service received the request", "");
        let shown = shown.strip_prefix("QueryRobotTaskCallList: ").unwrap();
        if message.ends_with(')') { assert_eq!(shown, message) } else { assert!(shown.starts_with(message), "{shown}") }
    }
}

#[tokio::test]
async fn the_request_id_of_a_header_is_kept() {
    let answer = HttpResponse::new(503, headers(&[("x-acs-request-id", "R-9")]), Bytes::from_static(b"busy"));
    let error = failure(Canned::default().then_answer(Ok(answer))).await;
    assert_eq!((error.request_id(), error.http_status()), (Some("R-9"), Some(503)));
}

#[tokio::test]
async fn a_connection_that_breaks_within_the_body_cuts_the_response_short() {
    let answer = HttpResponse::new(200, HeaderMap::new(), Bytes::from_static(br#"{"Code":"OK"}"#))
        .ending(Ending::CutShort("connection reset".into()));
    let error = failure(Canned::default().then_answer(Ok(answer))).await;
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Response, Sent::Yes));
    assert!(error.to_string().contains("the answer was cut short"), "{error}");
}

#[tokio::test]
async fn a_response_beyond_the_limit_is_refused() {
    let canned = Canned::ok(vec![b' '; 5000]);
    let client = Client::builder()
        .credentials(Credentials::new("testid", "testsecret"))
        .transport(canned)
        .max_response_bytes(4096)
        .build()
        .unwrap();
    let error = client.send(QueryRobotTaskCallList::new()).await.unwrap_err();
    assert!(error.to_string().contains("the answer is longer than the limit of 4096 bytes"), "{error}");
}

#[tokio::test]
async fn a_transport_says_whether_the_request_was_sent() {
    for sent in [Sent::No, Sent::Maybe] {
        let failed = TransportError::new(sent, "connection refused");
        let error = failure(Canned::default().then_answer(Err(failed))).await;
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Transport, sent));
        let unknown = "; it is not known whether the service received the request";
        assert_eq!(error.to_string().ends_with(unknown), sent == Sent::Maybe, "{error}");
        assert_eq!(chain(&error), format!("{error}: connection refused"));
        assert!(!error.to_string().contains("connection refused"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_response_ends_in_time() {
    let call = client(Canned::default()).send(QueryRobotTaskCallList::new()).timeout(Duration::from_secs(3));
    let error = call.await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::Maybe));
    assert!(error.to_string().contains("no answer within 3s from https://dyvmsapi.aliyuncs.com/"), "{error}");
}

#[tokio::test]
async fn missing_credentials_are_named_and_nothing_is_sent() {
    struct Nowhere;
    impl CredentialsProvider for Nowhere {
        fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
            Box::pin(async { Err(CredentialsError::new("looked at two places (not set)")) })
        }
    }
    let canned = Canned::default();
    let client = Client::builder().credentials(Nowhere).transport(canned.clone()).build().unwrap();
    let error = client.send(QueryRobotTaskCallList::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent(), canned.requests().len()), (ErrorKind::Credentials, Sent::No, 0));
    assert_eq!(
        chain(&error),
        "QueryRobotTaskCallList: there are no credentials to sign with; correct what the cause names, or use other \
         credentials: ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, another profile, or in a program \
         credentials() of the client: looked at two places (not set)"
    );
}

#[tokio::test(start_paused = true)]
async fn credentials_that_do_not_come_in_time_are_named_and_nothing_is_sent() {
    struct Never;
    impl CredentialsProvider for Never {
        fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
            Box::pin(std::future::pending())
        }
    }
    let canned = Canned::default();
    let client = Client::builder().credentials(Never).transport(canned.clone()).build().unwrap();
    let error = client.send(QueryRobotTaskCallList::new()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent(), canned.requests().len()), (ErrorKind::Timeout, Sent::No, 0));
    assert_eq!(
        error.to_string(),
        "QueryRobotTaskCallList: no credentials within 10s; see whether what provides them can be reached, or give the \
         call more time"
    );
}

/// As many places as there are to look at, each with its reason.
#[tokio::test]
async fn of_missing_credentials_every_place_is_shown() {
    struct Everywhere;
    impl CredentialsProvider for Everywhere {
        fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
            let places: Vec<String> = (1..8).map(|place| format!("place {place} ({})", "x".repeat(100))).collect();
            Box::pin(async move { Err(CredentialsError::new(places.join("; "))) })
        }
    }
    let client = Client::builder().credentials(Everywhere).transport(Canned::default()).build().unwrap();
    let shown = chain(&client.send(QueryRobotTaskCallList::new()).await.unwrap_err());
    assert!(shown.ends_with(&format!("; place 7 ({})", "x".repeat(100))), "{shown}");
}

#[tokio::test]
async fn a_parameter_of_the_protocol_or_given_twice_is_refused() {
    let canned = Canned::default();
    let client = client(canned.clone());
    let twice = client.send(QueryRobotTaskCallList::new().task_id("1")).parameter("TaskId", "2").await.unwrap_err();
    assert_eq!(twice.to_string(), "QueryRobotTaskCallList: parameter TaskId is given twice");
    let own = client.send_action("Any", &[("Timestamp", "x")]).await.unwrap_err();
    assert_eq!(own.to_string(), "Any: parameter Timestamp belongs to the protocol and is set by the client");
    assert_eq!((own.kind(), own.sent(), canned.bodies().len()), (ErrorKind::Request, Sent::No, 0));
}

/// Around calls of any operation, as one writes it for logs or metrics, with nothing but what the crate shows.
async fn counted<O: dyvmsapi::Operation<Service = dyvmsapi::Dyvmsapi>>(
    client: &Client,
    operation: O,
) -> (&'static str, Result<O::Output, Error>) {
    (O::FACTS.action, client.send(operation).await)
}

#[tokio::test]
async fn code_of_ones_own_takes_any_operation() {
    let client = client(Canned::ok(r#"{"Code":"OK"}"#));
    let (action, page) = counted(&client, QueryRobotTaskCallList::new()).await;
    assert_eq!((action, page.unwrap().code.as_str()), ("QueryRobotTaskCallList", "OK"));
}

#[tokio::test]
async fn an_invalid_name_of_an_operation_is_refused() {
    let canned = Canned::default();
    let client = client(canned.clone());
    for name in ["", "Cancel\nCall", "取消"] {
        let error = client.send_action(name, &[("Action", "x")]).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Request, Sent::No));
        assert_eq!(error.to_string(), format!("{name:?} is no name of an operation, such as \"CancelCall\""));
    }
    assert_eq!(canned.bodies().len(), 0);
}

#[tokio::test]
async fn any_operation_is_called_by_name() {
    let canned = Canned::ok(r#"{"Code":"OK","CallId":"1^2"}"#);
    let answer =
        client(canned.clone()).send_action("SingleCallByTts", &[("CalledNumber", "13000000000")]).await.unwrap();
    assert_eq!(answer["CallId"], "1^2");
    assert!(canned.bodies()[0].starts_with("CalledNumber=13000000000&AccessKeyId=testid&Action=SingleCallByTts&"));
    let error =
        client(Canned::ok(r#"{"Code":"isv.X"}"#)).send_action("SingleCallByTts", &[("a", "b")]).await.unwrap_err();
    assert_eq!(error.code(), Some("isv.X"));
}

#[tokio::test]
async fn a_refused_signature_is_explained_by_the_first_difference() {
    let sent = Canned::ok(r#"{"Code":"OK"}"#);
    client(sent.clone()).send(QueryRobotTaskCallList::new().called("13000000000")).await.unwrap();
    let signed = "POST&%2F&AccessKeyId%3Dtestid%26Action%3DQueryRobotTaskCallList%26Called%3D13000000000%26Format%3DJSON\
                  %26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3D00000000000000000000000000001234%26SignatureVersion%3D1.0\
                  %26Timestamp%3D2026-03-01T12%253A34%253A56Z%26Version%3D2017-05-25";
    let cases = [
        (
            signed.to_owned(),
            "although both sides signed the same text: the access key secret is not that of the access key id",
        ),
        (
            signed.replace("2026-03-01", "2026-03-02"),
            "the strings to sign differ first at byte 233, in parameter Timestamp: this side signed \
             \"2026-03-01T12%253A34%253A56Z\", the service \"2026-03-02T12%253A34%253A56Z\"",
        ),
        (
            signed.replace("13000000000", "13000000001"),
            "the strings to sign differ first at byte 85, in parameter Called",
        ),
        (
            signed.replace("Called%3D13000000000%26", ""),
            "the strings to sign differ first at byte 66: this side signed parameter Called, the service parameter Format",
        ),
        (signed.replace("POST", "GET"), "the strings to sign differ first at byte 0, in the method or nothing"),
    ];
    for (theirs, explained) in cases {
        let body = serde_json::json!({
            "Code": "SignatureDoesNotMatch", "RequestId": "R-1",
            "Message": format!("Specified signature is not matched with our calculation. server string to sign is:{theirs}"),
        });
        let canned = Canned::default().then(400, body.to_string());
        let error = client(canned).send(QueryRobotTaskCallList::new().called("13000000000")).await.unwrap_err();
        let shown = error.to_string();
        assert!(shown.contains("signature V1 (HMAC-SHA1) was refused") && shown.contains(explained), "{shown}");
        assert_eq!(error.message(), Some("Specified signature is not matched with our calculation."));
        for text in [shown, format!("{error:?}")] {
            assert!(!text.contains("1300000000"), "{text}");
        }
    }
}

/// A string to sign holds every parameter, whatever the code that it comes with.
#[tokio::test]
async fn a_string_to_sign_is_never_shown() {
    let message = "Signature is incomplete. server string to sign is:POST&%2F&SecurityToken%3Dtoken%26TtsParam%3Dhello";
    let body = serde_json::json!({"Code": "IncompleteSignature", "Message": message, "RequestId": "R-1"});
    let error = failure(Canned::default().then(400, body.to_string())).await;
    assert_eq!(error.message(), Some("Signature is incomplete."));
    assert!(!error.to_string().contains("token") && !format!("{error:?}").contains("hello"), "{error}");
}

#[tokio::test]
async fn nothing_that_must_stay_hidden_is_shown() {
    let request = QueryRobotTaskCallList::new().task_id("1045001").called("13000000000");
    assert_eq!(format!("{request:?}"), "QueryRobotTaskCallList { TaskId: \"1045001\", Called: ***, .. }");
    let client =
        client(Canned::ok(r#"{"Code":"OK","Data":[{"called":"13000000000","caller":"05710000000","callId":"1^2"}]}"#));
    let call = client.send(request);
    assert_eq!(
        format!("{call:?}"),
        "PendingRequest { action: \"QueryRobotTaskCallList\", parameters: [\"TaskId\", \"Called\"], .. }"
    );
    let page = call.await.unwrap();
    assert_eq!(format!("{:?}", page.data), "[RobotTaskCall { callId: \"1^2\", caller: ***, called: ***, .. }]");
    assert_eq!(format!("{client:?}"), "Client { product: \"Dyvmsapi\", endpoint: https://dyvmsapi.aliyuncs.com/, .. }");
}

#[test]
fn calls_clients_and_errors_move_between_threads() {
    fn moves<T: Send + Sync + 'static>() {}
    fn sends<T: Send + 'static>(_: T) {}
    moves::<Client>();
    moves::<Error>();
    moves::<dyvmsapi::PendingRequest<dyvmsapi::Value>>();
    moves::<dyvmsapi::Retries>();
    let client = client(Canned::default());
    sends(IntoFuture::into_future(client.send(QueryRobotTaskCallList::new())));
    let mut pages = client.pages(QueryRobotTaskCallList::new());
    sends(async move { pages.next().await.map(|_| ()) });
    let mut items = client.items(QueryRobotTaskCallList::new());
    sends(async move { items.next().await.map(|_| ()) });
}

#[test]
fn outside_tokio_there_is_an_error_and_no_panic() {
    use std::task::{Context, Poll, Waker};
    let client = client(Canned::default());
    let mut call = Box::pin(IntoFuture::into_future(client.send(QueryRobotTaskCallList::new())));
    let Poll::Ready(Err(error)) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("the call waits");
    };
    assert_eq!(
        error.to_string(),
        "QueryRobotTaskCallList: the call is not made within a tokio runtime; await it in a task of tokio, or let a tokio \
         runtime block on it"
    );
}
