//! What happens to new receipts: a line in the log, and a command.

use std::process::Stdio;
use std::time::Duration;

use aliyun_receipts::Arrival;
use dyvmsapi::receipt::Receipt;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Sink;
use crate::notice;

/// Receives new receipts, and treats one after the other.
pub(super) struct Follower {
    sender: mpsc::UnboundedSender<Vec<Arrival>>,
    task: JoinHandle<()>,
}

impl Follower {
    pub(super) fn start(sink: &Sink) -> Self {
        let (sender, mut arrivals) = mpsc::unbounded_channel::<Vec<Arrival>>();
        let (exec, limit, quiet) = (sink.exec.clone(), sink.exec_timeout, sink.quiet);
        let task = tokio::spawn(async move {
            while let Some(batch) = arrivals.recv().await {
                for arrival in batch {
                    if !quiet {
                        notice::log(&line(&arrival));
                    }
                    if let Some(exec) = &exec
                        && let Err(what) = execute(exec, &arrival, limit).await
                    {
                        notice::error(&format!("--exec: {what}; the receipt is in the file"));
                    }
                }
            }
        });
        Self { sender, task }
    }

    /// What a channel calls with new receipts.
    pub(super) fn listener(&self) -> impl Fn(Vec<Arrival>) -> std::future::Ready<()> + Send + Sync + 'static {
        let sender = self.sender.clone();
        move |arrivals| {
            // It fails when the task has ended, which it does after the channel.
            let _ = sender.send(arrivals);
            std::future::ready(())
        }
    }

    /// Waits until everything is treated. All listeners must be gone.
    pub(super) async fn finish(self) {
        drop(self.sender);
        // A panic was reported already.
        let _ = self.task.await;
    }
}

/// The line of a receipt, without any number of a person and what was said.
fn line(arrival: &Arrival) -> String {
    let receipt = Receipt::read(arrival.kind(), arrival.raw().as_str());
    let code = match &receipt {
        Receipt::VoiceReport(receipt) => receipt.status_code.as_ref(),
        Receipt::VoiceCallReport(receipt) => receipt.status_code.as_ref(),
        _ => None,
    };
    let code = code.map(|code| format!(" {code}")).unwrap_or_default();
    let id = receipt.id().unwrap_or("without a call id");
    let own_id = receipt.own_id().map(|id| format!(" ({id})")).unwrap_or_default();
    format!("{}{code} {}", arrival.kind(), aliyun_protocol::visible::escaped(&format!("{id}{own_id}")))
}

/// Runs a command in a shell, with the receipt as its input. One that hangs must not keep the next receipts waiting.
async fn execute(command: &str, arrival: &Arrival, limit: Duration) -> Result<(), String> {
    let ended = tokio::time::timeout(limit, run(command, arrival)).await;
    ended.unwrap_or_else(|_| Err(format!("the command took longer than {limit:?} and was ended")))
}

async fn run(command: &str, arrival: &Arrival) -> Result<(), String> {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut child = Command::new(shell)
        .args([option, command])
        .env("RECEIPT_KIND", arrival.kind())
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("cannot run {shell}: {error}"))?;
    if let Some(mut input) = child.stdin.take() {
        // A command need not read its input.
        let _ = input.write_all(format!("{}\n", arrival.raw().as_str()).as_bytes()).await;
    }
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the command failed: {status}")),
        Err(error) => Err(format!("cannot wait for the command: {error}")),
    }
}
