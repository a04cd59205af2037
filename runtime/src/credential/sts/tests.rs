use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::testing::{Reply, StandIn, assumed, clock, ok};
use super::*;
use aliyun_protocol::v1::string_to_sign;

const ROLE: &str = "acs:ram::1234567890123456:role/operator";

fn form(http: &StandIn) -> Vec<(String, String)> {
    http.form(http.requests().len() - 1)
}

fn value(form: &[(String, String)], name: &str) -> Option<String> {
    form.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

#[tokio::test(start_paused = true)]
async fn a_role_is_assumed_with_a_signed_form() {
    let http = StandIn::new(|_| assumed("STS.testid"));
    let role = AssumeRole::new(Credentials::with_token("testid", "testsecret", "testtoken"), ROLE)
        .session_name("night shift+1")
        .policy(r#"{"Version": "1"}"#)
        .external_id("e*1")
        .duration(Duration::from_secs(900));
    let assumed = role.credentials(&http.context()).await.unwrap();
    assert_eq!((assumed.access_key_id(), assumed.security_token()), ("STS.testid", Some("testtoken")));
    assert_eq!(assumed.expiration(), Some(clock() + Duration::from_secs(3600)));

    assert_eq!(http.requests(), ["POST https://sts.aliyuncs.com/"]);
    assert_eq!(http.header(0, "content-type").unwrap(), "application/x-www-form-urlencoded");
    let mut form = form(&http);
    let (name, signature) = form.pop().unwrap();
    assert_eq!(name, "Signature");
    let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        pairs,
        [
            ("RoleArn", ROLE),
            ("RoleSessionName", "night shift+1"),
            ("DurationSeconds", "900"),
            ("Policy", r#"{"Version": "1"}"#),
            ("ExternalId", "e*1"),
            ("AccessKeyId", "testid"),
            ("Action", "AssumeRole"),
            ("Format", "JSON"),
            ("SecurityToken", "testtoken"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", "0000000000000000000000000000002a"),
            ("SignatureVersion", "1.0"),
            ("Timestamp", "2026-03-01T12:34:56Z"),
            ("Version", "2015-04-01"),
        ]
    );
    // Blanks are signed as %20, and travel so.
    let mut parameters = Parameters::default();
    for (name, value) in pairs {
        parameters.push(name, value);
    }
    let text = string_to_sign("POST", &mut parameters);
    assert!(text.contains("RoleSessionName%3Dnight%2520shift%252B1%26"), "{text}");
    assert!(http.body(0).contains("RoleSessionName=night%20shift%2B1&"), "{}", http.body(0));
    assert_eq!(signature, crate::sign::SigningKey::new("testsecret").sign_v1("POST", &mut parameters).as_str());
}

#[tokio::test]
async fn defaults_and_addresses_of_the_service() {
    let http = StandIn::new(|_| assumed("STS.testid"));
    let source = || Credentials::new("testid", "testsecret");
    for role in [
        AssumeRole::new(source(), ROLE),
        AssumeRole::new(source(), ROLE).region("cn-hangzhou"),
        AssumeRole::new(source(), ROLE).vpc_region("cn-hangzhou"),
        AssumeRole::new(source(), ROLE).endpoint("http://127.0.0.1:1"),
    ] {
        role.credentials(&http.context()).await.unwrap();
    }
    assert_eq!(
        http.requests(),
        [
            "POST https://sts.aliyuncs.com/",
            "POST https://sts.cn-hangzhou.aliyuncs.com/",
            "POST https://sts-vpc.cn-hangzhou.aliyuncs.com/",
            "POST http://127.0.0.1:1/",
        ]
    );
    let form = form(&http);
    assert_eq!(value(&form, "DurationSeconds").unwrap(), "3600");
    assert!(value(&form, "RoleSessionName").unwrap().starts_with("aliyun-rust-17723684"));
    for absent in ["Policy", "ExternalId", "SecurityToken"] {
        assert_eq!(value(&form, absent), None);
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_service_and_network_are_shown_without_secrets() {
    const BEFORE: &str = "assuming the role acs:ram::***:role/operator: ";
    let said = async |reply: Reply| {
        let http = StandIn::new(move |_| reply.clone());
        let role = AssumeRole::new(Credentials::new("testid", "testsecret"), ROLE);
        let error = role.credentials(&http.context()).await.unwrap_err().to_string();
        error.strip_prefix(BEFORE).unwrap_or_else(|| panic!("{error}")).to_owned()
    };
    let denied = r#"{"RequestId":"R-1","Code":"NoPermission","Message":"You are not authorized to do this action."}"#;
    assert_eq!(
        said(Reply::Body(403, denied.to_owned())).await,
        "https://sts.aliyuncs.com/: NoPermission: You are not authorized to do this action (HTTP 403, request R-1)"
    );
    let mismatch = r#"{"Code":"SignatureDoesNotMatch","Message":"Specified signature is not matched with our calculation. server string to sign is:POST&%2F&testtoken"}"#;
    assert_eq!(
        said(Reply::Body(400, mismatch.to_owned())).await,
        "https://sts.aliyuncs.com/: SignatureDoesNotMatch: Specified signature is not matched with our calculation \
         (HTTP 400)"
    );
    assert_eq!(said(Reply::Body(502, "<html>".to_owned())).await, "https://sts.aliyuncs.com/: HTTP 502");
    assert_eq!(said(Reply::Unreachable).await, "https://sts.aliyuncs.com/: no answer: connection refused");
    assert_eq!(said(Reply::Silent).await, "https://sts.aliyuncs.com/: no answer within 10s");
    assert_eq!(
        said(ok(r#"{"Credentials":{"AccessKeyId":"a","AccessKeySecret":"testsecret","SecurityToken":"t"}}"#)).await,
        "https://sts.aliyuncs.com/: the answer has no Expiration"
    );
    assert_eq!(
        said(ok(r#"{"Credentials":"testsecret"}"#)).await,
        "https://sts.aliyuncs.com/: the answer has a member of another type than expected at line 1, column 27"
    );
    assert_eq!(said(ok(" ")).await, "https://sts.aliyuncs.com/: the answer is empty");
    assert_eq!(
        said(ok("testsecret")).await,
        "https://sts.aliyuncs.com/: the answer is broken JSON at line 1, column 2"
    );
}

#[tokio::test]
async fn a_source_is_invalidated_when_its_key_did_not_work() {
    struct Source(AtomicUsize);
    impl CredentialsProvider for Source {
        fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
            Box::pin(async { Ok(Credentials::new("testid", "testsecret")) })
        }

        fn invalidate(&self, _: &Credentials) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let source = Arc::new(Source(AtomicUsize::new(0)));
    let role = AssumeRole::new(Arc::clone(&source), ROLE);
    role.credentials(&StandIn::new(|_| assumed("STS.testid")).context()).await.unwrap();
    assert_eq!(source.0.load(Ordering::SeqCst), 0);
    role.credentials(&StandIn::nowhere().context()).await.unwrap_err();
    assert_eq!(source.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_invalid_query_is_refused() {
    let http = StandIn::nowhere();
    let source = || Credentials::new("testid", "testsecret");
    let short = AssumeRole::new(source(), ROLE).duration(Duration::from_secs(60));
    let plain = AssumeRole::new(source(), ROLE).endpoint("http://sts.example.com");
    let region = AssumeRole::new(source(), ROLE).region("cn-shanghai.example.com#");
    let errors = [
        short.credentials(&http.context()).await.unwrap_err().to_string(),
        plain.credentials(&http.context()).await.unwrap_err().to_string(),
        region.credentials(&http.context()).await.unwrap_err().to_string(),
    ];
    assert_eq!(errors[0], "assuming the role acs:ram::***:role/operator: a session lasts 900s or longer, not 60s");
    assert_eq!(
        errors[1],
        "assuming the role acs:ram::***:role/operator: the endpoint \"http://sts.example.com\" is plain HTTP, which \
         would send credentials in the clear; use https"
    );
    assert_eq!(
        errors[2],
        "assuming the role acs:ram::***:role/operator: the region: expected a region id, such as cn-shanghai, of \
         small letters, digits and hyphens"
    );
    assert_eq!(http.requests().len(), 0);
}

#[test]
fn an_address_of_the_environment_that_cannot_be_used_is_named_by_its_variable() {
    let role = |name: &'static str, value: &'static str| {
        let variables = [
            (variable::ROLE_ARN, "r"),
            (variable::OIDC_PROVIDER_ARN, "p"),
            (variable::OIDC_TOKEN_FILE, "/none"),
            (name, value),
        ];
        OidcRole::of(&ProcessEnvironment::new(&variables, std::path::Path::new("/none"))).map(drop)
    };
    assert_eq!(role(variable::STS_REGION, "cn-shanghai").map_err(|error| error.to_string()), Ok(()));
    for (name, value, why) in [
        (variable::STS_REGION, "CN Shanghai", NO_REGION),
        (variable::STS_REGION, "a.example.com", NO_REGION),
        (
            variable::STS_ENDPOINT,
            "http://sts.example.com",
            "the endpoint \"http://sts.example.com\" is plain HTTP, which would send credentials in the clear; use https",
        ),
        (
            variable::STS_ENDPOINT,
            "sts.example.com:0",
            "the endpoint is not a host, host:port or URL: its port is not a number from 1 to 65535",
        ),
    ] {
        assert_eq!(role(name, value).unwrap_err().to_string(), format!("an OIDC role: {name}: {why}"));
    }
}

#[tokio::test]
async fn an_oidc_token_is_read_anew_for_each_refresh_and_nothing_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let http = StandIn::new(|_| assumed("STS.testid"));
    let role = OidcRole::new(ROLE, "acs:ram::1:oidc-provider/cluster", &file).session_name("pod");
    for token in ["first.token", "second.token"] {
        std::fs::write(&file, format!("{token}\n")).unwrap();
        role.credentials(&http.context()).await.unwrap();
        let form = form(&http);
        assert_eq!(value(&form, "OIDCToken").unwrap(), token);
        assert_eq!(value(&form, "Action").unwrap(), "AssumeRoleWithOIDC");
        assert_eq!(value(&form, "OIDCProviderArn").unwrap(), "acs:ram::1:oidc-provider/cluster");
        assert_eq!(value(&form, "RoleSessionName").unwrap(), "pod");
        for absent in ["AccessKeyId", "Signature", "SignatureNonce"] {
            assert_eq!(value(&form, absent), None);
        }
    }
    std::fs::write(&file, "\n").unwrap();
    let empty = role.credentials(&http.context()).await.unwrap_err().to_string();
    std::fs::remove_file(&file).unwrap();
    let missing = role.credentials(&http.context()).await.unwrap_err().to_string();
    let place = format!("assuming the role acs:ram::***:role/operator by OIDC: the token file {}", file.display());
    assert_eq!((empty, missing), (format!("{place} is empty"), format!("{place}: no such file")));
}

#[test]
fn debug_shows_no_secret() {
    let source = Credentials::with_token("testid", "testsecret", "testtoken");
    let role = AssumeRole::new(source, ROLE).external_id("testsecret").policy("testsecret");
    assert_eq!(format!("{role:?}"), r#"AssumeRole { role: "acs:ram::***:role/operator", .. }"#);
    let oidc = OidcRole::new(ROLE, "provider", "/var/token");
    assert_eq!(format!("{oidc:?}"), r#"OidcRole { role: "acs:ram::***:role/operator", token_file: "/var/token", .. }"#);
}
