use std::time::Duration;

use dyvmsapi::call::SingleCallByTts;
use dyvmsapi::{Client, Credentials, Error};
use dyvmsapi_emulator::Fault;

/// The application: rings an engineer. Whether the phone surely rings.
async fn alert(client: &Client, number: &str) -> Result<bool, Error> {
    match client.send(SingleCallByTts::new(number, "TTS_10001")).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_outcome_unknown() => Ok(false), // It may ring: do not ring again.
        Err(error) => Err(error),
    }
}

#[tokio::test]
async fn a_lost_answer_rings_the_engineer_once() -> Result<(), Error> {
    let emulator = dyvmsapi_emulator::emulator();
    let client = Client::builder()
        .credentials(Credentials::new("testid", "testsecret"))
        .transport(emulator.transport())
        .build()?;
    // The phone rings, and the connection breaks before the answer. An empty text stands for any.
    emulator.on(SingleCallByTts::new("13000000000", "")).fault(Fault::reset().after_effect());

    assert!(!alert(&client, "13000000000").await?);

    emulator.assert_dialled_once("13000000000");
    emulator.advance(Duration::from_secs(120)); // The emulator's time: nothing sleeps.
    emulator.assert_nothing_pending();
    Ok(())
}
