//! What the gateway takes, however clients write it, and what it takes for something else. The forms are those of Alibaba's
//! clients and of clients that are written by hand: shell scripts of name servers, monitors, libraries of other languages.

use aliyun_emulator::Emulator;
use aliyun_protocol::v3;
use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, HOST};

use crate::support::{Call, SignedCall, emulator, request, send};

const FORM: &str = "application/x-www-form-urlencoded";

/// The code of the answer, and the value that the emulator read of `Label`.
fn outcome(emulator: &Emulator, request: Request<Bytes>) -> (String, Option<String>) {
    let code = send(emulator, request).member("Code");
    let received = emulator.requests();
    (code, received.last().unwrap().parameter("Label").map(str::to_owned))
}

/// A request with a body of a content type.
fn typed(method: &str, uri: &str, content_type: Option<&str>, body: &str) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(uri).header(HOST, "dyvmsapi.aliyuncs.com");
    if let Some(content_type) = content_type {
        request = request.header(CONTENT_TYPE, content_type);
    }
    request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

/// Ways to write `a b*~/+占`: one text, and one signature.
const SPELLINGS: [&str; 7] = [
    "a%20b%2A~%2F%2B%E5%8D%A0",
    "a%20b%2a~%2f%2b%e5%8d%a0",
    "a+b*~/%2B%E5%8D%A0",
    "a+b*%7E/%2B%e5%8D%A0",
    "a%20b*%7e%2F%2b%E5%8d%A0",
    "%61%20%62%2A%7E%2F%2B%E5%8D%A0",
    "a%20b%2A~%2F%2B占",
];

#[test]
fn every_spelling_of_a_text_is_that_text() {
    let call = |method| Call::new().method(method).set("Label", "a b*~/+占");
    for spelling in SPELLINGS {
        for method in ["GET", "POST"] {
            let encoded = call(method).encoded().replace(SPELLINGS[0], spelling);
            let in_query = request(method, &format!("/?{encoded}"), "");
            assert_eq!(outcome(&emulator(), in_query), ("OK".into(), Some("a b*~/+占".into())), "{spelling}");
        }
        let encoded = call("POST").encoded().replace(SPELLINGS[0], spelling);
        let in_form = request("POST", "/", &encoded);
        assert_eq!(outcome(&emulator(), in_form), ("OK".into(), Some("a b*~/+占".into())), "{spelling}");
    }
    // A plus sign that stands for itself is a blank: so are signatures lost whose Base64 was not encoded.
    let encoded = call("POST").encoded().replace("%2B%E5", "+%E5");
    assert_eq!(outcome(&emulator(), request("POST", "/", &encoded)).0, "SignatureDoesNotMatch");
}

#[test]
fn every_spelling_of_a_text_is_that_text_in_v3() {
    for spelling in SPELLINGS {
        let request = SignedCall::new().query("Label", "a b*~/+占").wire("a%20b%2A~%2F%2B%E5%8D%A0", spelling).signed();
        assert_eq!(outcome(&emulator(), request), ("OK".into(), Some("a b*~/+占".into())), "{spelling}");
    }
}

#[test]
fn parameters_stand_in_any_order_and_between_empty_pairs() {
    let encoded = Call::new().set("Label", "x").encoded();
    let mut pairs: Vec<&str> = encoded.split('&').collect();
    pairs.reverse();
    let (before, after) = pairs.split_at(4);
    for form in [pairs.join("&"), format!("&&{encoded}&"), format!("{encoded}&&")] {
        assert_eq!(outcome(&emulator(), request("POST", "/", &form)).0, "OK", "{form}");
    }
    // What is in the query and what is in the form is one set.
    let split = request("POST", &format!("/?{}", before.join("&")), &after.join("&"));
    assert_eq!(outcome(&emulator(), split), ("OK".into(), Some("x".into())));
}

#[test]
fn a_form_is_what_its_content_type_says() {
    let encoded = Call::new().set("Label", "x").encoded();
    for content_type in [
        FORM,
        "application/x-www-form-urlencoded; charset=utf-8",
        "application/x-www-form-urlencoded;charset=UTF-8",
        "Application/X-WWW-Form-URLEncoded",
        "application/x-www-form-urlencoded ; boundary=x",
    ] {
        let posted = typed("POST", "/", Some(content_type), &encoded);
        assert_eq!(outcome(&emulator(), posted), ("OK".into(), Some("x".into())), "{content_type}");
    }
    for content_type in [
        None,
        Some("application/json"),
        Some("text/plain"),
        Some("multipart/form-data; boundary=x"),
        Some("application/x-www-form"),
    ] {
        // Without its parameters, the request asks for nothing; a query is read all the same.
        let posted = typed("POST", "/?Format=JSON", content_type, &encoded);
        assert_eq!(outcome(&emulator(), posted), ("MissingAction".into(), None), "{content_type:?}");
        let beside = typed("POST", &format!("/?{encoded}"), content_type, "Label=y");
        assert_eq!(outcome(&emulator(), beside), ("OK".into(), Some("x".into())), "{content_type:?}");
    }
    // No client puts a form into a GET.
    let got = typed("GET", "/?Format=JSON", Some(FORM), &Call::new().method("GET").encoded());
    assert_eq!(outcome(&emulator(), got).0, "MissingAction");
}

#[test]
fn parts_of_the_protocol_as_clients_write_them() {
    for (name, value, warning) in [
        ("Format", "json", None),
        ("Format", "JSON", None),
        ("Format", "Json", None),
        ("SignatureMethod", "HMAC-SHA1", None),
        ("SignatureMethod", "Hmac-SHA1", Some("SignatureMethod: clients write HMAC-SHA1")),
        ("SignatureNonce", "0.123456789", None),
        ("SignatureNonce", "2026-03-01T12:34:56Z", None),
        ("SignatureNonce", " 占 ", None),
        ("SignatureType", "", None),
        ("SecurityToken", "", None),
        ("RegionId", "cn-hangzhou", None),
        ("RegionId", "", None),
        ("Timestamp", "2026-03-01T12:34:56Z", None),
        ("Timestamp", "2026-03-01T12:34:56.789Z", Some("Timestamp: the documentation has no milliseconds in it")),
    ] {
        let emulator = emulator();
        Call::new().set(name, value).to(&emulator).assert_accepted();
        assert_eq!(emulator.requests()[0].warnings().first().map(String::as_str), warning, "{name}={value}");
    }
    for (name, value, code) in [
        ("Format", "yaml", "InvalidParameter.Format"),
        ("Format", " json", "InvalidParameter.Format"),
        ("Version", " 2017-05-25", "InvalidVersion"),
        ("Version", "2017-5-25", "InvalidVersion"),
        ("Action", "queryRobotTaskCallList", "InvalidApi.NotFound"),
        ("Action", "QueryRobotTaskCallList ", "InvalidApi.NotFound"),
        ("AccessKeyId", "TESTID", "InvalidAccessKeyId.NotFound"),
        ("AccessKeyId", "testid ", "InvalidAccessKeyId.NotFound"),
        ("SignatureMethod", "HMAC-SHA256", "InvalidSignatureMethod"),
        ("SignatureMethod", "HMACSHA1", "InvalidSignatureMethod"),
        ("SignatureMethod", " HMAC-SHA1", "InvalidSignatureMethod"),
        ("SignatureVersion", "1", "IncompleteSignature"),
        ("SignatureVersion", "1.00", "IncompleteSignature"),
        ("SignatureVersion", "2.0", "IncompleteSignature"),
        ("SignatureType", "x", "InvalidSignatureType"),
        ("Timestamp", "2026-03-01T12:34:56.789012Z", "InvalidTimeStamp.Format"),
        ("Timestamp", "2026-03-01T12:34:56+00:00", "InvalidTimeStamp.Format"),
        ("Timestamp", "2026-03-01T12:34:56", "InvalidTimeStamp.Format"),
        ("Timestamp", "2026-03-01 12:34:56Z", "InvalidTimeStamp.Format"),
        ("Timestamp", " 2026-03-01T12:34:56Z", "InvalidTimeStamp.Format"),
        ("Timestamp", "1772368496", "InvalidTimeStamp.Format"),
        ("Timestamp", "2026-03-01T20:34:56Z", "InvalidTimeStamp.Expired"),
    ] {
        let reply = Call::new().set(name, value).to(&emulator());
        let found = if reply.text().starts_with('{') { reply.member("Code") } else { reply.text().to_owned() };
        assert!(found.contains(code), "{name}={value}: {found}");
    }
}

#[test]
fn the_old_name_of_the_time_stamp_is_read_with_a_warning() {
    let emulator = emulator();
    let call = Call::new().without("Timestamp").set("TimeStamp", "2026-03-01T12:34:56Z");
    call.to(&emulator).assert_accepted();
    let warning = "TimeStamp: gateways in service answer MissingTimestamp; the name is Timestamp";
    assert_eq!(emulator.requests()[0].warnings(), [warning]);
}

/// Names of parameters are case-sensitive: of what is spelled otherwise the gateway knows nothing.
#[test]
fn names_are_taken_at_their_case() {
    for name in ["Action", "Version", "AccessKeyId", "SignatureNonce", "SignatureMethod", "SignatureVersion"] {
        let value = match name {
            "Action" => "QueryRobotTaskCallList",
            "Version" => "2017-05-25",
            "AccessKeyId" => "testid",
            "SignatureNonce" => "nonce",
            "SignatureMethod" => "HMAC-SHA1",
            _ => "1.0",
        };
        let reply = Call::new().without(name).set(&name.to_lowercase(), value).to(&emulator());
        assert_eq!(reply.member("Code"), format!("Missing{name}"));
    }
    let emulator = emulator();
    Call::new().set("taskId", "1").set("pagesize", "none").to(&emulator).assert_accepted();
    assert_eq!(
        emulator.requests()[0].warnings(),
        [
            "pagesize: QueryRobotTaskCallList has no such parameter; did you mean PageSize?",
            "taskId: QueryRobotTaskCallList has no such parameter; did you mean TaskId?"
        ]
    );
}

#[test]
fn optional_parameters_may_be_empty() {
    let operation = aliyun_api_spec::dyvmsapi().operation("QueryRobotTaskCallList").unwrap();
    let call = operation.parameters.iter().filter(|field| !field.required);
    let call = call.fold(Call::new(), |call, field| call.set(&field.wire_name, ""));
    call.set("OwnerId", "").set("ResourceOwnerAccount", "").to(&emulator()).assert_accepted();
}

#[test]
fn headers_of_other_kinds_change_nothing() {
    let mut request = Call::new().in_form();
    for (name, value) in [
        ("x-acs-action", "Another"),
        ("x-acs-version", "2000-01-01"),
        ("x-sdk-client", "Python"),
        ("x-sdk-invoke-type", "common"),
        ("x-acs-credentials-provider", "static_ak"),
        ("accept", "application/xml"),
        ("accept-encoding", "identity"),
        ("content-md5", "none"),
        ("user-agent", ""),
        ("x-forwarded-for", "192.0.2.1"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    assert_eq!(outcome(&emulator(), request).0, "OK");
}

#[test]
fn headers_of_v3_as_clients_write_them() {
    for (call, warning) in [
        (SignedCall::new(), None),
        (
            SignedCall::new().authorization(|text| text.replace(',', ", ")),
            Some("Authorization: the documentation has no blanks"),
        ),
        (SignedCall::new().authorization(|text| format!("  {text}  ")), None),
        (
            SignedCall::new().set_header("x-acs-date", "2026-03-01T12:34:56.789Z"),
            Some("x-acs-date: the documentation has no milliseconds"),
        ),
        (SignedCall::new().set_header("x-acs-date", "  2026-03-01T12:34:56Z "), None),
        (SignedCall::new().set_header("x-acs-content-sha256", v3::EMPTY_PAYLOAD), None),
        (SignedCall::new().header("accept", "application/json").header("user-agent", "mine"), None),
        (SignedCall::new().set_header("content-type", "application/json; charset=utf-8"), None),
        (
            SignedCall::new().set_header("content-type", FORM).body("Label=x"),
            Some("Label: QueryRobotTaskCallList has no such parameter"),
        ),
        (SignedCall::new().set_header("content-type", "application/json").body("{}"), None),
        (SignedCall::new().header("x-acs-accesskey-id", "testid").header("x-acs-security-token", ""), None),
        (SignedCall::new().header("x-acs-region-id", "cn-hangzhou").header("x-acs-anything", "占"), None),
        (SignedCall::new().query("Format", "json"), None),
        (SignedCall::new().query("RegionId", "cn-hangzhou").query("Called", ""), None),
    ] {
        let emulator = emulator();
        send(&emulator, call.signed()).assert_accepted();
        let received = emulator.requests();
        let warnings = received[0].warnings();
        assert_eq!(warnings.len(), usize::from(warning.is_some()), "{warnings:?}");
        assert!(warning.is_none_or(|warning| warnings[0].starts_with(warning)), "{warnings:?}");
    }
}

#[test]
fn headers_of_v3_that_the_gateway_does_not_take() {
    let upper = |text: &str| {
        let (before, signature) = text.rsplit_once('=').unwrap();
        format!("{before}={}", signature.to_uppercase())
    };
    for (call, code) in [
        (SignedCall::new().authorization(upper), "SignatureDoesNotMatch"),
        (SignedCall::new().authorization(|text| text.replace("x-acs-date;", "")), "IncompleteSignature"),
        (SignedCall::new().authorization(|text| text.replace("host;", "")), "IncompleteSignature"),
        (SignedCall::new().authorization(|text| text.replace("host;", "Host;")), "IncompleteSignature"),
        (
            SignedCall::new().authorization(|text| text.replace("host;x-acs-action;", "x-acs-action;host;")),
            "IncompleteSignature",
        ),
        (SignedCall::new().authorization(|text| text.replace("host;", "host;host;")), "IncompleteSignature"),
        (SignedCall::new().authorization(|text| text.replace("host;", "host; ")), "IncompleteSignature"),
        (SignedCall::new().authorization(|text| text.replace(',', ";")), "IncompleteSignature"),
        (
            SignedCall::new().authorization(|text| text.replace("ACS3-HMAC-SHA256", "acs3-hmac-sha256")),
            "InvalidSignatureMethod",
        ),
        (
            SignedCall::new().authorization(|text| text.replace("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3")),
            "InvalidSignatureMethod",
        ),
        (SignedCall::new().authorization(|text| text.replace("testid", "TESTID")), "InvalidAccessKeyId.NotFound"),
        (SignedCall::new().set_header("x-acs-content-sha256", HASH_IN_CAPITALS), "SignatureDoesNotMatch"),
        (SignedCall::new().set_header("x-acs-content-sha256", "UNSIGNED-PAYLOAD"), "SignatureDoesNotMatch"),
        (SignedCall::new().set_header("x-acs-content-sha256", ""), "MissingParameter"),
        (SignedCall::new().set_header("x-acs-date", "20260301T123456Z"), "InvalidTimeStamp.Format"),
        (SignedCall::new().set_header("x-acs-date", "2026-03-01T12:34:56.789012345Z"), "InvalidTimeStamp.Format"),
        (SignedCall::new().set_header("x-acs-date", "Sun, 01 Mar 2026 12:34:56 GMT"), "InvalidTimeStamp.Format"),
        (SignedCall::new().set_header("x-acs-date", ""), "MissingParameter"),
        (SignedCall::new().set_header("x-acs-signature-nonce", " "), "MissingParameter"),
        (SignedCall::new().set_header("x-acs-version", "2017-5-25"), "InvalidVersion"),
        (SignedCall::new().set_header("x-acs-action", "queryrobottaskcalllist"), "InvalidApi.NotFound"),
        (SignedCall::new().query("Label", "x").wire("Label=x", "Label=y"), "SignatureDoesNotMatch"),
    ] {
        assert_eq!(send(&emulator(), call.signed()).member("Code"), code, "{:?}", call.signed().headers());
    }
    // A header that was added on the way is not signed, and only those of the protocol have to be.
    let mut passed_on = SignedCall::new().signed();
    passed_on.headers_mut().insert("x-forwarded-for", "192.0.2.1".parse().unwrap());
    passed_on.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    send(&emulator(), passed_on).assert_accepted();
}

/// Of an empty body.
const HASH_IN_CAPITALS: &str = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
