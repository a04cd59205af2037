//! The client against the emulator: through both doors, in both formats.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use dyvmsapi::robot::{CallResult, QueryRobotTaskCallList, RobotTaskCall};
use dyvmsapi::{Client, ClientBuilder, Credentials, Error, ErrorKind, Format, Retries, Sent};
use dyvmsapi_emulator::{Emulator, Server};
use serde_json::json;

/// Calls of task 1045001 in the emulator's data set.
const CALLS: usize = 347;

fn builder() -> ClientBuilder<dyvmsapi::Dyvmsapi> {
    Client::builder().credentials(Credentials::new("testid", "testsecret"))
}

/// A client for each door and format.
async fn clients(emulator: &Emulator) -> (Server, Vec<Client>) {
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    let mut clients = Vec::new();
    for format in [Format::Json, Format::Xml] {
        clients.push(builder().format(format).transport(emulator.transport()).build().unwrap());
        clients.push(builder().format(format).endpoint(server.url()).build().unwrap());
    }
    (server, clients)
}

fn request() -> QueryRobotTaskCallList {
    QueryRobotTaskCallList::new().task_id("1045001")
}

async fn all(client: &Client, request: QueryRobotTaskCallList) -> Result<Vec<RobotTaskCall>, Error> {
    let mut calls = client.items(request);
    let mut all = Vec::new();
    while let Some(call) = calls.next().await? {
        all.push(call);
    }
    Ok(all)
}

#[tokio::test]
async fn every_door_and_format_gives_the_same_records() {
    let emulator = dyvmsapi_emulator::emulator();
    let (_server, clients) = clients(&emulator).await;
    let mut pages = Vec::new();
    for client in &clients {
        let page = client.send(request().page_no(2).page_size(50)).await.unwrap();
        assert_eq!((page.code.as_str(), page.request_id.len()), ("OK", 36));
        pages.push(serde_json::to_value(&page.data).unwrap());
    }
    assert_eq!(pages[0].as_array().unwrap().len(), 50);
    assert!(pages.iter().all(|page| *page == pages[0]));
}

#[tokio::test]
async fn items_come_from_all_pages() {
    let emulator = dyvmsapi_emulator::emulator();
    let (_server, clients) = clients(&emulator).await;
    for client in &clients {
        let before = emulator.requests().len();
        let calls = all(client, request().page_size(100)).await.unwrap();
        assert_eq!(calls.len(), CALLS);
        assert_eq!(emulator.requests().len() - before, 5, "no total is announced: an empty page ends it");
        let mut ids: Vec<_> = calls.into_iter().map(|call| call.call_id.unwrap()).collect();
        ids.dedup();
        assert_eq!(ids.len(), CALLS);
    }
}

#[tokio::test]
async fn paging_begins_where_the_request_says() {
    let emulator = dyvmsapi_emulator::emulator();
    let client = builder().transport(emulator.transport()).build().unwrap();
    assert_eq!(all(&client, request().page_size(100).page_no(3)).await.unwrap().len(), CALLS - 200);
    assert_eq!(all(&client, request().page_size(100).page_no(9)).await.unwrap().len(), 0);
    let mut pages = client.pages(request().page_no(99));
    assert_eq!(pages.next().await.unwrap().unwrap().data.len(), 0);
    assert!(pages.next().await.unwrap().is_none());
    assert!(pages.next().await.unwrap().is_none());
}

#[tokio::test]
async fn filters_take_codes_and_their_names() {
    let emulator = dyvmsapi_emulator::emulator();
    let client = builder().transport(emulator.transport()).build().unwrap();
    for busy in [request().call_result("200002"), request().call_result(CallResult::Busy)] {
        let calls = all(&client, busy).await.unwrap();
        assert_eq!(calls.len(), 34);
        assert!(calls.iter().all(|call| call.call_result.as_deref() == Some("占线")));
    }
    let long = all(&client, request().duration_from("30").duration_to("60")).await.unwrap();
    assert!(!long.is_empty() && long.iter().all(|call| (30..=60).contains(&call.duration.unwrap())));
}

#[tokio::test]
async fn the_client_and_the_emulator_agree_on_odd_texts() {
    let emulator = dyvmsapi_emulator::emulator();
    let client = builder().transport(emulator.transport()).build().unwrap();
    for text in ["", " ", "a b+c*d~e", "占线 & = %", "\u{1F4DE}", "!'()/?#[]@:;,$", "\\\"\n\t\0"] {
        client.send(request().called(text)).await.unwrap();
        let received = emulator.requests();
        assert_eq!(received.last().unwrap().parameter("Called"), Some(text));
    }
}

#[tokio::test]
async fn a_wrong_secret_is_explained() {
    let emulator = dyvmsapi_emulator::emulator();
    let (_server, _) = clients(&emulator).await;
    let wrong = Client::builder()
        .credentials(Credentials::new("testid", "testsecrex"))
        .transport(emulator.transport())
        .build()
        .unwrap();
    let error = wrong.send(request().called("13000000000")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.http_status()),
        (ErrorKind::Service, Some("SignatureDoesNotMatch"), Some(400))
    );
    let shown = error.to_string();
    assert!(
        shown.contains(
            "signature V1 (HMAC-SHA1) was refused although both sides signed the same text: the access key secret is \
             not that of the access key id"
        ),
        "{shown}"
    );
    assert!(!shown.contains("13000000000") && !format!("{error:?}").contains("13000000000"), "{shown}");
}

#[tokio::test]
async fn an_unknown_key_and_a_token_are_distinguished() {
    let emulator = dyvmsapi_emulator::emulator();
    let unknown = Client::builder()
        .credentials(Credentials::new("nobody", "testsecret"))
        .transport(emulator.transport())
        .build()
        .unwrap();
    let error = unknown.send(request()).await.unwrap_err();
    assert_eq!((error.code(), error.http_status()), (Some("InvalidAccessKeyId.NotFound"), Some(404)));
    let expires = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
    let emulator = dyvmsapi_emulator::builder().temporary_key("testid", "testsecret", "to+ken/=", expires).build();
    let temporary = Client::builder()
        .credentials(Credentials::with_token("testid", "testsecret", "to+ken/="))
        .transport(emulator.transport())
        .build()
        .unwrap();
    temporary.send(request()).await.unwrap();
}

#[tokio::test]
async fn a_stopped_emulator_was_certainly_not_reached() {
    let server = dyvmsapi_emulator::emulator().serve("127.0.0.1:0").await.unwrap();
    let client = builder().endpoint(server.url()).build().unwrap();
    server.stop().await;
    let error = client.send(request()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Transport, Sent::No));
    assert!(error.to_string().starts_with("QueryRobotTaskCallList: no answer from http://127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn a_response_that_never_ends_is_cut_at_the_limit() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n").await.unwrap();
        let chunk = vec![b' '; 1 << 20];
        let mut sent = 0;
        while sent < 100 && stream.write_all(&chunk).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let client = builder().endpoint(format!("http://{address}")).build().unwrap();
    let error = client.send(request()).await.unwrap_err();
    assert!(error.to_string().contains("the answer is longer than the limit of 16777216 bytes"), "{error}");
    assert!(served.await.unwrap() < 100, "the client read on");
}

/// Headers have a limit of their own, which is that of the HTTP library.
#[tokio::test]
async fn headers_that_never_end_are_not_read_on_and_on() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n").await.unwrap();
        let lines = "x-more: and more\r\n".repeat(1 << 12);
        let mut sent = 0;
        while sent < 1_000 && stream.write_all(lines.as_bytes()).await.is_ok() {
            sent += 1;
        }
        sent
    });
    let client = builder().endpoint(format!("http://{address}")).retries(Retries::never()).build().unwrap();
    let error = client.send(request()).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Transport, Sent::Maybe), "{error}");
    assert!(served.await.unwrap() < 1_000, "the client read on");
}

#[tokio::test]
async fn any_operation_is_called_by_name() {
    let emulator = dyvmsapi_emulator::emulator();
    let client = builder().transport(emulator.transport()).build().unwrap();
    let answer =
        client.send_action("QueryRobotTaskCallList", &[("TaskId", "1045001"), ("PageSize", "1")]).await.unwrap();
    assert_eq!(answer["Code"], json!("OK"));
    let calls: serde_json::Value = serde_json::from_str(answer["Data"].as_str().unwrap()).unwrap();
    assert_eq!(calls.as_array().unwrap().len(), 1);
    let error = client.send_action("QueryRobotTaskCallLists", &[("a", "b")]).await.unwrap_err();
    assert_eq!((error.code(), error.http_status()), (Some("InvalidApi.NotFound"), Some(404)));
}

/// The two examples of the operation's reference page, which differ in the format of `Data`.
#[tokio::test]
async fn the_examples_of_the_page_decode_to_the_same_records() {
    use workspace_tests::Canned;
    let operation = aliyun_api_spec::dyvmsapi().operation("QueryRobotTaskCallList").unwrap();
    let bodies: Vec<String> = operation
        .examples
        .iter()
        .filter(|example| example.name.starts_with("documented"))
        .flat_map(|example| example.response.as_ref().map(ToString::to_string).into_iter().chain(example.xml.clone()))
        .collect();
    assert!(bodies.iter().any(|body| body.starts_with('{')) && bodies.iter().any(|body| body.starts_with('<')));
    let mut records = Vec::new();
    for body in bodies {
        let client = builder().transport(Canned::ok(body)).build().unwrap();
        let page = client.send(request()).await.unwrap();
        assert_eq!(page.data.len(), 1);
        records.push(serde_json::to_value(&page.data[0]).unwrap());
    }
    assert_eq!(records[0].as_object().unwrap().len(), 23);
    assert!(records.iter().all(|record| *record == records[0]), "{records:#?}");
}
