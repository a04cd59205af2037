//! `dyvms explore`: a page in the browser that searches, shows and calls every operation.
//!
//! The browser sends JSON to a gateway in this process, which signs and uses the client. Keys never reach the page.

mod gateway;
mod guard;
mod journal;
mod page;
mod problem;
mod redact;
mod snippet;
mod target;

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::{Router, middleware};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use self::gateway::Gateway;
use self::guard::Guard;
use self::journal::Journal;
use self::page::Page;
use self::target::Targets;
use crate::failure::Failure;
use crate::interrupt::interruption;
use crate::{client, notice};

/// Details for the help.
pub(crate) const HELP: &str = "\
Show every operation in the browser: search, read, call, and copy the call as a program.

The page calls an emulator inside this command, which needs no account and calls nobody. With --live, it can call the \
service itself as well: requests are signed with the credentials that `dyvms call` uses, and a call that rings a phone is \
confirmed first. The first line on standard output is the address. It can be reached from this machine only, and runs until \
it is interrupted.

With --spec FOLDER before the command, it shows the service of this folder.";

/// Options of `dyvms explore`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Listen on this port of 127.0.0.1; 0 selects a free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// Do not open the page in the browser
    #[arg(long)]
    no_open: bool,
    /// Let the page call the service itself, if a person selects it: such calls are real, and cost money
    #[arg(long)]
    live: bool,
    /// Show phone numbers, spoken texts and secrets in responses; otherwise they are shown as ***
    #[arg(long)]
    show_numbers: bool,
    #[command(flatten)]
    client: client::Options,
}

/// How long calls in progress may take beyond their own time limit when the command ends, and how long a browser may then take
/// to read their responses.
const GRACE: Duration = Duration::from_secs(1);

/// Ports after one in use that are tried, to name one that is free.
const TRIED: usize = 100;

/// Serves the page until it is interrupted.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    if options.client.local {
        let why = "--local: the page calls an emulator in any case; leave it out, and --live if nothing real is meant";
        return Err(Failure::Usage(why.to_owned()));
    }
    // Before the address is printed: a reader may end this process at once.
    let failed = |error| Failure::system("cannot wait for an interrupt", error);
    let interrupted = interruption().map_err(failed)?;
    let listener = listen(options.port).await?;
    let address = listener.local_addr().map_err(|error| Failure::system("cannot listen", error))?;
    let emulator = client::emulator().await?;
    let targets = Targets::new(&options.client, emulator.url(), options.live)?;
    let guard = Arc::new(Guard::new(address.port()));
    let journal = Arc::new(Journal::default());
    let (working, mut idle) = mpsc::channel::<()>(1);
    let url = format!("http://{address}");
    let gateway = Gateway::new(targets, Arc::clone(&journal), options.show_numbers, working.downgrade(), &guard, &url);
    let page = Page::new(&guard, journal, options.live);
    let router = Router::new()
        .merge(page.routes())
        .merge(gateway.routes())
        .fallback(gateway::nothing_here)
        .method_not_allowed_fallback(gateway::wrong_method)
        .layer(middleware::from_fn_with_state(guard, guard::check));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async {
        // It is dropped when this function ends.
        let _ = stopped.await;
    });
    let server = tokio::spawn(server.into_future());
    announce(&url, options.live, options.no_open)?;
    interrupted.await;
    let again = interruption().map_err(failed)?;
    let _ = stop.send(());
    drop(working);
    // A call goes on even if its browser is gone. The channel ends with the last call.
    let ended = async {
        let _ = idle.recv().await;
        // A connection without a whole request does not end by itself.
        let _ = tokio::time::timeout(GRACE, server).await;
    };
    tokio::select! {
        () = ended => {}
        () = again => notice::note("calls in progress were not waited for: look them up before you send them again"),
        () = tokio::time::sleep(options.client.timeout() + GRACE) => {}
    }
    emulator.stop().await;
    Ok(())
}

async fn listen(port: u16) -> Result<TcpListener, Failure> {
    let bind = |port: u16| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let error = match bind(port).await {
        Ok(listener) => return Ok(listener),
        Err(error) => error,
    };
    let what = format!("cannot listen on 127.0.0.1:{port}");
    if error.kind() != io::ErrorKind::AddrInUse {
        return Err(Failure::system(what, error));
    }
    for next in (port.saturating_add(1)..=u16::MAX).take(TRIED) {
        if bind(next).await.is_ok() {
            return Err(Failure::Usage(format!(
                "{what}: the port is in use; --port {next} is free, and --port 0 selects one"
            )));
        }
    }
    Err(Failure::Usage(format!("{what}: the port is in use; --port 0 selects a free one")))
}

fn announce(url: &str, is_live: bool, no_open: bool) -> Result<(), Failure> {
    let mut output = io::stdout();
    writeln!(output, "{url}")?;
    output.flush()?;
    let target = if is_live { "an emulator, and the service itself if you select it" } else { "an emulator" };
    notice::note(&format!("the page calls {target}; Ctrl-C ends it"));
    if !no_open && open::that_detached(url).is_err() {
        notice::note("no browser could be opened: open the address yourself");
    }
    Ok(())
}
