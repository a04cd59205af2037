//! `dyvms emulator`: a stand-in for the service on this machine.

use std::io::{self, Write as _};
use std::net::Ipv4Addr;

use aliyun_emulator::{DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator};

use crate::failure::Failure;
use crate::notice;

/// Options of `dyvms emulator`.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Listens on this port of 127.0.0.1; 0 picks a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Knows this access key instead of testid:testsecret; may be given several times
    // A text, because an error of the command line would show the secret.
    #[arg(long = "key", value_name = "ID:SECRET")]
    keys: Vec<String>,
}

/// Without the secrets.
impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("port", &self.port).field("keys", &self.keys.len()).finish()
    }
}

/// Serves until it is interrupted. The first line on standard output is the address.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let emulator = with_keys(&options.keys)?;
    // Before the address is told: whoever reads it may end this process at once.
    let interrupted = interruption().map_err(|error| Failure::system("cannot wait for an interrupt", error))?;
    let server = emulator
        .serve((Ipv4Addr::LOCALHOST, options.port))
        .await
        .map_err(|error| Failure::system(format!("cannot listen on 127.0.0.1:{}", options.port), error))?;
    let mut output = io::stdout();
    writeln!(output, "{}", server.url())?;
    output.flush()?;
    let key = match options.keys.len() {
        0 => format!("the access key {DEFAULT_KEY_ID} with the secret {DEFAULT_KEY_SECRET}"),
        1 => "the given access key".to_owned(),
        count => format!("the {count} given access keys"),
    };
    notice::note(&format!("it knows {key}; Ctrl-C ends it"));
    interrupted.await;
    server.stop().await;
    Ok(())
}

fn with_keys(keys: &[String]) -> Result<Emulator, Failure> {
    let mut builder = Emulator::builder();
    for key in keys {
        match key.split_once(':') {
            Some((id, secret)) if !id.is_empty() && !secret.is_empty() => builder = builder.key(id, secret),
            _ => return Err(Failure::Usage("--key: expected ID:SECRET; what was given is not shown".to_owned())),
        }
    }
    Ok(builder.build())
}

/// Ends when a person or a supervisor asks this process to stop.
#[cfg(unix)]
fn interruption() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends when a person asks this process to stop.
#[cfg(windows)]
fn interruption() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move { _ = interrupt.recv().await })
}
