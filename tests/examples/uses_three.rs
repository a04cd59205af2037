//! A program with three operations, for `benches/compile.sh`.

use dyvmsapi::call::{QueryCallDetailByCallId, SingleCallByTts};
use dyvmsapi::robot::QueryRobotTaskCallList;
use dyvmsapi::{Client, Error, Value};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::from_env()?;
    let answer: Value = client.send_action("QueryRobotTaskList", &[]).await?;
    println!("{answer}");
    println!("{:?}", client.send(SingleCallByTts::new("13000000000", "TTS_10001")).await?);
    println!("{:?}", client.send(QueryCallDetailByCallId::new("1^2", 11_000_000_138, 1_760_000_000_000)).await?);
    println!("{:?}", client.send(QueryRobotTaskCallList::new().task_id("1045001")).await?);
    Ok(())
}
