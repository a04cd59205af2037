//! Ctrl-C: the first one ends a task, which keeps what it has; the second one ends the process at once. And what ends a
//! server.

use std::io;
use std::thread;

use tokio::sync::watch;

/// The exit status of a command that was interrupted, as shells have it.
pub(crate) const STATUS: u8 = 130;

/// Waits for Ctrl-C.
#[derive(Debug, Clone)]
pub(crate) struct Interrupt(watch::Receiver<bool>);

impl Interrupt {
    /// Starts to wait. A thread of its own does, since the task may be writing to a pipe that nobody reads.
    pub(crate) fn listen() -> Self {
        let (sender, receiver) = watch::channel(false);
        thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                // Where the signal cannot be caught, it ends the process, as it does by default.
                if tokio::signal::ctrl_c().await.is_err() {
                    return std::future::pending().await;
                }
                // The receiver is gone if the task has ended.
                let _ = sender.send(true);
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(i32::from(STATUS));
                }
            });
        });
        Self(receiver)
    }

    /// The output of a future, or `None` if Ctrl-C comes first.
    pub(crate) async fn or<T>(&mut self, task: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.arrives() => None,
            output = task => Some(output),
        }
    }

    /// Whether Ctrl-C was pressed.
    #[cfg(feature = "parquet")]
    pub(crate) fn has_come(&self) -> bool {
        *self.0.borrow()
    }

    async fn arrives(&mut self) {
        if self.0.wait_for(|pressed| *pressed).await.is_err() {
            // The thread is gone, so no interrupt comes.
            std::future::pending::<()>().await;
        }
    }
}

/// Ends when a person or a supervisor asks a server to stop.
#[cfg(unix)]
pub(crate) fn interruption() -> io::Result<impl Future<Output = ()>> {
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

/// Ends when a person asks a server to stop.
#[cfg(windows)]
pub(crate) fn interruption() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move { _ = interrupt.recv().await })
}
