use std::time::Duration;

use super::*;

fn issued(expire_time: &str) -> MessageTokenDTO {
    MessageTokenDTO {
        access_key_id: Some("testtokenid".to_owned()),
        access_key_secret: Some("testtokensecret".to_owned()),
        security_token: Some("testtoken".to_owned()),
        create_time: None,
        expire_time: Some(expire_time.to_owned()),
    }
}

/// Computed with `openssl dgst -sha1 -hmac testtokensecret -binary | base64`.
#[test]
fn requests_are_signed_as_openssl_does() {
    let key = QueueKey::new(issued("")).unwrap();
    let queue = "/queues/Alicom-Queue-1000000000000000-VoiceReport/messages";
    let date = "Mon, 09 Mar 2026 02:00:00 GMT";
    for (method, content_type, resource, signature) in [
        ("GET", "", format!("{queue}?numOfMessages=16&waitseconds=30"), "N8lj7Dh5XL1koKVJFdOJY7QR9gA="),
        ("DELETE", "text/xml;charset=UTF-8", queue.to_owned(), "sgwcJdztqIwdzm28xj1PSvZ0qbY="),
    ] {
        let signed = mns::Signed { method, content_md5: "", content_type, date, resource: &resource };
        let text = mns::string_to_sign(signed, &[("x-mns-version", "2015-06-06")]);
        let authorization = key.authorization(&text).unwrap();
        assert_eq!(authorization, format!("MNS testtokenid:{signature}"));
        assert!(authorization.is_sensitive() && key.token().is_sensitive());
    }
}

#[test]
fn times_are_in_china() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_773_021_600);
    for (text, time) in [
        ("2026-03-09 10:00:00", Some(at)),
        (" 2026-03-09T10:00:00 ", Some(at)),
        ("", None),
        ("soon", None),
        ("2026-02-30 10:00:00", None),
    ] {
        assert_eq!(point_in_time(text), time, "{text}");
    }
}

#[test]
fn a_key_is_due_two_minutes_ahead_and_not_at_once() {
    let expires = point_in_time("2026-03-09 10:00:00").unwrap();
    let due = |before: Duration| {
        let now = expires - before;
        Held::new(QueueKey::new(issued("2026-03-09 10:00:00")).unwrap(), now).due.unwrap()
    };
    assert_eq!(due(Duration::from_secs(3600)), expires - AHEAD);
    assert_eq!(due(AHEAD + LEAST), expires - AHEAD);
    assert_eq!(due(AHEAD), expires - AHEAD + LEAST);
    assert_eq!(due(Duration::ZERO), expires + LEAST);
}

#[test]
fn a_key_is_not_shown() {
    let key = QueueKey::new(issued("2026-03-09 10:00:00")).unwrap();
    let shown = format!("{key:?} {:?} {:?}", key.token(), key.authorization("").unwrap());
    assert!(!shown.contains("testtoken"), "{shown}");
}
