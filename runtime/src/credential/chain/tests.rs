use tempfile::TempDir;

use super::super::testing::{Reply, StandIn, assumed, key, ok};
use super::*;

const NO_KEY: &str = "the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET not set)";

/// A home directory with these files.
fn home(files: &[(&str, &str)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    home
}

async fn ask(variables: &[(&str, &str)], home: &TempDir, http: &StandIn) -> Result<String, String> {
    let chain = DefaultChain::of(&ProcessEnvironment::new(variables, home.path()));
    let credentials = chain.credentials(&http.context()).await.map_err(|error| error.to_string())?;
    Ok(credentials.access_key_id().to_owned())
}

/// One HTTP server for every place: ECS, the security token service, a credentials URI.
fn everything() -> StandIn {
    StandIn::new(|request| match (request.uri().host(), request.uri().path()) {
        (Some("100.100.100.200"), "/latest/api/token") => ok("testtoken"),
        (Some("100.100.100.200"), path) if path.ends_with('/') => ok("operator"),
        (Some("100.100.100.200"), _) => ok(key("ecs", "2026-03-01T18:34:56Z")),
        (Some("keys.internal"), _) => ok(key("uri", "2026-03-01T18:34:56Z")),
        _ => assumed("sts"),
    })
}

#[tokio::test]
async fn places_are_looked_at_in_the_official_order() {
    let files = home(&[
        (
            ".aliyun/config.json",
            r#"{"current":"a","profiles":[{"name":"a","mode":"AK","access_key_id":"cli","access_key_secret":"testsecret"}]}"#,
        ),
        (
            ".alibabacloud/credentials",
            "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = testsecret\n",
        ),
        ("token", "testtoken"),
    ]);
    let token = files.path().join("token").display().to_string();
    let mut variables = vec![
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "env"),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret"),
        ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/operator"),
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/cluster"),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", token.as_str()),
        ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://keys.internal/"),
    ];
    let http = everything();
    let mut found = vec![ask(&variables, &files, &http).await.unwrap()];
    variables.drain(..2);
    found.push(ask(&variables, &files, &http).await.unwrap());
    variables.drain(..3);
    found.push(ask(&variables, &files, &http).await.unwrap());
    for switch in ["ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "ALIBABA_CLOUD_ECS_METADATA_DISABLED"] {
        variables.push((switch, "True"));
        found.push(ask(&variables, &files, &http).await.unwrap());
        std::fs::remove_dir_all(files.path().join(".alibabacloud")).unwrap_or_default();
        found.push(ask(&variables, &files, &http).await.unwrap());
    }
    assert_eq!(found, ["env", "sts", "cli", "ini", "ecs", "uri", "uri"]);
}

#[tokio::test]
async fn where_nothing_serves_every_place_is_named() {
    let error = ask(&[], &home(&[]), &StandIn::nowhere()).await.unwrap_err();
    assert_eq!(
        error,
        format!(
            "looked at: {NO_KEY}; an OIDC role (ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN, \
             ALIBABA_CLOUD_OIDC_TOKEN_FILE not set); the CLI profile ~/.aliyun/config.json (no such file); the \
             credentials file ~/.alibabacloud/credentials (no such file); the credentials file \
             ~/.alibabacloud/credentials.ini (no such file); the ECS RAM role at http://100.100.100.200 (no answer: connection refused); a credentials URI \
             (ALIBABA_CLOUD_CREDENTIALS_URI not set)"
        )
    );
}

#[tokio::test]
async fn a_place_that_is_set_up_and_fails_ends_the_search() {
    let http = everything();
    let half = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "env")];
    assert_eq!(
        ask(&half, &home(&[]), &http).await.unwrap_err(),
        "the environment: ALIBABA_CLOUD_ACCESS_KEY_ID is set, but ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"
    );
    let broken = home(&[(".aliyun/config.json", "{\n  \"current\": testsecret\n}")]);
    let switched = [("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/none")];
    assert_eq!(
        ask(&switched, &broken, &http).await.unwrap_err(),
        format!(
            "the CLI profile ~/.aliyun/config.json: the file is broken JSON at line 2, column 15; \
             correct it, or write it anew with `aliyun configure`; looked before at: \
             {NO_KEY}; an OIDC role (ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN not set)"
        )
    );
    assert_eq!(http.requests().len(), 0);
}

#[tokio::test]
async fn a_requested_profile_must_exist() {
    let variables = [("ALIBABA_CLOUD_PROFILE", "office")];
    let files = home(&[(".aliyun/config.json", r#"{"current":"a","profiles":[]}"#)]);
    let error = ask(&variables, &files, &everything()).await.unwrap_err();
    assert!(error.starts_with(r#"there is no profile "office"; looked before at: "#), "{error}");
    assert!(error.contains(r#"the CLI profile ~/.aliyun/config.json (no profile "office")"#), "{error}");

    let ini = "[office]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = testsecret\n";
    let files = home(&[(".alibabacloud/credentials.ini", ini)]);
    assert_eq!(ask(&variables, &files, &everything()).await.unwrap(), "ini");
}

#[tokio::test]
async fn the_place_that_served_is_remembered() {
    let variables = [("ALIBABA_CLOUD_CREDENTIALS_URI", "http://keys.internal/")];
    let http = StandIn::new(|request| match request.uri().host() {
        Some("keys.internal") => ok(key("uri", "2026-03-01T18:34:56Z")),
        _ => Reply::Unreachable,
    });
    let files = home(&[]);
    let chain = DefaultChain::of(&ProcessEnvironment::new(&variables, files.path()));
    chain.credentials(&http.context()).await.unwrap();
    let first = http.requests().len();
    chain.credentials(&http.context()).await.unwrap();
    assert_eq!(http.requests()[first..], ["GET http://keys.internal/"]);
}

/// A home directory with a profile of the tool and a credentials file, and nothing else but the role of a machine
/// and a credentials URI.
async fn with_profiles(variables: &[(&str, &str)]) -> Result<String, String> {
    let files = home(&[
        (
            ".aliyun/config.json",
            r#"{"profiles":[{"name":"default","mode":"AK","access_key_id":"cli","access_key_secret":"testsecret"}]}"#,
        ),
        (
            ".alibabacloud/credentials",
            "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = testsecret\n",
        ),
    ]);
    let mut variables = variables.to_vec();
    variables.push(("ALIBABA_CLOUD_CREDENTIALS_URI", "http://keys.internal/"));
    ask(&variables, &files, &everything()).await
}

const IGNORE: &str = "ALIBABA_CLOUD_IGNORE_PROFILE";
const NO_CLI: &str = "ALIBABA_CLOUD_CLI_PROFILE_DISABLED";
const NO_ECS: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
const NO_EXTERNAL: &str = "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS";

#[tokio::test]
async fn switches_leave_places_out() {
    for (switches, expected) in [
        (vec![], "cli"),
        (vec![IGNORE], "ecs"),
        (vec![NO_CLI], "ini"),
        (vec![NO_ECS], "cli"),
        (vec![IGNORE, NO_ECS], "uri"),
        (vec![NO_EXTERNAL], "cli"),
    ] {
        for (value, expected) in
            [("TRUE", expected), ("true", expected), ("1", expected), ("false", "cli"), ("0", "cli"), (" ", "cli")]
        {
            let variables: Vec<_> = switches.iter().map(|switch| (*switch, value)).collect();
            assert_eq!(with_profiles(&variables).await.unwrap(), expected, "{variables:?}");
        }
    }
    let off = with_profiles(&[(IGNORE, "TRUE"), (NO_ECS, "true"), (NO_EXTERNAL, "true")]).await.unwrap_err();
    for said in [
        "the profiles (switched off by ALIBABA_CLOUD_IGNORE_PROFILE)",
        "the ECS RAM role (switched off by ALIBABA_CLOUD_ECS_METADATA_DISABLED)",
        "a credentials URI (switched off by ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS)",
    ] {
        assert!(off.contains(said), "{off}");
    }
}

#[tokio::test]
async fn a_switch_that_is_neither_on_nor_off_ends_the_search() {
    for (switch, before) in [
        (IGNORE, vec![]),
        (NO_CLI, vec![]),
        (NO_ECS, vec![(IGNORE, "true")]),
        ("ALIBABA_CLOUD_IMDSV1_DISABLED", vec![(IGNORE, "true")]),
        (NO_EXTERNAL, vec![(IGNORE, "true"), (NO_ECS, "true")]),
    ] {
        let mut variables = before;
        variables.push((switch, "yes"));
        let error = with_profiles(&variables).await.unwrap_err();
        let expected = format!("{switch} is neither true nor false; set it to one of these, or unset it");
        assert!(error.contains(&format!(": {expected}; looked before at: ")), "{error}");
    }
    // A place before it serves even so.
    assert_eq!(with_profiles(&[(NO_ECS, "yes")]).await.unwrap(), "cli");
    let oidc = [
        ("ALIBABA_CLOUD_ROLE_ARN", "r"),
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p"),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/none"),
        ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "yes"),
    ];
    let error = with_profiles(&oidc).await.unwrap_err();
    assert!(error.starts_with("an OIDC role: ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED is neither true nor"), "{error}");
}

#[tokio::test]
async fn ignored_profiles_are_ignored_even_if_one_is_named() {
    let named = [("ALIBABA_CLOUD_PROFILE", "office"), (IGNORE, "TRUE")];
    assert_eq!(with_profiles(&named).await.unwrap(), "ecs");
    let environment = ProcessEnvironment::new(&[(IGNORE, "TRUE")], std::path::Path::new("/home/test"));
    let profile = super::super::Profile::of(&environment, "default".to_owned());
    assert_eq!(
        profile.credentials(&StandIn::nowhere().context()).await.unwrap_err().to_string(),
        "the profiles: switched off by ALIBABA_CLOUD_IGNORE_PROFILE; unset it to use a profile"
    );
}

#[tokio::test]
async fn a_mode_without_credentials_is_refused_by_name() {
    const MODE: &str = "ALIBABA_CLOUD_PROFILE_MODE";
    let error = with_profiles(&[(MODE, "anonymous")]).await.unwrap_err();
    let expected = "the CLI profile: ALIBABA_CLOUD_PROFILE_MODE is anonymous, and the calls of this client are signed; \
                    unset it; looked before at: ";
    assert!(error.starts_with(expected), "{error}");
    assert_eq!(with_profiles(&[(MODE, "AK")]).await.unwrap(), "cli");
    assert_eq!(with_profiles(&[(MODE, "Anonymous"), (IGNORE, "TRUE")]).await.unwrap(), "ecs");
}

#[tokio::test]
async fn a_bearer_token_is_named_where_nothing_else_serves() {
    let token = [("ALIBABA_CLOUD_BEARER_TOKEN", "testsecret")];
    let error = ask(&token, &home(&[]), &StandIn::nowhere()).await.unwrap_err();
    let end = "; a bearer token (ALIBABA_CLOUD_BEARER_TOKEN is set, but the calls of this client are signed)";
    assert!(error.ends_with(end), "{error}");
    assert_eq!(with_profiles(&token).await.unwrap(), "cli");
}

#[tokio::test]
async fn roles_are_assumed_where_a_variable_says() {
    let files = home(&[("token", "\u{feff}testtoken\r\n")]);
    let token = files.path().join("token").display().to_string();
    let http = everything();
    let variables = [
        ("ALIBABA_CLOUD_ROLE_ARN", "r"),
        ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p"),
        ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", token.as_str()),
        ("ALIBABA_CLOUD_STS_ENDPOINT", "sts-vpc.cn-hangzhou.aliyuncs.com"),
        ("ALIBABA_CLOUD_STS_REGION", "cn-shanghai"),
    ];
    assert_eq!(ask(&variables, &files, &http).await.unwrap(), "sts");
    assert_eq!(http.requests(), ["POST https://sts-vpc.cn-hangzhou.aliyuncs.com/"]);
    assert!(http.form(0).contains(&("OIDCToken".to_owned(), "testtoken".to_owned())));
}

#[test]
fn debug_shows_nothing() {
    let variables = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "testid"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret")];
    let environment = ProcessEnvironment::new(&variables, std::path::Path::new("/home/test"));
    assert_eq!(format!("{:?}", DefaultChain::of(&environment)), "DefaultChain { .. }");
    assert_eq!(format!("{environment:?}"), "ProcessEnvironment");
}

#[tokio::test]
async fn the_place_of_credentials_is_named_without_secrets() {
    let files = home(&[
        (
            ".aliyun/config.json",
            r#"{"current":"a","profiles":[{"name":"a","mode":"AK","access_key_id":"cli","access_key_secret":"testsecret"}]}"#,
        ),
        ("token", "testtoken"),
    ]);
    let token = files.path().join("token").display().to_string();
    let nowhere = home(&[]);
    for (variables, home, expected) in [
        (
            &[("ALIBABA_CLOUD_ACCESS_KEY_ID", "env"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret")][..],
            &files,
            "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET of the environment",
        ),
        (
            &[
                ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/operator"),
                ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/cluster"),
                ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", token.as_str()),
            ],
            &files,
            "the OIDC role ",
        ),
        (&[], &files, "the CLI profile ~/.aliyun/config.json, profile \"a\" (line 1)"),
        (&[], &nowhere, "the ECS RAM role at "),
        (
            &[
                ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"),
                ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://keys.internal/?testsecret"),
            ],
            &nowhere,
            "the credentials URI http://keys.internal",
        ),
    ] {
        let chain = DefaultChain::of(&ProcessEnvironment::new(variables, home.path()));
        assert_eq!(chain.place(), None, "nothing was found yet");
        chain.credentials(&everything().context()).await.unwrap();
        let place = chain.place().unwrap();
        assert!(place.starts_with(expected) && !place.contains("testsecret"), "{place}");
    }
}
