use std::time::{Duration, SystemTime};

use dyvmsapi::call::{CallProduct, QueryCallDetailByCallId, SingleCallByTts};
use dyvmsapi::types::CallStatusCode;
use dyvmsapi::{Client, Credentials};

#[tokio::test]
async fn a_busy_phone_is_found_out() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = dyvmsapi_emulator::emulator();
    let server = emulator.serve("127.0.0.1:0").await?;
    // What the application does when it is told this endpoint.
    let client =
        Client::builder().endpoint(server.url()).credentials(Credentials::new("testid", "testsecret")).build()?;
    let today = emulator.time().duration_since(SystemTime::UNIX_EPOCH)?.as_millis().try_into()?;
    // The last two digits of a number choose what becomes of the call: 02 is busy.
    let placed = client.send(SingleCallByTts::new("13000000002", "TTS_10001")).await?;

    emulator.advance(Duration::from_secs(600)); // Outcomes are told some minutes after a call.

    let call_id = placed.call_id.unwrap_or_default();
    let detail = client.send(QueryCallDetailByCallId::new(call_id, CallProduct::VerificationCode, today)).await?;
    assert_eq!(detail.data.and_then(|call| call.state), Some(CallStatusCode::Busy));
    server.stop().await;
    Ok(())
}
