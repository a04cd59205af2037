//! `dyvms receipts`: receives what the service reports about calls, and shows what became of each call.

mod exec;
mod poll;
mod serve;
mod show;

use std::path::PathBuf;
use std::time::Duration;

use crate::client;
use crate::failure::Failure;

/// Options of `dyvms receipts`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Receive pushed receipts over HTTP until interrupted
    ///
    /// Enter these addresses in the console of the service: URL/receipts/SECRET/voice-report, and likewise
    /// voice-call-report and so on. The first line on standard output is the URL. It listens on this machine only and without
    /// TLS, for a reverse proxy with a certificate (docs/receipts.md). A receipt is acknowledged after it was written to the
    /// file, and each one is written once.
    Serve(serve::Options),
    /// Receive receipts from a queue until interrupted
    ///
    /// For machines that the service cannot reach. The key needs the permission dybaseapi:QueryTokenForMnsQueue. A message is
    /// deleted after it was written to the file, and each receipt is written once.
    Poll(poll::Options),
    /// Show the calls in a file of receipts, one line for each, with its state
    Show(show::Options),
}

/// What every channel has.
#[derive(Debug, clap::Args)]
#[group(skip)]
struct Sink {
    /// Append receipts to this file, as one line of JSON each; it is locked meanwhile
    #[arg(long, value_name = "FILE.jsonl")]
    out: PathBuf,
    /// Run this command in a shell for each new receipt, one after the other: its line is the standard input, and the
    /// variable `RECEIPT_KIND` says what it is
    #[arg(long, value_name = "CMD")]
    exec: Option<String>,
    /// End a command of --exec that takes longer
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = client::seconds)]
    exec_timeout: Duration,
    /// Do not log receipts to standard error
    #[arg(long)]
    quiet: bool,
}

/// Performs the task.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    match options.task {
        Task::Serve(options) => serve::run(options).await,
        Task::Poll(options) => poll::run(options).await,
        Task::Show(options) => show::run(&options),
    }
}
