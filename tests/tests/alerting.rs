//! How an application that dials phones is tested: nobody is rung.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use dyvmsapi::call::SingleCallByTts;
use dyvmsapi::{Client, Credentials, Error, Sent};
use dyvmsapi_emulator::{Emulator, Fault};

/// The application: it rings who is on call until somebody was surely reached, and nobody twice.
async fn alert(client: &Client, on_call: &[&str], what: &str) -> Result<(), Error> {
    let mut outcome = Ok(());
    for number in on_call {
        let call = SingleCallByTts::new(*number, "TTS_10001").tts_param([("what", what)]);
        outcome = client.send(call).await.map(|_| ());
        match &outcome {
            // A phone may be ringing: the next one would be a second alarm.
            Ok(()) => break,
            Err(error) if error.is_outcome_unknown() => break,
            Err(_) => {}
        }
    }
    outcome
}

/// A client of an emulator.
fn client(emulator: &Emulator) -> Client {
    let credentials = Credentials::new("testid", "testsecret");
    Client::builder().credentials(credentials).transport(emulator.transport()).build().unwrap()
}

#[tokio::test]
async fn rings_the_second_person_when_the_first_cannot_be_rung() {
    let emulator = dyvmsapi_emulator::emulator();
    emulator.on(SingleCallByTts::new("13000000000", "")).refuse("isv.BUSINESS_LIMIT_CONTROL", "Trigger a flow control");
    alert(&client(&emulator), &["13000000000", "13000000001"], "disk full").await.unwrap();
    emulator.assert_dialled_once("13000000001");
    assert_eq!(emulator.dials().len(), 1);
    let expected = SingleCallByTts::new("13000000001", "TTS_10001").tts_param([("what", "disk full")]);
    assert!(emulator.requests()[1].matches(&expected));
}

#[tokio::test]
async fn rings_nobody_twice_when_the_response_is_lost() {
    let emulator = dyvmsapi_emulator::emulator();
    emulator.on_any().fault(Fault::reset().after_effect());
    let error = alert(&client(&emulator), &["13000000000", "13000000001"], "disk full").await.unwrap_err();
    assert_eq!(error.sent(), Sent::Maybe);
    emulator.assert_dialled_once("13000000000");
    assert_eq!(emulator.dials().len(), 1);
}
