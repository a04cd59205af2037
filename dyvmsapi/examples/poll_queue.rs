//! Learns the outcome of calls from a queue, for a program that the service cannot reach.

use std::error::Error;

use aliyun_receipts::{Consumer, FileInbox, dybaseapi};
use dyvmsapi::receipt::{KINDS, Receipt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let queue = arguments.next().ok_or("the name of the queue is missing")?;
    let mut consumer = match arguments.next() {
        None => {
            Consumer::new(dybaseapi::Client::from_env()?, "VoiceReport", queue, FileInbox::open("receipts.jsonl")?)?
        }
        // An emulator issues keys for its queues, and serves them.
        Some(url) => {
            let client = dybaseapi::Client::builder().endpoint(&url).build()?;
            Consumer::new(client, "VoiceReport", queue, FileInbox::open("receipts.jsonl")?)?.endpoint(&url)?
        }
    };
    consumer = consumer.kinds(KINDS).on_problem(|problem| eprintln!("{problem}")).on_new(async |arrivals| {
        for arrival in arrivals {
            if let Receipt::VoiceReport(report) = Receipt::read(arrival.kind(), arrival.raw().as_str()) {
                println!("{:?} ended with {:?}", report.out_id, report.status_code);
            }
        }
    });
    consumer.run(async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}
