//! A program with the client and no operation: the floor of `benches/compile.sh`.

use dyvmsapi::{Client, Error, Value};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::from_env()?;
    let answer: Value = client.send_action("QueryRobotTaskList", &[]).await?;
    println!("{answer}");
    Ok(())
}
