//! The client against an emulator of the same specification.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aliyun_emulator::{Emulator, Fault};
use aliyun_runtime::{Credentials, ErrorKind, Sent};
use other_product::Client;
use other_product::call::VoiceSingleCall;

fn emulated() -> (Emulator, Client) {
    let spec = aliyun_api_spec::load(concat!(env!("CARGO_MANIFEST_DIR"), "/spec").as_ref());
    assert_eq!(spec.faults, []);
    let emulator = Emulator::builder(spec.service.unwrap()).build();
    let client = Client::builder().region("ap-southeast-1").credentials(Credentials::new("testid", "testsecret"));
    let client = client.transport(emulator.transport()).build().unwrap();
    (emulator, client)
}

#[tokio::test]
async fn a_call_is_placed_once() {
    let (emulator, client) = emulated();
    let response = client.send(VoiceSingleCall::new().called_number("13000000000")).await.unwrap();
    assert_eq!((response.code.as_str(), response.success), ("OK", Some(true)));
    emulator.assert_dialled_once("13000000000");
}

#[tokio::test]
async fn an_unknown_outcome_is_not_sent_again() {
    let (emulator, client) = emulated();
    emulator.on_any().fault(Fault::reset());
    let error = client.send(VoiceSingleCall::new().called_number("13000000000")).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Transport, Sent::Maybe));
    assert!(error.to_string().contains("a phone may be ringing"), "{error}");
    assert_eq!(emulator.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_codes_of_the_gateway_are_known_without_being_listed() {
    let (emulator, client) = emulated();
    emulator.on_any().gateway_error(400, "Throttling.User", "slow down").times(1);
    client.send(VoiceSingleCall::new().called_number("13000000000")).await.unwrap();
    assert_eq!(emulator.requests().len(), 2, "a throttled request was refused before its effect");
    emulator.assert_dialled_once("13000000000");
}

#[test]
fn the_region_is_needed_and_must_be_a_known_one() {
    let build = |builder: aliyun_runtime::ClientBuilder<_>| {
        let client: Result<Client, _> = builder.credentials(Credentials::new("testid", "testsecret")).build();
        client.unwrap_err().to_string()
    };
    assert_eq!(
        build(Client::builder()),
        "the endpoint of Dyvmsapi-intl depends on the region, and none is given; regions that have one: \
         ap-southeast-1; for another give the endpoint itself"
    );
    assert_eq!(
        build(Client::builder().region("cn-shanghai")),
        "Dyvmsapi-intl has no endpoint in cn-shanghai; regions that have one: ap-southeast-1; for another give the \
         endpoint itself"
    );
}
