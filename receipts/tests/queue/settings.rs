//! Names, endpoints and limits.

use aliyun_receipts::{Consumer, MemoryInbox, QueueError, QueueErrorKind};

use crate::{QUEUE, builder, client};

fn consumer(message_type: &str, queue: &str) -> Result<Consumer, QueueError> {
    Consumer::new(client(&builder().build()), message_type, queue, MemoryInbox::new())
}

#[test]
fn limits_include_their_bounds() {
    let consumer = consumer("VoiceReport", QUEUE).unwrap();
    for (seconds, is_valid) in [(0, true), (30, true), (31, false)] {
        assert_eq!(consumer.clone().wait_seconds(seconds).is_ok(), is_valid, "{seconds}");
    }
    for (messages, is_valid) in [(0, false), (1, true), (16, true), (17, false)] {
        assert_eq!(consumer.clone().batch(messages).is_ok(), is_valid, "{messages}");
    }
    let error = consumer.clone().wait_seconds(31).unwrap_err();
    assert_eq!(error.to_string(), "a queue waits for 0 to 30 seconds, not 31");
    assert_eq!(consumer.batch(17).unwrap_err().to_string(), "a poll receives 1 to 16 messages, not 17");
}

#[test]
fn names_are_checked() {
    let long = "a".repeat(256);
    for (message_type, queue, wrong) in [
        ("VoiceReport", QUEUE, ""),
        ("a", &long, ""),
        ("", QUEUE, "kind of receipts"),
        ("VoiceReport", "", "queue"),
        ("VoiceReport", "a/b", "queue"),
        ("VoiceReport", "a b", "queue"),
        ("VoiceReport\n", QUEUE, "kind of receipts"),
        ("a", &format!("{long}a"), "queue"),
    ] {
        let outcome = consumer(message_type, queue).map(drop).map_err(|error| error.to_string());
        let expected = format!("the name of the {wrong} is empty or has other characters");
        match outcome {
            Ok(()) => assert_eq!(wrong, "", "{message_type} {queue}"),
            Err(error) => assert!(!wrong.is_empty() && error.starts_with(&expected), "{error}"),
        }
    }
}

#[test]
fn endpoints_are_checked() {
    let consumer = consumer("VoiceReport", QUEUE).unwrap();
    assert!(format!("{consumer:?}").contains("https://1943695596114318.mns.cn-hangzhou.aliyuncs.com/"));
    for valid in ["queues.example.com", "https://queues.example.com:8443", "http://127.0.0.1:8080"] {
        assert!(consumer.clone().endpoint(valid).is_ok(), "{valid}");
    }
    for invalid in
        ["", "http://queues.example.com", "https://queues.example.com/path", "https://user:secret@example.com"]
    {
        let error = consumer.clone().endpoint(invalid).unwrap_err();
        assert_eq!(error.kind(), QueueErrorKind::Setting, "{invalid}");
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    assert!(consumer.clone().plain_http_endpoint("http://queues.example.com").is_ok());
    assert!(consumer.plain_http_endpoint("ftp://queues.example.com").is_err());
}
