//! Places one call at an emulator, which calls nobody.

use std::error::Error;

use aliyun_emulator::Emulator;
use aliyun_runtime::Credentials;
use other_product::Client;
use other_product::call::VoiceSingleCall;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let spec = aliyun_api_spec::load(concat!(env!("CARGO_MANIFEST_DIR"), "/spec").as_ref());
    let emulator = Emulator::builder(spec.service.ok_or("the specification has faults")?).build();
    let client = Client::builder()
        .region("ap-southeast-1")
        .credentials(Credentials::new("testid", "testsecret"))
        .transport(emulator.transport())
        .build()?;

    let request = VoiceSingleCall::new()
        .country_id("HK")
        .called_number("13000000000")
        .tts_code("1001")
        .tts_param(r#"{"code":"1234"}"#);
    let response = client.send(request).await?;
    println!("{}, request {}", response.code, response.request_id);
    emulator.assert_dialled_once("13000000000");
    Ok(())
}
