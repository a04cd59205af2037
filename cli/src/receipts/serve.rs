//! `dyvms receipts serve`.

use std::fmt;
use std::io::{self, Write as _};
use std::net::IpAddr;

use aliyun_receipts::{FileInbox, Receiver, Secret, Server};
use dyvmsapi::receipt::KINDS;

use super::Sink;
use super::exec::Follower;
use crate::failure::Failure;
use crate::interrupt::interruption;
use crate::notice;

/// Options of `dyvms receipts serve`.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Listen on this port; 0 selects a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Listen on this address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,
    /// The part of the addresses that only the service knows: at least 16 letters, digits, '-' or '_'
    ///
    /// Other people on this machine see the command line, so the variable is better.
    // A text, because an error of the command line would show it.
    #[arg(long, value_name = "SECRET", env = "DYVMS_RECEIPTS_SECRET", hide_env_values = true)]
    secret: String,
    #[command(flatten)]
    sink: Sink,
}

/// Without the secret.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("port", &self.port).field("sink", &self.sink).finish_non_exhaustive()
    }
}

/// Receives until it is interrupted.
pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let secret = Secret::new(&options.secret).map_err(|error| Failure::Usage(format!("--secret: {error}")))?;
    let inbox = FileInbox::open(&options.sink.out).map_err(Failure::Inbox)?;
    if inbox.unreadable() > 0 {
        let lines = notice::count(inbox.unreadable(), "line");
        notice::note(&format!("{lines} of {} cannot be read, and stay as they are", options.sink.out.display()));
    }
    // Before the address is printed: a reader may end this process at once.
    let interrupted = interruption().map_err(|error| Failure::system("cannot wait for an interrupt", error))?;
    let follower = Follower::start(&options.sink);
    let receiver = Receiver::new(inbox, secret)
        .kinds(KINDS)
        .on_new(follower.listener())
        .on_problem(|problem| notice::error(&problem.to_string()));
    let address = (options.host, options.port);
    let server = Server::start(receiver, address)
        .await
        .map_err(|error| Failure::system(format!("cannot listen on {}:{}", options.host, options.port), error))?;
    let mut output = io::stdout();
    writeln!(output, "{}", server.url())?;
    output.flush()?;
    notice::note("the console needs <URL>/receipts/<SECRET>/voice-report and the like; Ctrl-C ends it");
    interrupted.await;
    server.stop().await;
    follower.finish().await;
    Ok(())
}
