use super::*;

fn texts(body: &str) -> Option<Vec<[String; 3]>> {
    let messages = messages(body.as_bytes()).ok()?;
    Some(messages.into_iter().map(|message| [message.id, message.handle, message.body]).collect())
}

#[test]
fn messages_are_read_whatever_their_layout() {
    let namespace = mns_namespace();
    let plain = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Messages {namespace}>\n  <Message>\n    <MessageId>1</MessageId>\n    \
         <ReceiptHandle>1-a</ReceiptHandle>\n    <MessageBody>eyJh</MessageBody>\n    <DequeueCount>1</DequeueCount>\n  \
         </Message>\n  <Message><Other><Deep/></Other><MessageBody/></Message>\n</Messages>"
    );
    let message = |texts: [&str; 3]| texts.map(str::to_owned);
    assert_eq!(texts(&plain).unwrap(), [message(["1", "1-a", "eyJh"]), message(["", "", ""])]);
    let escaped =
        "<Message><ReceiptHandle>&lt;&#65;&amp;</ReceiptHandle><MessageBody><![CDATA[e30=]]></MessageBody></Message>";
    assert_eq!(texts(escaped).unwrap(), [message(["", "<A&", "e30="])]);
    assert_eq!(texts("<Messages/>").unwrap(), [[""; 3]; 0]);
}

#[test]
fn another_body_is_not_an_empty_queue() {
    for body in [
        "",
        "OK",
        "<html><body/></html>",
        "<Error><Code>InternalError</Code></Error>",
        "<Errors><Error/></Errors>",
        "<Messages><Message>",
        "{\"Messages\":[]}",
    ] {
        assert_eq!(texts(body), None, "{body}");
    }
}

#[test]
fn failures_are_told_apart() {
    let namespace = mns_namespace();
    let whole =
        format!("<Error {namespace}><Code>QueueNotExist</Code><Message>m</Message><RequestId>1</RequestId></Error>");
    assert_eq!(failure(whole.as_bytes()), Some(Failure::Whole { code: "QueueNotExist".to_owned() }));
    let error = "<Error><ErrorCode>ReceiptHandleError</ErrorCode><ReceiptHandle>1</ReceiptHandle></Error>";
    let part = format!("<Errors {namespace}>{error}{error}</Errors>");
    let expected = Failure::Undeleted { count: 2, code: "ReceiptHandleError".to_owned() };
    assert_eq!(failure(part.as_bytes()), Some(expected));
    assert_eq!(failure(b"<Errors/>"), Some(Failure::Undeleted { count: 0, code: String::new() }));
    for other in ["", "<Messages/>", "<html/>", "\u{0}"] {
        assert_eq!(failure(other.as_bytes()), None, "{other}");
    }
}

#[test]
fn a_code_is_shown_without_what_a_service_may_put_into_it() {
    assert_eq!(shown(" isv.A-b_1 "), "isv.A-b_1");
    assert_eq!(shown("a\u{1b}[31m<b>\n"), "a31mb");
    assert_eq!(shown(&"a".repeat(65)).len(), 64);
}

fn mns_namespace() -> String {
    format!("xmlns=\"{}\"", aliyun_protocol::mns::NAMESPACE)
}
