//! Learns the outcome of calls: receives what the service pushes, and stores it first.

use std::error::Error;

use aliyun_receipts::{FileInbox, Receiver, Secret, Server};
use dyvmsapi::receipt::{KINDS, Receipt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = Secret::new(&std::env::var("DYVMS_RECEIPTS_SECRET")?)?;
    let inbox = FileInbox::open("receipts.jsonl")?;
    let receiver = Receiver::new(inbox, secret).kinds(KINDS).on_new(async |arrivals| {
        for arrival in arrivals {
            if let Receipt::VoiceReport(report) = Receipt::read(arrival.kind(), arrival.raw().as_str()) {
                println!("{:?} ended with {:?}", report.out_id, report.status_code);
            }
        }
    });
    let server = Server::start(receiver, std::env::args().nth(1).as_deref().unwrap_or("127.0.0.1:8080")).await?;
    println!("{}", server.url());
    tokio::signal::ctrl_c().await?;
    server.stop().await;
    Ok(())
}
