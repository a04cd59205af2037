//! An emulator for clients of other languages to be tried on: `tests/official/run` starts it.
//!
//! Prints its address, serves until standard input ends, and then prints what it received, one JSON object per line.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use aliyun_emulator::{DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator, Fault};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let hour = Duration::from_secs(3600);
    let now = SystemTime::now();
    // Responses are compared with the examples of the specification, so there is no account.
    let emulator = Emulator::builder(aliyun_api_spec::dyvmsapi())
        .key(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET)
        .inactive_key("inactive", DEFAULT_KEY_SECRET)
        .temporary_key("STS.fresh", DEFAULT_KEY_SECRET, "a token/+== of STS.fresh", now + hour)
        .temporary_key("STS.expired", DEFAULT_KEY_SECRET, "a token of STS.expired", now - hour)
        .build();
    for (task, fault) in [
        ("throttled", Fault::throttled_for(Duration::from_millis(1500))),
        ("failed", Fault::server_error(500)),
        ("failed in XML", Fault::xml_error(503)),
    ] {
        emulator.on_action("QueryRobotTaskCallList").with_parameter("TaskId", task).fault(fault);
    }
    let server = emulator.serve("127.0.0.1:0").await?;
    println!("{}", server.url());
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    for request in server.requests() {
        let line = json!({
            "request_id": request.request_id(),
            "action": request.action(),
            "refusal": request.refusal(),
            "warnings": request.warnings(),
        });
        println!("{line}");
    }
    server.stop().await;
    Ok(())
}
