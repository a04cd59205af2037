use super::*;

#[test]
fn long_digits_are_masked_however_they_are_grouped() {
    assert_eq!(digits("call 13000000000 now"), "call *** now");
    assert_eq!(digits("call 130-0000-0000, code 200002"), "call ***, code 200002");
    assert_eq!(digits("130 0000 0000"), "***");
    assert_eq!(digits("on 12 - then 3"), "on 12 - then 3");
    assert_eq!(digits("占线"), "占线");
    assert_eq!(digits("at 2026-03-01T12:34:56Z and 2026-03-01 12:00"), "at 2026-03-01T12:34:56Z and 2026-03-01 12:00");
    assert_eq!(digits("2026-03-010"), "***");
    assert_eq!(digits("127.0.0.1:8080 and 192.168.100.200."), "127.0.0.1:8080 and 192.168.100.200.");
    assert_eq!(digits("1.2.3.4.5.6.7"), "***");
    assert_eq!(digits("1, 2, 3, 4, 5, 6, 7, 8"), "1, 2, 3, 4, 5, 6, 7, 8");
}

/// Whatever stands between the groups of a number, if it is one character that is neither letter, digit nor colon.
#[test]
fn any_character_can_group_a_number() {
    for c in (0x20_u8..0x7f).map(char::from).chain("·–—、，．／＿（）・\u{3000}\u{a0}\u{2009}".chars()) {
        let number = format!("to 130{c}0000{c}0000 now");
        let shown = Redactor(Vec::new()).beginning(number.as_bytes());
        if !c.is_ascii_alphanumeric() && c != ':' {
            assert!(!digits(&number).contains("0000"), "{c:?}: {}", digits(&number));
            assert!(!shown.contains("0000"), "{c:?}: {shown}");
        }
    }
}

#[test]
fn what_does_not_show_hides_nothing() {
    let redactor = Redactor::of([("TtsParam".to_owned(), "the server db7 is down".to_owned())].into_iter(), &[]);
    let said = "130\0 0000\u{200b} 0000 said the ser\u{200b}ver db7\u{202e} is \0down";
    assert_eq!(digits(&redactor.redact(said)), "*** said ***");
    let utf16: Vec<u8> =
        "{\"CallId\":\"1^2\",\"called\":\"13000000000\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(redactor.beginning(&utf16), r#"{"CallId":"…","called":"…"}"#);
    assert_eq!(redactor.beginning(b"<html>130<b>0000</b>0000 502"), "<html>130<b>***</b>*** 502");
}

#[test]
fn what_is_said_is_one_line() {
    assert_eq!(line("a\nb\u{1b}[2J"), "a b [2J");
    assert_eq!(line(&"x".repeat(600)).chars().count(), 501);
}

#[test]
fn a_body_keeps_its_shape_and_no_content() {
    let beginning = |body: &[u8]| Redactor(Vec::new()).beginning(body);
    assert_eq!(
        beginning(r#"{"Code":"OK","Data":{"called":"13000000000","n":13000000000,"t":"say \"hi\""}}"#.as_bytes()),
        r#"{"Code":"…","Data":{"called":"…","n":***,"t":"…"}}"#
    );
    assert_eq!(beginning("<html>\n <h1>502 坏了</h1>".as_bytes()), "<html> <h1>502 ·</h1>");
    assert_eq!(beginning(br#"{"Code":"cut sho"#), r#"{"Code":"…"#);
    assert_eq!(beginning(br#""Dear Bob, your code is 1234""#), r#""…""#);
    assert_eq!(beginning("\u{feff}{\"say\":\"Dear Bob\"}".as_bytes()), r#"{"say":"…"}"#);
    assert_eq!(beginning(b"<R><Data>Dear Bob</Data> <A/></R>"), "<R><Data>…</Data><A/></R>");
    assert_eq!(beginning(b""), "");
    assert_eq!(beginning(&[b'x'; 1000]).chars().count(), 121);
}
