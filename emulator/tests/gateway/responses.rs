//! Responses: their formats, and the in-process transport that carries them.

use aliyun_runtime::{Ending, Transport as _};

use crate::support::{Call, emulator, send};

#[test]
fn json_and_xml_hold_the_same_value() {
    let emulator = emulator();
    let call = Call::new();
    let expected = call.to(&emulator).member("Data");
    let reply = call.set("Format", "xml").set("SignatureNonce", "2").to(&emulator);
    assert_eq!((reply.status(), reply.header("content-type")), (200, "text/xml;charset=utf-8"));
    let id = reply.header("x-acs-request-id");
    let start = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><QueryRobotTaskCallListResponse><Code>OK</Code>\
         <Message>OK</Message><RequestId>{id}</RequestId><Data>"
    );
    let data = reply.text().strip_prefix(&start).unwrap();
    let data = data.strip_suffix("</Data></QueryRobotTaskCallListResponse>").unwrap();
    assert_eq!(quick_xml::escape::unescape(data).unwrap(), expected);
}

#[tokio::test]
async fn the_transport_responds_like_the_engine() {
    let mut request = Call::new().set("PageSize", "2").in_form();
    *request.uri_mut() = "https://dyvmsapi.aliyuncs.com/".parse().unwrap();
    let expected = send(&emulator(), request.clone());
    let answer = emulator().transport().send(request, 1 << 20).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["x-acs-request-id"], expected.header("x-acs-request-id"));
    assert_eq!(answer.body, expected.text());
    assert!(matches!(answer.ending, Ending::Complete));
}

#[tokio::test]
async fn the_transport_keeps_to_the_body_limit() {
    let request = Call::new().in_form();
    let whole = send(&emulator(), request.clone()).text().to_owned();
    for (limit, complete) in [(whole.len() - 1, false), (whole.len(), true), (0, false)] {
        let answer = emulator().transport().send(request.clone(), limit).await.unwrap();
        assert_eq!(answer.body, whole.as_bytes()[..limit]);
        assert_eq!(matches!(answer.ending, Ending::Complete), complete);
        assert_eq!(matches!(answer.ending, Ending::TooLong), !complete);
    }
}
