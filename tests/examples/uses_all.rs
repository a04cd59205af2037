//! A program with every operation, for `benches/compile.sh`.

#![allow(deprecated, reason = "deprecated operations count too")]

use std::pin::Pin;

use dyvmsapi::{Client, Error, Value};

type Sending<'c> = Pin<Box<dyn Future<Output = Result<Value, Error>> + 'c>>;
type Entry = (&'static str, &'static str, for<'c> fn(&'c Client) -> Sending<'c>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let client = Client::from_env()?;
    let answer: Value = client.call("QueryRobotTaskList", &[]).await?;
    println!("{answer}");
    let entries: &[Entry] = &aliyun_codegen_macros::examples!(dyvmsapi);
    for (action, name, send) in entries {
        println!("{action}, {name}: {}", send(&client).await?);
    }
    Ok(())
}
