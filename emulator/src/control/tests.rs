use http::Request;

use super::*;

#[test]
fn a_peer_without_permission_is_refused_and_changes_nothing() {
    let emulator = Emulator::new(crate::specimen::service());
    let request = Request::builder().method("POST").uri("/_emulator/rules").body(()).unwrap();
    let body = Bytes::from_static(br#"{ "when": {}, "pass": true }"#);
    let (parts, ()) = request.into_parts();
    let response = answer(&emulator, false, &parts, Ok(&body));
    assert_eq!(response.status(), 403);
    assert_eq!(
        response.body(),
        r#"{"error":"this endpoint answers loopback addresses only; Builder::control_from_anywhere changes that"}"#
    );
    assert_eq!(emulator.engine().rules().summaries().len(), 0);
    assert_eq!(answer(&emulator, true, &parts, Ok(&body)).status(), 201);
    assert_eq!(emulator.engine().rules().summaries().len(), 1);
}
#[test]
fn no_page_of_a_browser_controls() {
    let emulator = Emulator::new(crate::specimen::service());
    let status = |emulator: &Emulator, headers: &[(&str, &str)]| {
        let mut request = Request::builder().uri("/_emulator/clock");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        answer(emulator, true, &parts, Ok(&Bytes::new())).status().as_u16()
    };
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080", "0.0.0.0"] {
        assert_eq!(status(&emulator, &[("host", host)]), 200, "{host}");
    }
    assert_eq!(status(&emulator, &[]), 200);
    for host in ["rebound.example.com", "rebound.example.com:8080", "127.0.0.1.example.com", "localhost.example", ""] {
        assert_eq!(status(&emulator, &[("host", host)]), 403, "{host}");
    }
    for origin in ["https://page.example.com", "http://127.0.0.1:8080", "null"] {
        assert_eq!(status(&emulator, &[("host", "127.0.0.1"), ("origin", origin)]), 403, "{origin}");
    }
    assert_eq!(status(&emulator, &[("host", "127.0.0.1"), ("host", "rebound.example.com")]), 403);
    let open = Emulator::builder(crate::specimen::service()).control_from_anywhere(true).build();
    assert_eq!(status(&open, &[("host", "emulator.test"), ("origin", "https://page.example.com")]), 200);
}

#[test]
fn time_is_not_moved_out_of_the_calendar() {
    let emulator = Emulator::builder(crate::specimen::service()).clock(|| SystemTime::UNIX_EPOCH).build();
    for seconds in [u64::MAX, 1_000_000_000_000_000, 253_402_207_201] {
        let body = format!("{{ \"advance_seconds\": {seconds} }}");
        let failure = move_clock(&emulator, body.as_bytes()).unwrap_err();
        assert_eq!((failure.status.as_u16(), emulator.time()), (400, SystemTime::UNIX_EPOCH));
        assert_eq!(failure.why, "advance_seconds leads beyond the year 9999");
    }
    assert!(move_clock(&emulator, br#"{ "advance_seconds": 253402207199 }"#).is_ok());
}
