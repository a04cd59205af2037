use super::super::testing::{Home, key, ok};
use super::*;

#[tokio::test]
async fn sections_of_a_credentials_file() {
    const PLACE: &str = "the credentials file ~/.alibabacloud/credentials, section [default] (line 1): ";
    const KEY: &str = "access_key_id = testid\naccess_key_secret = testsecret # comment\n";
    let plain = Home::ini(&format!("[default]\ntype = access_key\n{KEY}")).get().await.unwrap();
    assert_eq!((plain.access_key_id(), plain.security_token()), ("testid", None));

    let role = Home::ini(&format!(
        "[default]\ntype = ram_role_arn\n{KEY}role_arn = r\nrole_session_name = night\npolicy = {{\"a\": 1}}\n"
    ));
    assert_eq!(role.get().await.unwrap().access_key_id(), "STS.testid");
    let sent = ["RoleArn", "RoleSessionName", "Policy"].map(|name| role.sent(name).unwrap());
    assert_eq!(sent, ["r", "night", r#"{"a": 1}"#]);

    let home = Home::new();
    home.write("token", "testtoken");
    let oidc = Home::ini(&format!(
        "[default]\ntype = oidc_role_arn\nrole_arn = r\noidc_provider_arn = p\noidc_token_file_path = {}\n",
        home.folder.path().join("token").display()
    ));
    assert_eq!(oidc.get().await.unwrap().access_key_id(), "STS.testid");

    let ecs = Home::ini("[default]\ntype = ecs_ram_role\nrole_name = operator\n")
        .answering(|_| ok(key("ecs", "2026-03-01T18:34:56Z")));
    assert_eq!(ecs.get().await.unwrap().access_key_id(), "ecs");

    for (section, fault) in [
        ("", "type is missing; add it to the profile"),
        ("type = access_key\naccess_key_id = testid", "access_key_secret is missing; add it to the profile"),
        (
            "type = rsa_key_pair",
            "type (line 2): rsa_key_pair is not supported by this client: use an access key or a role",
        ),
        (
            "type = bearer",
            "type (line 2): bearer is not supported by this client: its calls are signed; use an access key or a role",
        ),
        (
            "# comment\n\ntype = testsecret",
            "type (line 4): it is not known to this client; expected one of access_key, ",
        ),
        ("enable = maybe", "enable (line 2): expected true or false"),
    ] {
        let error = Home::ini(&format!("[default]\n{section}\n")).get().await.unwrap_err();
        assert!(error.starts_with(&format!("{PLACE}{fault}")), "{error}");
    }
}

#[tokio::test]
async fn the_token_service_of_the_sections_region_is_used() {
    const SECTION: &str = "[default]\ntype = ram_role_arn\nrole_arn = r\naccess_key_id = testid\n\
                           access_key_secret = testsecret\n";
    const PLACE: &str = "the credentials file ~/.alibabacloud/credentials, section [default] (line 1): ";
    const REGION: &str = "expected a region id, such as cn-shanghai, of small letters, digits and hyphens";
    let home = || Home::ini(&format!("{SECTION}region_id = cn-shanghai\n"));
    for (home, host) in [
        (home(), "sts.cn-shanghai.aliyuncs.com"),
        (home().with("ALIBABA_CLOUD_STS_REGION", "cn-beijing"), "sts.cn-shanghai.aliyuncs.com"),
        (home().with("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "true"), "sts-vpc.cn-shanghai.aliyuncs.com"),
        (home().with("ALIBABA_CLOUD_STS_ENDPOINT", "sts.example.com"), "sts.example.com"),
    ] {
        home.get().await.unwrap();
        assert_eq!(home.http.requests(), [format!("POST https://{host}/")]);
        assert_eq!(home.sent("RegionId"), None);
    }
    let wrong = Home::ini(&format!("{SECTION}region_id = testsecret.example.com\n"));
    let error = wrong.get().await.unwrap_err();
    assert!(error.starts_with(&format!("{PLACE}region_id (line 6): {REGION}")), "{error}");
    let wrong = Home::ini(SECTION).with("ALIBABA_CLOUD_STS_REGION", "CN");
    let error = wrong.get().await.unwrap_err();
    assert!(error.starts_with(&format!("{PLACE}region_id (of ALIBABA_CLOUD_STS_REGION): {REGION}")), "{error}");
    let wrong = Home::ini(SECTION).with("ALIBABA_CLOUD_STS_ENDPOINT", "http://sts.example.com");
    let error = wrong.get().await.unwrap_err();
    assert!(error.starts_with(&format!("{PLACE}ALIBABA_CLOUD_STS_ENDPOINT: the endpoint ")), "{error}");
    assert!(error.contains("would send credentials in the clear; use https"), "{error}");
}

#[tokio::test]
async fn a_section_that_is_switched_off_is_passed_over() {
    const KEY: &str = "type = access_key\naccess_key_id = testid\naccess_key_secret = testsecret\n";
    for enable in ["true", "True"] {
        let home = Home::ini(&format!("[default]\nenable = {enable}\n{KEY}"));
        assert_eq!(home.get().await.unwrap().access_key_id(), "testid");
    }
    let off = Home::ini(&format!("[default]\nenable = false\n{KEY}")).get().await.unwrap_err();
    let place = "the credentials file ~/.alibabacloud/credentials, section [default] (line 1)";
    assert!(off.contains(&format!("{place} (it is switched off by enable = false)")), "{off}");
}

/// Each key of the table: a section that it matters in, and two values of it.
const CASES: [(&str, &str, [&str; 2]); 16] = [
    ("type", "", ["access_key", "ecs_ram_role"]),
    ("enable", "type = access_key", ["true", "false"]),
    ("access_key_id", "type = access_key", ["a", "b"]),
    ("access_key_secret", "type = ram_role_arn\nrole_arn = r", ["a", "b"]),
    ("security_token", "type = sts", ["a", "b"]),
    ("role_arn", "type = ram_role_arn", ["a", "b"]),
    ("role_session_name", "type = ram_role_arn\nrole_arn = r", ["a", "b"]),
    ("external_id", "type = ram_role_arn\nrole_arn = r", ["a", "b"]),
    ("policy", "type = ram_role_arn\nrole_arn = r", ["a", "b"]),
    ("region_id", "type = ram_role_arn\nrole_arn = r", ["a", "b"]),
    ("oidc_provider_arn", "type = oidc_role_arn\nrole_arn = r\noidc_token_file_path = TOKEN", ["a", "b"]),
    ("oidc_token_file_path", "type = oidc_role_arn\nrole_arn = r\noidc_provider_arn = p", ["a", "b"]),
    ("role_name", "type = ecs_ram_role", ["a", "b"]),
    ("public_key_id", "type = rsa_key_pair", ["a", ""]),
    ("private_key_file", "type = rsa_key_pair", ["a", ""]),
    ("bearer_token", "type = bearer", ["a", ""]),
];

#[tokio::test(start_paused = true)]
async fn each_key_of_the_table_has_an_effect_or_its_type_is_refused_by_name() {
    assert!(MEMBERS.iter().map(|known| known.name).eq(CASES.map(|(name, ..)| name)));
    for (name, section, values) in CASES {
        let mut observed = Vec::new();
        for value in values {
            let home = Home::new();
            home.write("token", "testtoken");
            let token = home.folder.path().join("token").display().to_string();
            let section = section.replace("TOKEN", &token);
            let text = format!(
                "[default]\naccess_key_id = testid\naccess_key_secret = testsecret\n{section}\n{name} = {value}\n"
            );
            home.write(".alibabacloud/credentials", &text);
            observed.push(home.observed().await);
        }
        let refused = observed.iter().all(|text| text.contains("is not supported by this client"));
        assert!(observed[0] != observed[1] || refused, "{name}: {observed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn variables_stand_in_for_what_a_section_does_not_say() {
    for (name, section, [value, _]) in CASES {
        let Some(variable) = MEMBERS.iter().find(|known| known.name == name).and_then(|known| known.variable) else {
            continue;
        };
        let key = "access_key_id = testid\naccess_key_secret = testsecret";
        let section = format!("[default]\n{key}\n{}", section.replace("TOKEN", "/none"));
        let said = Home::ini(&format!("{section}\n{name} = {value}\n")).observed().await;
        let stood_in = Home::ini(&format!("{section}\n")).with(variable, value).observed().await;
        assert_eq!(said, stood_in, "{name}");
        assert_ne!(said, Home::ini(&format!("{section}\n")).observed().await, "{name}");
    }
}
