//! The voice service beside another service in one emulator.

use aliyun_api_spec::model::Service;
use dyvmsapi_emulator::{Builder, State};
use http::HeaderValue;
use http::header::HOST;

use crate::support::{Call, Reply, now, send, service_of};

const VOICE_HOST: &str = "dyvmsapi.aliyuncs.com";

/// A service with the operation `Greet`.
fn greeting(version: &str) -> Service {
    let mut service = service_of(version, "Greet");
    "Greeting".clone_into(&mut service.product);
    service.endpoints.default = Some("greeting.aliyuncs.com".to_owned());
    service.endpoints.regions.clear();
    service.endpoints.vpc.clear();
    service
}

/// The response to a request that names a version and is sent to a host.
fn ask(services: &[Service], action: &str, version: &str, host: &'static str) -> Reply {
    let voice = dyvmsapi_emulator::builder().clock(now);
    let builder = services.iter().try_fold(voice, Builder::service).unwrap();
    let call = Call::new().set("Action", action).set("Version", version);
    let mut request = call.set("CalledNumber", "13000000000").set("TtsCode", "TTS_10001").in_form();
    request.headers_mut().insert(HOST, HeaderValue::from_static(host));
    send(&builder.build(), request)
}

#[test]
fn the_version_selects_the_service() {
    let services = [greeting("2020-01-01")];
    let called = ask(&services, "SingleCallByTts", "2017-05-25", "localhost");
    assert!(!called.member("CallId").is_empty());
    ask(&services, "Greet", "2020-01-01", "localhost").assert_accepted();
    let mixed = ask(&services, "SingleCallByTts", "2020-01-01", "localhost");
    assert_eq!((mixed.status(), mixed.member("Code").as_str()), (404, "InvalidApi.NotFound"));
    assert!(mixed.member("Recommend").contains("product=Greeting"), "{}", mixed.text());
    let unknown = ask(&services, "Greet", "2020-01-02", "localhost");
    unknown.assert_refused(400, "InvalidVersion", "Specified parameter Version is not valid.");
}

#[test]
fn the_host_and_then_the_operation_select_among_services_of_one_version() {
    let services = [greeting("2017-05-25")];
    for (action, host, status) in [
        ("SingleCallByTts", VOICE_HOST, 200),
        ("Greet", VOICE_HOST, 404),
        ("Greet", "greeting.cn-hangzhou.aliyuncs.com", 200),
        ("SingleCallByTts", "greeting.aliyuncs.com:443", 404),
        ("Greet", "127.0.0.1:8080", 200),
        ("SingleCallByTts", "127.0.0.1:8080", 200),
    ] {
        assert_eq!(ask(&services, action, "2017-05-25", host).status(), status, "{action} at {host}");
    }
}

#[test]
fn the_voice_service_is_added_once() {
    let error = dyvmsapi_emulator::builder().service(dyvmsapi_emulator::service(State::Empty)).unwrap_err();
    let expected = "the emulator has Dyvmsapi 2017-05-25 already; add each product and version once";
    assert_eq!(error.to_string(), expected);
}
