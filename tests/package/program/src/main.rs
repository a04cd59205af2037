//! Calls an operation of the published client, and one that this program generates from a specification of its own.

use dyvmsapi::call::SingleCallByTts;
use dyvmsapi::{Client, Credentials};

mod greeting {
    aliyun_codegen_macros::client!("greeting");
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = dyvmsapi_emulator::emulator();
    let credentials = Credentials::new("testid", "testsecret");
    let client = Client::builder().credentials(credentials.clone()).transport(emulator.transport()).build()?;
    let response = client.send(SingleCallByTts::new("13000000000", "TTS_10001")).await?;
    assert!(response.call_id.is_some(), "{response:?}");
    emulator.assert_dialled_once("13000000000");

    // The emulator of the voice service does not have this version.
    let client = greeting::Client::builder().credentials(credentials).transport(emulator.transport()).build()?;
    let error = client.send(greeting::all::Greet::new()).await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidVersion"));
    println!("dialled once; the service that is generated here is not emulated: {error}");
    Ok(())
}
