use serde_json::{Value, json};

use super::super::testing::Home;
use super::*;

#[tokio::test]
async fn files_that_cannot_be_used_are_named_with_the_place_of_the_fault() {
    let file = |content: &str| {
        let home = Home::new();
        home.write(".aliyun/config.json", content);
        home
    };
    let fault = async |home: Home| home.get().await.unwrap_err();
    assert_eq!(
        fault(file("{\"profiles\": [\n{\"name\": \"a\", \"access_key_secret\": testsecret}]}")).await,
        "the CLI profile ~/.aliyun/config.json: the file is broken JSON at line 2, column 37; \
         correct it, or write it anew with `aliyun configure`"
    );
    assert_eq!(
        fault(file(r#"{"profiles": "testsecret"}"#)).await,
        "the CLI profile ~/.aliyun/config.json: profiles (line 1): expected a list of profiles, found a text"
    );
    assert_eq!(
        fault(file("[]")).await,
        "the CLI profile ~/.aliyun/config.json: the file is not a JSON object; correct it, or write it anew with \
         `aliyun configure`"
    );
    assert_eq!(
        fault(Home::ini("[default]\ntestsecret\n")).await,
        "the credentials file ~/.alibabacloud/credentials: line 2 is neither a [section] nor a key = value nor a \
         comment; correct it, or put a # before it; looked before at: the CLI profile ~/.aliyun/config.json (no such file)"
    );
    let folder = Home::new();
    folder.write(".aliyun/config.json/file", "");
    assert_eq!(fault(folder).await, "the CLI profile ~/.aliyun/config.json: it is no file");
    let elsewhere = Home::new().with("ALIBABA_CLOUD_CONFIG_FILE", "/none/config.json");
    assert_eq!(
        fault(elsewhere).await,
        "the CLI profile /none/config.json: no such file (named by ALIBABA_CLOUD_CONFIG_FILE)"
    );
    let nowhere = Home::tool(&json!([]));
    nowhere.write(".alibabacloud/credentials", "[other]\n");
    assert_eq!(
        fault(nowhere).await,
        r#"there is no profile "default"; looked before at: the CLI profile ~/.aliyun/config.json (no profile "default"); the credentials file ~/.alibabacloud/credentials (no section [default]); the credentials file ~/.alibabacloud/credentials.ini (no such file)"#
    );
}

#[tokio::test]
async fn a_byte_order_mark_is_not_part_of_a_file() {
    let json = r#"{"profiles":[{"name":"default","mode":"AK","access_key_id":"cli","access_key_secret":"s"}]}"#;
    let ini = "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = s\n";
    for (path, content, id) in [(".aliyun/config.json", json, "cli"), (".alibabacloud/credentials", ini, "ini")] {
        let home = Home::new();
        home.write(path, &format!("\u{feff}{content}"));
        assert_eq!(home.get().await.unwrap().access_key_id(), id);
    }
}

#[tokio::test]
async fn the_profile_that_the_tool_uses_now_is_taken_unless_another_is_named() {
    let key = |name: &str| json!({ "name": name, "mode": "AK", "access_key_id": name, "access_key_secret": "s" });
    let of_tool = async |configuration: Value| {
        let home = Home::new();
        home.write(".aliyun/config.json", &configuration.to_string());
        let file = ProfileFile::of_tool(&home.environment()).remove(0).unwrap();
        let profile = FileProfile::new(&home.environment(), None, file);
        let credentials = profile.credentials(&home.http.context()).await;
        credentials.map(|it| it.access_key_id().to_owned()).map_err(|error| (error.absent, error.to_string()))
    };
    let profiles = json!([key("default"), key("office")]);
    assert_eq!(of_tool(json!({ "current": "office", "profiles": profiles })).await.unwrap(), "office");
    assert_eq!(of_tool(json!({ "profiles": profiles })).await.unwrap(), "default");
    assert_eq!(
        of_tool(json!({ "current": "home", "profiles": profiles })).await.unwrap_err(),
        (false, r#"the CLI profile ~/.aliyun/config.json: no profile "home""#.to_owned())
    );
    assert_eq!(
        of_tool(json!({ "current": 5, "profiles": profiles })).await.unwrap_err().1,
        "the CLI profile ~/.aliyun/config.json: current (line 1): expected the name of a profile, found a number"
    );
    assert_eq!(of_tool(json!({ "current": null, "profiles": profiles })).await.unwrap(), "default");
    let blank = of_tool(json!({})).await.unwrap_err();
    assert_eq!(blank, (true, r#"the CLI profile ~/.aliyun/config.json (no profile "default")"#.to_owned()));
}

#[tokio::test]
async fn a_tool_that_was_never_configured_is_passed_over() {
    let home = Home::tool(&json!([{ "name": "default", "mode": "AK", "access_key_id": "", "access_key_secret": "" }]));
    home.write(
        ".alibabacloud/credentials",
        "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = testsecret",
    );
    assert_eq!(home.get().await.unwrap().access_key_id(), "ini");
}

#[tokio::test]
async fn a_key_is_kept_until_it_is_refused() {
    let home = Home::profile(&json!({ "mode": "AK" }));
    let profile = home.named("default");
    let context = home.http.context();
    let first = profile.credentials(&context).await.unwrap();
    let rotated = json!({ "name": "default", "mode": "AK", "access_key_id": "rotated", "access_key_secret": "s" });
    home.write(".aliyun/config.json", &json!({ "profiles": [rotated] }).to_string());
    assert_eq!(profile.credentials(&context).await.unwrap().access_key_id(), "testid");
    profile.invalidate(&first);
    assert_eq!(profile.credentials(&context).await.unwrap().access_key_id(), "rotated");
}

#[test]
fn debug_shows_the_name() {
    assert_eq!(format!("{:?}", Home::new().named("office")), r#"Profile { name: "office", .. }"#);
}
