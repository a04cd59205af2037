use serde_json::{Value, json};

use super::super::testing::{Home, Reply, assumed, key, ok};
use super::{MEMBERS, seconds};

#[tokio::test]
async fn keys_of_the_tool() {
    let plain = Home::profile(&json!({ "mode": "AK" })).get().await.unwrap();
    assert_eq!((plain.access_key_id(), plain.security_token(), plain.expiration()), ("testid", None, None));
    let sts = Home::profile(&json!({ "mode": "StsToken", "sts_token": "testtoken", "sts_expiration": 1_772_372_096 }));
    let sts = sts.get().await.unwrap();
    assert_eq!(sts.security_token(), Some("testtoken"));
    assert_eq!(sts.expiration(), seconds(1_772_372_096));
}

#[tokio::test]
async fn roles_of_the_tool_are_assumed_as_the_profile_says() {
    let home = Home::profile(&json!({
        "mode": "RamRoleArn", "ram_role_arn": "acs:ram::1:role/operator", "ram_session_name": "night",
        "expired_seconds": 900, "policy": "{}", "external_id": "e1", "sts_region": "cn-shanghai", "enable_vpc": true,
    }));
    assert_eq!(home.get().await.unwrap().access_key_id(), "STS.testid");
    assert_eq!(home.http.requests(), ["POST https://sts-vpc.cn-shanghai.aliyuncs.com/"]);
    let sent = ["RoleArn", "RoleSessionName", "DurationSeconds", "Policy", "ExternalId"].map(|name| home.sent(name));
    let expected = ["acs:ram::1:role/operator", "night", "900", "{}", "e1"].map(|value| Some(value.to_owned()));
    assert_eq!(sent, expected);

    let home = Home::profile(&json!({ "mode": "RamRoleArn", "ram_role_arn": "r", "expired_seconds": 0 }))
        .with("ALIBABA_CLOUD_STS_REGION", "cn-beijing");
    home.get().await.unwrap();
    assert_eq!(home.http.requests(), ["POST https://sts.cn-beijing.aliyuncs.com/"]);
    assert_eq!(home.sent("DurationSeconds").unwrap(), "3600");
}

#[tokio::test]
async fn roles_follow_one_another_but_not_in_a_circle() {
    let chained = |name: &str, source: &str| json!({ "name": name, "mode": "ChainableRamRoleArn", "source_profile": source, "ram_role_arn": name });
    let key = json!({ "name": "key", "mode": "AK", "access_key_id": "testid", "access_key_secret": "testsecret" });
    let home = Home::tool(&json!([chained("default", "middle"), chained("middle", "key"), key]));
    home.get().await.unwrap();
    let roles = [0, 1].map(|index| {
        let form = home.http.form(index);
        let of = |name: &str| form.iter().find(|(known, _)| known == name).unwrap().1.clone();
        (of("RoleArn"), of("AccessKeyId"))
    });
    let pair = |role: &str, key: &str| (role.to_owned(), key.to_owned());
    assert_eq!(roles, [pair("middle", "testid"), pair("default", "STS.testid")]);

    let home = Home::tool(&json!([chained("default", "b"), chained("b", "c"), chained("c", "b")]));
    let error = home.fault().await;
    let end = "it leads back to itself: default -> b -> c -> b; name a profile with credentials";
    assert!(error.starts_with("source_profile (line 1): profile ") && error.ends_with(end), "{error}");
    let home = Home::tool(&json!([chained("default", "b")]));
    assert_eq!(home.fault().await, r#"source_profile (line 1): there is no profile "b""#);
}

#[tokio::test]
async fn other_sources_of_the_tool() {
    let ecs = Home::profile(&json!({ "mode": "EcsRamRole", "ram_role_name": "operator" }))
        .answering(|_| ok(key("ecs", "2026-03-01T18:34:56Z")));
    assert_eq!(ecs.get().await.unwrap().access_key_id(), "ecs");
    assert!(ecs.http.requests()[1].ends_with("/security-credentials/operator"));

    let uri = Home::profile(&json!({ "mode": "CredentialsURI", "credentials_uri": "http://localhost:1/" }))
        .answering(|_| ok(key("uri", "2026-03-01T18:34:56Z")));
    assert_eq!(uri.get().await.unwrap().access_key_id(), "uri");

    let home = Home::new();
    home.write("token", "testtoken");
    let file = home.folder.path().join("token").display().to_string();
    let oidc = Home::profile(&json!({
        "mode": "OIDC", "ram_role_arn": "r", "oidc_provider_arn": "p", "oidc_token_file": file, "ram_session_name": "s",
    }));
    assert_eq!(oidc.get().await.unwrap().access_key_id(), "STS.testid");
    assert_eq!(oidc.sent("OIDCToken").unwrap(), "testtoken");
}

fn login(expires: i64) -> Value {
    json!({
        "mode": "CloudSSO", "cloud_sso_sign_in_url": "https://signin.example.com/x/login",
        "cloud_sso_account_id": "1", "cloud_sso_access_config": "ac-1", "access_token": "testlogin",
        "cloud_sso_access_token_expire": expires,
    })
}

/// The time that the tests begin at.
const NOW: i64 = 1_772_368_496;

#[tokio::test(start_paused = true)]
async fn a_login_buys_a_key() {
    let home = Home::profile(&login(NOW + 60))
        .answering(|_| ok(format!(r#"{{"CloudCredential":{}}}"#, key("sso", "2026-03-01T13:34:56Z"))));
    assert_eq!(home.get().await.unwrap().access_key_id(), "sso");
    assert_eq!(home.http.requests(), ["POST https://signin.example.com/cloud-credentials"]);
    assert_eq!(home.http.header(0, "authorization").unwrap(), "Bearer testlogin");
    let body: Value = serde_json::from_str(&home.http.body(0)).unwrap();
    assert_eq!(body, json!({ "AccountId": "1", "AccessConfigurationId": "ac-1" }));

    let mut bought = login(NOW + 60);
    bought["sts_token"] = "testtoken".into();
    bought["sts_expiration"] = (NOW + 1000).into();
    assert_eq!(Home::profile(&bought).get().await.unwrap().access_key_id(), "testid");
    // One that is nearly over still serves where a new one cannot be had.
    bought["sts_expiration"] = (NOW + 800).into();
    let home = Home::profile(&bought).answering(|_| Reply::Unreachable);
    assert_eq!(home.get().await.unwrap().access_key_id(), "testid");
    assert_eq!(home.http.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_over_is_renewed_with_the_tool() {
    assert_eq!(
        Home::profile(&login(NOW - 1)).fault().await,
        "the CloudSSO login has expired; log in again with the aliyun command"
    );
    assert_eq!(
        Home::profile(&login(0)).fault().await,
        "cloud_sso_access_token_expire is missing; add it to the profile: log in with the aliyun command"
    );
    let home = Home::profile(&login(NOW + 60))
        .answering(|_| Reply::Body(401, r#"{"ErrorCode":"Expired","ErrorMessage":"Log in."}"#.to_owned()));
    assert_eq!(home.fault().await, "CloudSSO at signin.example.com: Expired: Log in (HTTP 401)");
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_prints_credentials() {
    const PLACE: &str =
        r#"the CLI profile ~/.aliyun/config.json, profile "default" (line 1): process_command (line 1): "#;
    let run = async |script: &str| {
        let home = Home::profile(&json!({ "mode": "External" }));
        home.write("print.sh", script);
        let script = home.folder.path().join("print.sh").display().to_string();
        let command = format!("sh '{script}' 'two words'");
        home.write(
            ".aliyun/config.json",
            &json!({ "profiles": [{ "name": "default", "mode": "External", "process_command": command }] }).to_string(),
        );
        home.get().await.map(|credentials| {
            let token = credentials.security_token().map(str::to_owned);
            (credentials.access_key_id().to_owned(), token, credentials.expiration().is_some())
        })
    };
    let key = r#"echo '{"mode":"AK","access_key_id":"'"$1"'","access_key_secret":"testsecret"}'"#;
    assert_eq!(run(key).await.unwrap(), ("two words".to_owned(), None, false));
    let token = r#"echo '{"mode":"StsToken","access_key_id":"a","access_key_secret":"b","sts_token":"c","expiration":"2026-03-01T13:34:56Z"}'"#;
    assert_eq!(run(token).await.unwrap(), ("a".to_owned(), Some("c".to_owned()), true));
    let seconds = r#"echo '{"mode":"StsToken","access_key_id":"a","access_key_secret":"b\\n","sts_token":"c","sts_expiration":1772372096}'"#;
    assert_eq!(run(seconds).await.unwrap(), ("a".to_owned(), Some("c".to_owned()), true));
    for (script, why) in [
        ("echo testsecret >&2; exit 3", "it failed (exit status: 3); run it by hand to see why"),
        ("echo testsecret", "what it prints is broken JSON at line 1, column 2"),
        ("echo", "what it prints is empty"),
        (r#"echo '{"access_key_id":"a"}'"#, "what it prints has no access_key_secret"),
        (
            r#"echo '{"mode":"StsToken","access_key_id":"a","access_key_secret":"b"}'"#,
            "what it prints has no sts_token",
        ),
        (r#"echo '{"mode":"RamRoleArn"}'"#, "the mode that it prints is neither AK nor StsToken"),
        ("yes", "it prints more than 65536 bytes"),
    ] {
        assert_eq!(run(script).await.unwrap_err(), format!("{PLACE}{why}"));
    }
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_command_that_does_not_end_is_stopped() {
    let home = Home::profile(&json!({ "mode": "External", "process_command": "sleep 1000" }));
    assert_eq!(home.fault().await, "process_command (line 1): it did not end within 60s");
    let home = Home::profile(&json!({ "mode": "External", "process_command": "no-such-command-here testsecret" }));
    assert!(home.fault().await.starts_with("process_command (line 1): it cannot be started: "));
    let home = Home::profile(&json!({ "mode": "External", "process_command": "print 'testsecret" }));
    assert_eq!(home.fault().await, "process_command (line 1): it has a quotation mark that is not closed");
    let home = Home::profile(&json!({ "mode": "External", "process_command": "''" }));
    assert_eq!(home.fault().await, "process_command (line 1): it names no program");
}

#[tokio::test]
async fn what_is_missing_or_unknown_is_named() {
    let refused = |name: &str, why: &str| format!("mode (line 1): {name} is not supported by this client: {why}");
    let missing = |name: &str| format!("{name} is missing; add it to the profile");
    let or = |name: &str, variable: &str| format!("{}, or set {variable}", missing(name));
    for (members, fault) in [
        (json!({ "mode": "StsToken" }), missing("sts_token")),
        (json!({ "mode": "AK", "access_key_secret": "" }), missing("access_key_secret")),
        (json!({ "mode": "AK", "access_key_id": " \n" }), missing("access_key_id")),
        (json!({ "access_key_secret": null }), missing("access_key_secret")),
        (json!({ "mode": "RamRoleArn" }), or("ram_role_arn", "ALIBABA_CLOUD_ROLE_ARN")),
        (json!({ "mode": "ChainableRamRoleArn" }), missing("source_profile")),
        (
            json!({ "mode": "OIDC", "ram_role_arn": "r", "oidc_provider_arn": "p" }),
            or("oidc_token_file", "ALIBABA_CLOUD_OIDC_TOKEN_FILE"),
        ),
        (json!({ "mode": "External" }), missing("process_command")),
        (json!({ "mode": "CredentialsURI" }), or("credentials_uri", "ALIBABA_CLOUD_CREDENTIALS_URI")),
        (
            json!({ "mode": "RsaKeyPair" }),
            refused("RsaKeyPair", "the tool itself advises against it; use an access key or a role"),
        ),
        (
            json!({ "mode": "bearertoken" }),
            refused("BearerToken", "its calls are signed; use a profile with an access key or a role"),
        ),
        (
            json!({ "mode": "Anonymous" }),
            refused("Anonymous", "its calls are signed; use a profile with an access key or a role"),
        ),
        (
            json!({ "mode": "testsecret" }),
            "mode (line 1): it is not known to this client; expected one of AK, StsToken, RamRoleArn, \
             ChainableRamRoleArn, EcsRamRole, RamRoleArnWithRoleName, OIDC, External, CredentialsURI, CloudSSO, \
             OAuth, RsaKeyPair, BearerToken, Anonymous"
                .to_owned(),
        ),
    ] {
        assert_eq!(Home::profile(&members).fault().await, fault);
    }
    let off = Home::profile(&json!({ "mode": "EcsRamRole" })).with("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    assert_eq!(off.fault().await, "the ECS RAM role (switched off by ALIBABA_CLOUD_ECS_METADATA_DISABLED)");
}

#[tokio::test(start_paused = true)]
async fn an_oauth_login_gives_the_key_that_the_tool_keeps_with_it() {
    const RENEW: &str = "renew it by running any command of aliyun with this profile";
    let kept = |sts: i64, login: i64| {
        json!({
            "mode": "OAuth", "oauth_site_type": "CN", "oauth_access_token": "testlogin",
            "oauth_refresh_token": "testrefresh", "oauth_access_token_expire": login, "sts_token": "testtoken",
            "sts_expiration": sts,
        })
    };
    let key = |id: &str| {
        format!(
            r#"{{"requestId":"1","accessKeyId":"{id}","accessKeySecret":"s","securityToken":"t","expiration":"2026-03-01T13:34:56Z"}}"#
        )
    };
    let home = Home::profile(&kept(NOW + 1000, 0)).answering(|_| Reply::Unreachable);
    let found = home.get().await.unwrap();
    assert_eq!((found.access_key_id(), found.security_token()), ("testid", Some("testtoken")));
    assert_eq!((found.expiration(), home.http.requests().len()), (seconds(NOW + 1000), 0));

    // A new one is bought as long as the login lasts, and the kept one serves where it cannot be had.
    let home = Home::profile(&kept(NOW - 1, NOW + 60)).answering(move |_| ok(key("oauth")));
    assert_eq!(home.get().await.unwrap().access_key_id(), "oauth");
    assert_eq!(home.http.requests(), ["POST https://oauth.aliyun.com/v1/exchange"]);
    assert_eq!(home.http.header(0, "authorization").unwrap(), "Bearer testlogin");
    let home = Home::profile(&kept(NOW + 800, NOW + 60)).answering(|_| Reply::Unreachable);
    assert_eq!((home.get().await.unwrap().access_key_id(), home.http.requests().len()), ("testid", 1));

    for expired in [0, NOW - 1, NOW] {
        assert_eq!(
            Home::profile(&kept(NOW, expired)).fault().await,
            format!("the OAuth login and its temporary key have expired; {RENEW}")
        );
    }
    let mut elsewhere = kept(0, NOW + 60);
    elsewhere["oauth_site_type"] = "US".into();
    assert_eq!(Home::profile(&elsewhere).fault().await, "oauth_site_type (line 1): expected CN or INTL");
    let refused = Home::profile(&kept(0, NOW + 60)).answering(|_| {
        Reply::Body(400, r#"{"error":"expired_token","error_description":"The access token is expired."}"#.to_owned())
    });
    assert_eq!(
        refused.fault().await,
        "OAuth at oauth.aliyun.com: expired_token: The access token is expired (HTTP 400)"
    );
}

#[tokio::test]
async fn a_profile_without_a_mode_is_taken_by_its_members() {
    let without_key = json!({ "access_key_id": null, "access_key_secret": null });
    for (members, expected) in [
        (json!({}), "testid None"),
        (json!({ "sts_token": "testtoken" }), "testid Some"),
        (json!({ "ram_role_arn": "r" }), "STS.testid"),
        (json!({ "ram_role_name": "operator" }), "the ECS RAM role"),
        (json!({ "private_key": "k", "key_pair_name": "n" }), "mode: RsaKeyPair is not supported"),
        (json!({ "process_command": "'" }), "process_command (line 1)"),
        (json!({ "oidc_provider_arn": "p", "oidc_token_file": "/none", "ram_role_arn": "r" }), "by OIDC"),
        (json!({ "cloud_sso_sign_in_url": "https://u" }), "cloud_sso_account_id is missing"),
        (json!({ "bearer_token": "t" }), "mode: BearerToken is not supported"),
    ] {
        let mut members = members;
        if !expected.contains("testid") {
            members.as_object_mut().unwrap().extend(without_key.as_object().unwrap().clone());
        }
        let home = Home::profile(&members);
        let observed = home.with("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "1").observed().await;
        assert!(observed.contains(expected), "{members}: {observed}");
    }
}

/// Each member of the table: a profile that it matters in, and two values of it.
fn cases() -> [(&'static str, Value, [Value; 2]); 32] {
    let texts = || [json!("a"), json!("b")];
    let role = || json!({ "mode": "RamRoleArn", "ram_role_arn": "r" });
    let oidc = || json!({ "mode": "OIDC", "ram_role_arn": "r", "oidc_provider_arn": "p", "oidc_token_file": "TOKEN" });
    let oauth = || {
        json!({
            "mode": "OAuth", "oauth_site_type": "CN", "oauth_access_token": "t",
            "oauth_access_token_expire": NOW + 60,
        })
    };
    let sso = || login(NOW + 60);
    let end = || [json!(NOW + 60), json!(NOW - 60)];
    [
        ("mode", json!({ "sts_token": "t" }), [json!("AK"), json!("StsToken")]),
        ("access_key_id", json!({ "mode": "AK" }), texts()),
        ("access_key_secret", role(), texts()),
        ("sts_token", role(), texts()),
        ("sts_expiration", json!({ "mode": "StsToken", "sts_token": "t" }), [json!(NOW), json!(0)]),
        ("ram_role_arn", role(), texts()),
        ("ram_role_name", json!({ "mode": "EcsRamRole" }), texts()),
        ("ram_session_name", role(), texts()),
        ("role_session_name", role(), texts()),
        ("external_id", role(), texts()),
        ("policy", role(), texts()),
        ("expired_seconds", role(), [json!(900), json!(901)]),
        ("duration_seconds", role(), [json!(900), json!(901)]),
        ("sts_endpoint", role(), [json!("sts.a.example.com"), json!("https://sts.b.example.com/")]),
        ("sts_region", role(), texts()),
        (
            "enable_vpc",
            json!({ "mode": "RamRoleArn", "ram_role_arn": "r", "sts_region": "a" }),
            [json!(true), json!(false)],
        ),
        ("source_profile", json!({ "mode": "ChainableRamRoleArn", "ram_role_arn": "r" }), texts()),
        ("oidc_provider_arn", oidc(), texts()),
        ("oidc_token_file", oidc(), texts()),
        ("process_command", json!({ "mode": "External" }), [json!("'"), json!("''")]),
        ("credentials_uri", json!({ "mode": "CredentialsURI" }), [json!("http://a/"), json!("http://b/")]),
        ("cloud_sso_sign_in_url", sso(), [json!("https://a"), json!("https://b")]),
        ("cloud_sso_account_id", sso(), texts()),
        ("cloud_sso_access_config", sso(), texts()),
        ("access_token", sso(), texts()),
        ("cloud_sso_access_token_expire", sso(), end()),
        ("oauth_site_type", oauth(), [json!("CN"), json!("intl")]),
        ("oauth_access_token", oauth(), texts()),
        ("oauth_access_token_expire", oauth(), end()),
        ("private_key", json!({ "mode": "RsaKeyPair" }), texts()),
        ("key_pair_name", json!({ "mode": "RsaKeyPair" }), texts()),
        ("bearer_token", json!({ "mode": "BearerToken" }), texts()),
    ]
}

/// A profile with a member set.
fn case(base: &Value, name: &str, value: &Value) -> Home {
    let mut members = base.clone();
    if members["oidc_token_file"] == "TOKEN" {
        members["oidc_token_file"] = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").into();
    }
    members[name] = value.clone();
    Home::profile(&members)
}

#[tokio::test(start_paused = true)]
async fn each_member_of_the_table_has_an_effect_or_its_mode_is_refused_by_name() {
    assert!(MEMBERS.iter().map(|known| known.name).eq(cases().iter().map(|(name, ..)| *name)));
    for (name, base, values) in cases() {
        let mut observed = Vec::new();
        for value in values {
            observed.push(case(&base, name, &value).observed().await);
        }
        let refused = observed.iter().all(|text| text.contains("is not supported by this client"));
        assert!(observed[0] != observed[1] || refused, "{name}: {observed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn variables_stand_in_for_what_a_profile_does_not_say() {
    for (name, base, [value, _]) in cases() {
        let Some(variable) = MEMBERS.iter().find(|known| known.name == name).and_then(|known| known.variable) else {
            continue;
        };
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let said = case(&base, name, &value).observed().await;
        let stood_in = case(&base, name, &Value::Null).with(variable, &text).observed().await;
        assert_eq!(said, stood_in.replace(&format!("(of {variable})"), "(line 1)"), "{name}");
        assert_ne!(said, case(&base, name, &Value::Null).observed().await, "{name}");
        // A profile that says it itself goes first.
        assert_eq!(said, case(&base, name, &value).with(variable, "false").observed().await, "{name}");
    }
}

#[tokio::test]
async fn variables_stand_in_for_a_whole_key_only() {
    let blank = || Home::profile(&json!({ "mode": "AK", "access_key_id": "", "access_key_secret": "" }));
    let key = |home: Home| {
        home.with("ALIBABA_CLOUD_ACCESS_KEY_ID", "env").with("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "envsecret\n")
    };
    assert_eq!(key(blank()).get().await.unwrap().access_key_id(), "env");
    let half = Home::profile(&json!({ "mode": "AK", "access_key_secret": "" }));
    assert_eq!(key(half).fault().await, "access_key_secret is missing; add it to the profile");
    let role = json!({ "mode": "RamRoleArn", "ram_role_arn": "r", "access_key_id": "", "access_key_secret": "" });
    let home = key(Home::profile(&role)).with("ALIBABA_CLOUD_SECURITY_TOKEN", "envtoken");
    home.get().await.unwrap();
    assert_eq!(["AccessKeyId", "SecurityToken"].map(|name| home.sent(name).unwrap()), ["env", "envtoken"]);
}

#[tokio::test]
async fn external_programs_and_addresses_can_be_switched_off() {
    for (mode, member) in [("External", "process_command"), ("CredentialsURI", "credentials_uri")] {
        for (value, fault) in [
            (
                "true",
                format!(
                    "mode {mode} is switched off by ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS; unset it, or use another \
                     profile"
                ),
            ),
            (
                "yes",
                "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS is neither true nor false; set it to one of these, or unset it"
                    .to_owned(),
            ),
        ] {
            // Also where it is behind another profile, or the mode is not written.
            for profiles in [
                json!([{ "name": "default", "mode": mode, member: "http://localhost:1/" }]),
                json!([
                    { "name": "default", "mode": "ChainableRamRoleArn", "ram_role_arn": "r", "source_profile": "b" },
                    { "name": "b", "mode": mode, member: "http://localhost:1/" },
                ]),
            ] {
                let home = Home::tool(&profiles).with("ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS", value);
                let error = home.fault().await;
                assert!(error.ends_with(&fault), "{error}");
                assert_eq!(home.http.requests().len(), 0);
            }
        }
    }
}

#[tokio::test]
async fn what_is_wrong_in_another_profile_does_not_matter() {
    let good = r#"{"name":"default","mode":"AK","access_key_id":"testid","access_key_secret":"testsecret"}"#;
    for other in [
        r#"{"name":"b","mode":"unknown"}"#,
        r#"{"name":"b","mode":5}"#,
        r#"{"name":5}"#,
        r#"{"name":"\ud83d","mode":"AK"}"#,
        r#"{"\ud83d":1}"#,
        r#"{"name":"b","access_key_secret":{"a":[1]}}"#,
        r#"{"name":"b","access_key_secret":"\ud83d"}"#,
        r#"{"name":"b","mode":"RamRoleArn","expired_seconds":"soon"}"#,
        r#"{"name":"b","expired_seconds":1e999}"#,
        r#"{"name":"b","sts_expiration":-99999999999999999999999}"#,
        r#"{"name":"b","mode":"ChainableRamRoleArn","source_profile":"b"}"#,
        "{}",
        "null",
        "5",
        r#""default""#,
        "[]",
    ] {
        for profiles in [format!("{other},{good}"), format!("{good},{other}")] {
            let home = Home::new();
            let text = format!(r#"{{"current":{{}},"meta_path":[],"profiles":[{profiles}]}}"#);
            home.write(".aliyun/config.json", &text);
            assert_eq!(home.get().await.unwrap().access_key_id(), "testid", "{text}");
        }
    }
}

#[tokio::test]
async fn a_file_that_is_not_a_configuration_is_named() {
    const HINT: &str = "correct it, or write it anew with `aliyun configure`";
    for (text, what) in [
        ("", "is empty"),
        (" \r\n\t", "is empty"),
        ("\u{feff}", "is empty"),
        ("{", "is broken JSON at line 1, column 1"),
        ("[]", "is not a JSON object"),
        ("testsecret", "is broken JSON at line 1, column 2"),
    ] {
        let home = Home::new();
        home.write(".aliyun/config.json", text);
        let error = home.get().await.unwrap_err();
        assert_eq!(error, format!("the CLI profile ~/.aliyun/config.json: the file {what}; {HINT}"), "{text:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_in_the_profile_is_named_with_its_line() {
    for (member, fault) in [
        (r#""access_key_id": 5"#, "access_key_id (line 7): expected a text, found a number"),
        (r#""access_key_secret": {"testsecret": 1}"#, "access_key_secret (line 7): expected a text, found an object"),
        (r#""access_key_secret": ["testsecret"]"#, "access_key_secret (line 7): expected a text, found a list"),
        (r#""mode": true"#, "mode (line 7): expected a text, found true or false"),
        (
            r#""policy": "testsecret\ud83d""#,
            "policy (line 7): expected a text, found one with an escape that stands for no character",
        ),
        (
            r#""expired_seconds": "testsecret""#,
            "expired_seconds (line 7): expected a whole number, 0 or more, found a text",
        ),
        (
            r#""expired_seconds": -1"#,
            "expired_seconds (line 7): expected a whole number, 0 or more, found another number",
        ),
        (
            r#""expired_seconds": 1.5"#,
            "expired_seconds (line 7): expected a whole number, 0 or more, found another number",
        ),
        (r#""expired_seconds": 899"#, "expired_seconds (line 7): a session lasts 900 seconds or longer"),
        (r#""enable_vpc": "true""#, "enable_vpc (line 7): expected true or false, found a text"),
        (r#""ram_role_arn": """#, "ram_role_arn is missing; add it to the profile, or set ALIBABA_CLOUD_ROLE_ARN"),
        (
            r#""mode": "\ntestsecret""#,
            "mode (line 7): it is not known to this client; expected one of AK, StsToken, RamRoleArn, \
             ChainableRamRoleArn, EcsRamRole, RamRoleArnWithRoleName, OIDC, External, CredentialsURI, CloudSSO, \
             OAuth, RsaKeyPair, BearerToken, Anonymous",
        ),
    ] {
        let home = Home::new();
        let profile = r#"{ "name": "default", "mode": "RamRoleArn", "ram_role_arn": "r",
            "access_key_id": "testid", "access_key_secret": "testsecret","#;
        let text = format!("{{\n\"current\": \"a\",\n\"profiles\": [\n{{}},\n{profile}\n{member} }}\n]\n}}\n");
        for (text, end) in [(text.clone(), "LF"), (text.replace('\n', "\r\n"), "CRLF")] {
            home.write(".aliyun/config.json", &text);
            let error = home.get().await.unwrap_err();
            let place = r#"the CLI profile ~/.aliyun/config.json, profile "default" (line 5): "#;
            assert_eq!(error, format!("{place}{fault}"), "{end}");
        }
    }
}

#[tokio::test]
async fn the_token_service_of_the_profile_or_a_variable_is_used() {
    let role = |more: Value| {
        let mut members = json!({ "mode": "RamRoleArn", "ram_role_arn": "r" });
        members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Home::profile(&members)
    };
    let region = ("ALIBABA_CLOUD_STS_REGION", "env");
    let vpc = ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "true");
    let address = ("ALIBABA_CLOUD_STS_ENDPOINT", "sts.example.com");
    for (members, variables, host) in [
        (json!({}), vec![], "sts.aliyuncs.com"),
        (json!({}), vec![vpc], "sts.aliyuncs.com"),
        (json!({}), vec![region], "sts.env.aliyuncs.com"),
        (json!({}), vec![region, vpc], "sts-vpc.env.aliyuncs.com"),
        (json!({}), vec![region, vpc, address], "sts.example.com"),
        (json!({ "sts_region": "a" }), vec![region], "sts.a.aliyuncs.com"),
        (json!({ "sts_region": "a" }), vec![vpc], "sts-vpc.a.aliyuncs.com"),
        (json!({ "sts_region": "a", "enable_vpc": false }), vec![vpc], "sts.a.aliyuncs.com"),
        (json!({ "enable_vpc": true }), vec![region], "sts-vpc.env.aliyuncs.com"),
        (json!({ "sts_region": "a", "sts_endpoint": "b.example.com" }), vec![address], "b.example.com"),
    ] {
        let home = variables.iter().fold(role(members.clone()), |home, &(name, value)| home.with(name, value));
        home.get().await.unwrap();
        assert_eq!(home.http.requests(), [format!("POST https://{host}/")], "{members} {variables:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_that_cannot_be_used_is_named_when_the_profile_is_read() {
    const REGION: &str = "expected a region id, such as cn-shanghai, of small letters, digits and hyphens";
    const PLAIN: &str = "the endpoint \"http://sts.example.com\" is plain HTTP, which would send credentials in the \
                         clear; use https";
    const PATH: &str = "the endpoint \"https://sts.example.com/path\" has a path or a query; give scheme, host and \
                        port only";
    const SPACE: &str = "the endpoint is not a host, host:port or URL: it has a space, a control character or a \
                         character outside of ASCII; percent-encode it";
    let role = |mode: &str| {
        json!({
            "mode": mode, "ram_role_arn": "r", "oidc_provider_arn": "p", "oidc_token_file": "/none",
            "source_profile": "none", "ram_role_name": "m",
        })
    };
    for (member, variable, value, why) in [
        ("sts_region", "ALIBABA_CLOUD_STS_REGION", "CN Shanghai", REGION),
        ("sts_region", "ALIBABA_CLOUD_STS_REGION", "cn_shanghai", REGION),
        ("sts_region", "ALIBABA_CLOUD_STS_REGION", "example.com#", REGION),
        ("sts_region", "ALIBABA_CLOUD_STS_REGION", "user:testsecret@example.com/", REGION),
        ("sts_endpoint", "ALIBABA_CLOUD_STS_ENDPOINT", "http://sts.example.com", PLAIN),
        ("sts_endpoint", "ALIBABA_CLOUD_STS_ENDPOINT", "https://sts.example.com/path?testsecret", PATH),
        ("sts_endpoint", "ALIBABA_CLOUD_STS_ENDPOINT", "sts example.com", SPACE),
    ] {
        for mode in ["RamRoleArn", "RamRoleArnWithRoleName", "OIDC"] {
            let mut members = role(mode);
            let of_variable = Home::profile(&members).with(variable, value);
            assert_eq!(of_variable.fault().await, format!("{member} (of {variable}): {why}"), "{mode}");
            members[member] = value.into();
            let home = Home::profile(&members);
            assert_eq!(home.fault().await, format!("{member} (line 1): {why}"), "{mode}");
            assert_eq!(home.http.requests().len(), 0);
        }
    }
    // A key that is kept with the login does not hide what is wrong with its address.
    let mut sso = login(NOW + 60);
    sso["sts_token"] = "testtoken".into();
    sso["sts_expiration"] = (NOW + 1000).into();
    for (url, why) in [
        ("http://u@sso.example.com/", "it has a user name; give the URL that the administrator gave"),
        (
            "http://sso.example.com/login",
            "http://sso.example.com/login is plain HTTP, which would send the login in the clear; use https",
        ),
        ("ftp://sso.example.com/", "it is not an https URL"),
        ("sso.example.com", "it does not begin with a scheme, such as https://"),
    ] {
        sso["cloud_sso_sign_in_url"] = url.into();
        assert_eq!(Home::profile(&sso).fault().await, format!("cloud_sso_sign_in_url (line 1): {why}"));
    }
}

#[tokio::test]
async fn the_role_of_the_machine_assumes_another() {
    let home = Home::profile(&json!({
        "mode": "RamRoleArnWithRoleName", "ram_role_name": "machine", "ram_role_arn": "r", "ram_session_name": "s",
    }))
    .answering(|request| match request.uri().host() {
        Some("100.100.100.200") => ok(key("ecs", "2026-03-01T18:34:56Z")),
        _ => assumed("STS.testid"),
    });
    assert_eq!(home.get().await.unwrap().access_key_id(), "STS.testid");
    assert!(home.http.requests()[1].ends_with("/security-credentials/machine"));
    assert!(home.http.body(2).contains("AccessKeyId=ecs&"));
}
