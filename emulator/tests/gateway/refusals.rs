//! Everything the gateway refuses: status, code and message.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::support::{Call, builder, emulator, now, request, send};

#[test]
fn missing_parameters_of_the_protocol() {
    for name in
        ["Action", "Version", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"]
    {
        let (code, message) = (format!("Missing{name}"), format!("{name} is mandatory for this action."));
        Call::new().without(name).to(&emulator()).assert_refused(400, &code, &message);
        Call::new().set(name, "").to(&emulator()).assert_refused(400, &code, &message);
    }
    send(&emulator(), request("GET", "/?Format=JSON", "")).assert_refused(
        400,
        "MissingAction",
        "Action is mandatory for this action.",
    );
}

#[test]
fn an_unknown_version() {
    let reply = Call::new().set("Version", "2017-05-26").to(&emulator());
    reply.assert_refused(400, "InvalidVersion", "Specified parameter Version is not valid.");
}

#[test]
fn an_unknown_action_names_the_nearest() {
    let official = "Specified api is not found, please check your url and method.";
    Call::new().set("Action", "QueryRobotTaskCallLst").to(&emulator()).assert_refused(
        404,
        "InvalidApi.NotFound",
        &format!("{official} Did you mean QueryRobotTaskCallList?"),
    );
    for far in ["Xyz", &"QueryRobotTaskCallList".repeat(400_000)] {
        Call::new().set("Action", far).to(&emulator()).assert_refused(404, "InvalidApi.NotFound", official);
    }
    let elsewhere = request("POST", "/api", &Call::new().encoded());
    send(&emulator(), elsewhere).assert_refused(404, "InvalidApi.NotFound", official);
}

#[test]
fn an_unknown_key() {
    let reply = Call::new().set("AccessKeyId", "someone").to(&emulator());
    reply.assert_refused(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.");
}

#[test]
fn another_signature_method() {
    let reply = Call::new().set("SignatureMethod", "HMAC-SHA256").to(&emulator());
    reply.assert_refused(400, "InvalidSignatureMethod", "Specified signature method is not valid.");
}

#[test]
fn credentials_other_than_access_keys() {
    let call = Call::new().without("AccessKeyId").set("SignatureType", "BEARERTOKEN").set("BearerToken", "token");
    call.to(&emulator()).assert_refused(
        400,
        "InvalidSignatureType",
        "Specified parameter SignatureType is not valid. This emulator knows access keys and no bearer tokens.",
    );
    let reply = Call::new().set("SignatureType", "PRIVATEKEY").to(&emulator());
    reply.assert_refused(400, "InvalidSignatureType", "Specified parameter SignatureType is not valid.");
}

#[test]
fn keys_and_tokens_that_do_not_serve() {
    let later = now() + Duration::from_secs(1);
    let emulator = builder()
        .key("testid", "testsecret")
        .inactive_key("off", "testsecret")
        .temporary_key("fresh", "testsecret", "fresh token", later)
        .temporary_key("old", "testsecret", "old token", now())
        .build();
    for (id, token, code, message) in [
        ("off", "", "InvalidAccessKeyId.Inactive", "Specified access key is disabled."),
        ("fresh", "", "MissingSecurityToken", "SecurityToken is mandatory for this action."),
        ("fresh", "x", "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed."),
        ("testid", "x", "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed."),
        ("old", "old token", "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."),
        (
            "testid",
            "fresh token",
            "InvalidSecurityToken.MismatchWithAccessKey",
            "Specified SecurityToken mismatch with the AccessKey.",
        ),
    ] {
        let reply = Call::new().set("AccessKeyId", id).set("SecurityToken", token).to(&emulator);
        reply.assert_refused(400, code, message);
    }
    Call::new().set("AccessKeyId", "fresh").set("SecurityToken", "fresh token").to(&emulator).assert_accepted();
}

#[test]
fn a_missing_or_incomplete_signature() {
    let encoded = Call::new().encoded();
    let (unsigned, _) = encoded.split_once("&Signature=").unwrap();
    send(&emulator(), request("POST", "/", unsigned)).assert_refused(
        400,
        "MissingSignature",
        "Signature is mandatory for this action.",
    );
    let message = "The request signature does not conform to Aliyun standards.";
    let empty = request("POST", "/", &format!("{unsigned}&Signature="));
    send(&emulator(), empty).assert_refused(400, "IncompleteSignature", message);
    Call::new().set("SignatureVersion", "2.0").to(&emulator()).assert_refused(400, "IncompleteSignature", message);
}

#[test]
fn a_time_stamp_in_another_form() {
    for timestamp in ["2026-03-01 12:34:56", "2026-03-01T12:34:56.000000Z", "2026-03-01T20:34:56+08:00", "1772368496"] {
        Call::new().set("Timestamp", timestamp).to(&emulator()).assert_refused(
            400,
            "InvalidTimeStamp.Format",
            "Specified time stamp or date value is not well formatted.",
        );
    }
}

#[test]
fn a_time_stamp_outside_the_window() {
    let message = "Specified time stamp or date value is expired.";
    for expired in ["2026-03-01T12:19:55Z", "2026-03-01T12:49:57Z", "2025-03-01T12:34:56Z"] {
        let reply = Call::new().set("Timestamp", expired).to(&emulator());
        reply.assert_refused(400, "InvalidTimeStamp.Expired", message);
    }
    for accepted in ["2026-03-01T12:19:56Z", "2026-03-01T12:49:56Z"] {
        Call::new().set("Timestamp", accepted).to(&emulator()).assert_accepted();
    }
    let narrow = builder().time_window(Duration::from_secs(10)).build();
    Call::new().set("Timestamp", "2026-03-01T12:34:46Z").to(&narrow).assert_accepted();
    let reply = Call::new().set("Timestamp", "2026-03-01T12:34:45Z").to(&narrow);
    reply.assert_refused(400, "InvalidTimeStamp.Expired", message);
}

#[test]
fn a_nonce_that_was_used() {
    let later = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&later);
    let emulator = builder().clock(move || now() + Duration::from_secs(clock.load(Ordering::Relaxed))).build();
    let call = Call::new();

    assert_eq!(call.clone().secret("wrong").to(&emulator).member("Code"), "SignatureDoesNotMatch");
    call.to(&emulator).assert_accepted();
    let message = "Specified signature nonce was used already.";
    call.to(&emulator).assert_refused(400, "SignatureNonceUsed", message);
    call.clone().set("PageNo", "2").to(&emulator).assert_refused(400, "SignatureNonceUsed", message);
    call.clone().set("SignatureNonce", "another").to(&emulator).assert_accepted();

    // At the end of the window it is still known, a second later the time stamp itself is refused, and a request of
    // that time may use it again.
    later.store(15 * 60, Ordering::Relaxed);
    call.to(&emulator).assert_refused(400, "SignatureNonceUsed", message);
    later.store(15 * 60 + 1, Ordering::Relaxed);
    assert_eq!(call.to(&emulator).member("Code"), "InvalidTimeStamp.Expired");
    call.set("Timestamp", "2026-03-01T12:49:57Z").to(&emulator).assert_accepted();
}

#[test]
fn a_wrong_signature_shows_the_string_to_sign() {
    let call = Call::new().set("Format", "json").secret("wrong");
    call.set("TaskId", "占 1").to(&emulator()).assert_refused(
        400,
        "SignatureDoesNotMatch",
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&\
         AccessKeyId%3Dtestid%26Action%3DQueryRobotTaskCallList%26Format%3Djson%26SignatureMethod%3DHMAC-SHA1\
         %26SignatureNonce%3Dnonce%26SignatureVersion%3D1.0%26TaskId%3D%25E5%258D%25A0%25201\
         %26Timestamp%3D2026-03-01T12%253A34%253A56Z%26Version%3D2017-05-25",
    );
}

#[test]
fn an_unknown_format_is_refused_in_xml() {
    let reply = Call::new().set("Format", "yaml").to(&emulator());
    let id = reply.header("x-acs-request-id");
    assert_eq!(reply.status(), 400);
    assert_eq!(
        reply.text(),
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><RequestId>{id}</RequestId>\
             <HostId>dyvmsapi.aliyuncs.com</HostId><Code>InvalidParameter.Format</Code>\
             <Message>Specified parameter format is not valid.</Message></Error>"
        )
    );
}

#[test]
fn another_http_method() {
    for method in ["PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"] {
        let reply = send(&emulator(), Call::new().method(method).in_query());
        reply.assert_refused(400, "UnsupportedHTTPMethod", "This http method is not supported.");
    }
}

#[test]
fn business_parameters_of_another_type_or_outside_their_bounds() {
    for (name, value) in
        [("PageNo", "one"), ("PageNo", "0"), ("PageNo", "2147483648"), ("PageSize", "1.5"), ("OwnerId", "me")]
    {
        Call::new().set(name, value).to(&emulator()).assert_refused(
            400,
            &format!("Invalid{name}"),
            &format!("Specified parameter {name} is not valid."),
        );
    }
}

#[test]
fn a_missing_business_parameter() {
    let mut service = aliyun_api_spec::dyvmsapi().clone();
    for operation in &mut service.operations {
        for field in &mut operation.parameters {
            field.required = field.wire_name == "TaskId";
        }
    }
    let emulator = aliyun_emulator::Emulator::builder(service).clock(now).build();
    let message = "TaskId is mandatory for this action.";
    Call::new().to(&emulator).assert_refused(400, "MissingTaskId", message);
    Call::new().set("TaskId", "").set("SignatureNonce", "2").to(&emulator).assert_refused(
        400,
        "MissingTaskId",
        message,
    );
    Call::new().set("TaskId", "1").set("SignatureNonce", "3").to(&emulator).assert_accepted();
}

#[test]
fn unknown_parameters_are_ignored() {
    Call::new()
        .set("RegionId", "cn-hangzhou")
        .set("TaskID", "1")
        .set("Any.1.Thing", "x")
        .to(&emulator())
        .assert_accepted();
}

#[test]
fn pairs_that_cannot_be_read() {
    let encoded = Call::new().encoded();
    for (pair, shown, why) in [
        ("TaskId=%4", "TaskId", "Its percent-encoding is broken."),
        ("TaskId=%GG", "TaskId", "Its percent-encoding is broken."),
        ("TaskId=%C3%28", "TaskId", "It is not UTF-8."),
        ("Format=JSON", "Format", "It is given twice."),
    ] {
        let reply = send(&emulator(), request("POST", "/", &format!("{encoded}&{pair}")));
        reply.assert_refused(400, "InvalidParameter", &format!("Specified parameter {shown} is not valid. {why}"));
    }
}

#[test]
fn too_much_of_everything() {
    let large = request("POST", "/?Format=JSON", &"x".repeat(10 * 1024 * 1024 + 1));
    send(&emulator(), large).assert_refused(
        413,
        "RequestEntityTooLarge",
        "The request body has more than 10485760 bytes.",
    );
    let many = (0..10_001).map(|index| index.to_string()).collect::<Vec<_>>().join("&");
    send(&emulator(), request("POST", "/?Format=JSON", &many)).assert_refused(
        400,
        "InvalidParameter",
        "The request has more than 10000 parameters.",
    );
}

#[test]
fn the_first_error_is_the_response() {
    // Each step mends what the one before complained about.
    let mut call = Call::new()
        .secret("wrong")
        .set("Version", "1")
        .set("AccessKeyId", "someone")
        .set("SignatureMethod", "none")
        .set("SignatureVersion", "9")
        .set("Timestamp", "now")
        .set("PageNo", "one");
    let emulator = emulator();
    let mut codes = Vec::new();
    for (name, value) in [
        ("Version", "2017-05-25"),
        ("AccessKeyId", "testid"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureVersion", "1.0"),
        ("Timestamp", "2020-01-01T00:00:00Z"),
        ("Timestamp", "2026-03-01T12:34:56Z"),
    ] {
        codes.push(call.to(&emulator).member("Code"));
        call = call.set(name, value);
    }
    codes.push(call.to(&emulator).member("Code"));
    codes.push(call.secret("testsecret").to(&emulator).member("Code"));
    assert_eq!(
        codes,
        [
            "InvalidVersion",
            "InvalidAccessKeyId.NotFound",
            "InvalidSignatureMethod",
            "IncompleteSignature",
            "InvalidTimeStamp.Format",
            "InvalidTimeStamp.Expired",
            "SignatureDoesNotMatch",
            "InvalidPageNo",
        ]
    );
}

#[test]
fn a_refusal_in_json_has_five_members_and_its_headers() {
    let reply = Call::new().without("Action").to(&emulator());
    let id = reply.header("x-acs-request-id");
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"RequestId":"{id}","HostId":"dyvmsapi.aliyuncs.com","Code":"MissingAction","Message":"Action is mandatory for this action.","Recommend":"https://api.aliyun.com/troubleshoot?q=MissingAction&product=Dyvmsapi&requestId={id}"}}"#
        )
    );
    assert_eq!(reply.header("content-type"), "application/json;charset=utf-8");
    assert_eq!(reply.header("date"), "Sun, 01 Mar 2026 12:34:56 GMT");
}

#[test]
fn a_refusal_without_format_is_xml() {
    let reply = Call::new().without("Format").set("TaskId", "<&>").secret("wrong").to(&emulator());
    let id = reply.header("x-acs-request-id");
    assert_eq!((reply.status(), reply.header("content-type")), (400, "text/xml;charset=utf-8"));
    assert_eq!(
        reply.text(),
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><RequestId>{id}</RequestId>\
             <HostId>dyvmsapi.aliyuncs.com</HostId><Code>SignatureDoesNotMatch</Code>\
             <Message>Specified signature is not matched with our calculation. server string to sign is:\
             POST&amp;%2F&amp;AccessKeyId%3Dtestid%26Action%3DQueryRobotTaskCallList%26SignatureMethod%3DHMAC-SHA1\
             %26SignatureNonce%3Dnonce%26SignatureVersion%3D1.0%26TaskId%3D%253C%2526%253E\
             %26Timestamp%3D2026-03-01T12%253A34%253A56Z%26Version%3D2017-05-25</Message></Error>"
        )
    );
}
