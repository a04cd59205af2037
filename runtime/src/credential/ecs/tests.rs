use super::super::testing::{Reply, StandIn, key, ok};
use super::*;

const BASE: &str = "http://100.100.100.200/latest";

/// A metadata service: whether it gives session tokens, and whether it demands them.
fn metadata(tokens: bool, demanded: bool) -> StandIn {
    StandIn::new(move |request| {
        let token = request.headers().get("x-aliyun-ecs-metadata-token");
        match (request.method().as_str(), request.uri().path()) {
            ("PUT", "/latest/api/token") if tokens => ok("testtoken\n"),
            ("GET", _) if demanded && token.is_none_or(|token| token != "testtoken") => Reply::Body(403, String::new()),
            ("GET", ROLES) => ok("operator\n"),
            ("GET", path) if path == format!("{ROLES}operator") => ok(
                key("STS.testid", "2026-03-01T18:34:56Z").replacen('{', r#"{"Code":"Success","LastUpdated":"x","#, 1)
            ),
            _ => Reply::Body(404, "<html>".to_owned()),
        }
    })
}

async fn ask(provider: EcsRamRole, http: &StandIn) -> Result<String, CredentialsError> {
    provider.credentials(&http.context()).await.map(|credentials| credentials.access_key_id().to_owned())
}

#[tokio::test]
async fn a_role_is_discovered_with_a_session_token() {
    let http = metadata(true, true);
    assert_eq!(ask(EcsRamRole::new(), &http).await.unwrap(), "STS.testid");
    let role = format!("GET {BASE}/meta-data/ram/security-credentials/operator");
    let expected =
        [format!("PUT {BASE}/api/token"), format!("GET {BASE}/meta-data/ram/security-credentials/"), role.clone()];
    assert_eq!(http.requests(), expected);
    assert_eq!(http.header(0, "x-aliyun-ecs-metadata-token-ttl-seconds").unwrap(), "21600");
    assert_eq!(http.header(2, "x-aliyun-ecs-metadata-token").unwrap(), "testtoken");

    let http = metadata(true, true);
    assert_eq!(ask(EcsRamRole::new().role("operator"), &http).await.unwrap(), "STS.testid");
    assert_eq!(http.requests(), [format!("PUT {BASE}/api/token"), role]);
}

#[tokio::test]
async fn requests_without_session_token_follow_unless_disabled() {
    let http = metadata(false, false);
    assert_eq!(ask(EcsRamRole::new(), &http).await.unwrap(), "STS.testid");
    assert_eq!((http.requests().len(), http.header(1, "x-aliyun-ecs-metadata-token")), (3, None));

    let http = metadata(false, false);
    let error = ask(EcsRamRole::new().token_required(), &http).await.unwrap_err();
    assert_eq!(error.to_string(), "the ECS RAM role at http://100.100.100.200 (HTTP 404)");
    assert_eq!(http.requests(), [format!("PUT {BASE}/api/token")]);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_not_an_ecs_instance_has_no_role() {
    let silent = StandIn::new(|_| Reply::Silent);
    let before = tokio::time::Instant::now();
    let error = ask(EcsRamRole::new(), &silent).await.unwrap_err();
    assert_eq!(error.to_string(), "the ECS RAM role at http://100.100.100.200 (no answer within 1s)");
    assert_eq!((error.absent, (tokio::time::Instant::now() - before).as_secs()), (true, 2));

    let portal = StandIn::new(|_| ok("<html>Sign in</html>"));
    let error = ask(EcsRamRole::new(), &portal).await.unwrap_err();
    assert_eq!(error.to_string(), "the ECS RAM role at http://100.100.100.200 (the answer is no name of a role)");
    assert!(error.absent);
}

#[tokio::test]
async fn a_role_that_is_there_and_gives_no_key_is_an_error() {
    let http = StandIn::new(|request| match request.uri().path() {
        "/latest/api/token" => Reply::Unreachable,
        ROLES => ok("operator"),
        _ => ok(r#"{"Code":"Failed"}"#),
    });
    let error = ask(EcsRamRole::new(), &http).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the ECS RAM role at http://100.100.100.200: with a session token: no answer: connection refused; \
         without: role operator: the answer has the code Failed"
    );
    assert!(!error.absent);
    let named = ask(EcsRamRole::new().role("other"), &metadata(true, true)).await.unwrap_err();
    assert!(!named.absent);
}

#[test]
fn debug_shows_the_settings() {
    let provider = EcsRamRole::new().endpoint("http://user:testsecret@127.0.0.1:1").token_required();
    assert_eq!(
        format!("{provider:?}"),
        r#"EcsRamRole { role: None, endpoint: "http://***@127.0.0.1:1", token_required: true, .. }"#
    );
}
