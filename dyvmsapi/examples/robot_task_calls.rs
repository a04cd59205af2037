//! Lists the calls of a robot task and counts how they ended.
//!
//! With credentials in the environment it asks Alibaba Cloud:
//!
//! ```text
//! ALIBABA_CLOUD_ACCESS_KEY_ID=... ALIBABA_CLOUD_ACCESS_KEY_SECRET=... \
//!     cargo run -p dyvmsapi --example robot_task_calls -- 1045001
//! ```
//!
//! With `--local` in place of a task it asks the embedded emulator, which needs neither an account nor a network.

use std::collections::BTreeMap;
use std::error::Error;

use dyvmsapi::robot::QueryRobotTaskCallList;
use dyvmsapi::{Client, Credentials};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let argument = std::env::args().nth(1).ok_or("give the id of a robot task, or --local")?;
    let (client, task) = if argument == "--local" {
        let client = Client::builder()
            .credentials(Credentials::new("testid", "testsecret"))
            .transport(dyvmsapi_emulator::emulator().transport())
            .build()?;
        (client, "1045001".to_owned())
    } else {
        (Client::from_env()?, argument)
    };

    let mut ended = BTreeMap::<String, (u32, i64)>::new();
    let mut calls = client.items(QueryRobotTaskCallList::new().task_id(task).page_size(100));
    while let Some(call) = calls.next().await? {
        let (count, seconds) = ended.entry(call.call_result.unwrap_or_default()).or_default();
        *count += 1;
        *seconds += call.duration.unwrap_or_default();
    }
    for (result, (count, seconds)) in ended {
        println!("{count:>5} calls, {seconds:>6} seconds: {result}");
    }
    Ok(())
}
