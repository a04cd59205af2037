//! A program with every operation, for `benches/compile.sh`.

#![allow(deprecated, reason = "deprecated operations count too")]

use dyvmsapi::{Client, Error, Value};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::from_env()?;
    let answer: Value = client.send_action("QueryRobotTaskList", &[]).await?;
    println!("{answer}");
    aliyun_codegen_macros::uses!(dyvmsapi);
    Ok(())
}
