//! What is signed with V3, by hand: `SignedHeaders` taken at its word, and where the protocol's parts may stand.

use aliyun_protocol::v3;
use bytes::Bytes;

use crate::support::{SignedCall, emulator, send};

#[test]
fn parameters_are_read_from_query_and_form() {
    let emulator = emulator();
    SignedCall::new().to(&emulator).assert_accepted();
    let form = SignedCall::new()
        .without_header("x-acs-signature-nonce")
        .header("x-acs-signature-nonce", "another")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("x-acs-retry-attempts", "1")
        .body("PageSize=7&Name=a+b%20c");
    form.to(&emulator).assert_accepted();
    let received = &emulator.requests()[1];
    assert_eq!((received.parameter("PageSize"), received.parameter("TaskId")), (Some("7"), Some("1045001")));
    assert_eq!((received.parameter("Name"), received.action()), (Some("a b c"), Some("QueryRobotTaskCallList")));
    assert_eq!(received.warnings(), ["Name: QueryRobotTaskCallList has no such parameter"]);
}

#[test]
fn signed_headers_are_taken_at_their_word() {
    // Repeated headers are sorted and joined, an empty one is there, and blanks within a value stay.
    let call =
        SignedCall::new().header("x-more", "b").header("x-more", "a").header("x-empty", "").header("x-wide", "a  b");
    call.to(&emulator()).assert_accepted();
    for (name, value) in [("x-more", "c"), ("x-empty", "full"), ("x-wide", "a b")] {
        let mut changed = call.signed();
        changed.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(send(&emulator(), changed).member("Code"), "SignatureDoesNotMatch", "{name}");
    }
    // A header that is not listed is nobody's business, and blanks around a value are none of it.
    let mut unsigned = call.signed();
    unsigned.headers_mut().insert("user-agent", "a proxy's".parse().unwrap());
    unsigned.headers_mut().insert("x-wide", " a  b ".parse().unwrap());
    send(&emulator(), unsigned).assert_accepted();
    // One that was signed empty may be left out on the way.
    let mut absent = call.signed();
    absent.headers_mut().remove("x-empty");
    send(&emulator(), absent).assert_accepted();
}

#[test]
fn names_and_values_of_any_text_are_signed_encoded() {
    SignedCall::new().query("键 /", "占 +*~").query("M.1.x", "").to(&emulator()).assert_accepted();
}

#[test]
fn the_action_may_stand_in_the_query() {
    let call = SignedCall::new().without_header("x-acs-action").without_header("x-acs-version");
    let reply = call.to(&emulator());
    reply.assert_refused(400, "MissingAction", "Action is mandatory for this action.");
    let call = call.query("Action", "QueryRobotTaskCallList");
    call.to(&emulator()).assert_refused(400, "MissingVersion", "Version is mandatory for this action.");
    call.query("Version", "2017-05-25").to(&emulator()).assert_accepted();
    // The header comes first.
    SignedCall::new().query("Action", "Another").to(&emulator()).assert_accepted();
}

#[test]
fn answers_json_unless_xml_is_requested() {
    let unknown = SignedCall::new().query("Format", "yaml").to(&emulator());
    unknown.assert_refused(400, "InvalidParameter.Format", "Specified parameter format is not valid.");
    let reply = SignedCall::new().query("Format", "XML").to(&emulator());
    assert_eq!((reply.status(), reply.header("content-type")), (200, "text/xml;charset=utf-8"));
    assert!(reply.text().contains("<QueryRobotTaskCallListResponse>"), "{}", reply.text());
}

#[test]
fn refusals_tell_what_is_absent() {
    for name in ["x-acs-date", "x-acs-signature-nonce"] {
        let reply = SignedCall::new().without_header(name).to(&emulator());
        reply.assert_refused(400, "MissingParameter", &format!("{name} is mandatory for this action."));
    }
    let base = "The request signature does not conform to Aliyun standards.";
    let mut unsigned = SignedCall::new().signed();
    unsigned.headers_mut().remove("authorization");
    let message = format!("{base} The header Authorization is absent or empty.");
    send(&emulator(), unsigned).assert_refused(400, "IncompleteSignature", &message);
    let mut hidden = SignedCall::new().signed();
    hidden.headers_mut().insert("x-acs-late", "1".parse().unwrap());
    let message = format!("{base} SignedHeaders lacks x-acs-late.");
    send(&emulator(), hidden).assert_refused(400, "IncompleteSignature", &message);
}

#[test]
fn a_mismatch_shows_what_the_gateway_signed() {
    let mut tampered = SignedCall::new().signed();
    *tampered.body_mut() = Bytes::from_static(b"a");
    let hash = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
    let empty = v3::EMPTY_PAYLOAD;
    let names = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
    let canonical = format!(
        "POST\n/\nPageSize=1&TaskId=1045001\nhost:dyvmsapi.aliyuncs.com\nx-acs-action:QueryRobotTaskCallList\n\
         x-acs-content-sha256:{empty}\nx-acs-date:2026-03-01T12:34:56Z\nx-acs-signature-nonce:nonce\n\
         x-acs-version:2017-05-25\n\n{names}\n{hash}"
    );
    let message = format!(
        "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256\n{}] \
         server CanonicalRequest is [{canonical}]",
        v3::payload_hash(canonical.as_bytes()).as_str()
    );
    send(&emulator(), tampered).assert_refused(400, "SignatureDoesNotMatch", &message);
}

#[test]
fn nonces_of_both_signatures_are_of_one_key() {
    let emulator = emulator();
    crate::support::Call::new().to(&emulator).assert_accepted();
    assert_eq!(SignedCall::new().to(&emulator).member("Code"), "SignatureNonceUsed");
}
