//! The consumer against the queues of the emulator.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod cancellation;
mod failures;
mod keys;
mod polling;
mod settings;

use std::future::Future;
use std::sync::{Arc, Mutex};

use aliyun_emulator::{Builder, Emulator};
use aliyun_receipts::dybaseapi::{Client, Credentials};
use aliyun_receipts::{Arrival, BoxFuture, Consumer, Inbox, InboxError, MemoryInbox, ReceiptKind, Stored};

const QUEUE: &str = "Alicom-Queue-1000000000000000-VoiceReport";
const KINDS: &[ReceiptKind] = &[ReceiptKind::new("VoiceReport", &["call_id"]).id("call_id")];

/// An emulator with the queue.
fn builder() -> Builder {
    Emulator::builder(aliyun_api_spec::dyvmsapi()).queue(QUEUE)
}

fn client(emulator: &Emulator) -> Client {
    let credentials = Credentials::new("testid", "testsecret");
    Client::builder().credentials(credentials).transport(emulator.transport()).build().unwrap()
}

/// A list that listeners add to.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    fn texts(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A consumer with what it tells.
struct Bench {
    emulator: Emulator,
    inbox: MemoryInbox,
    consumer: Consumer,
    /// What the application learned, with the number of messages in the queue at that time.
    new: Log,
    problems: Log,
}

impl Bench {
    fn new() -> Self {
        Self::of(builder().build())
    }

    fn of(emulator: Emulator) -> Self {
        let inbox = MemoryInbox::new();
        Self::with(emulator, inbox.clone(), inbox)
    }

    /// With an inbox that stores into another one.
    fn with(emulator: Emulator, inbox: MemoryInbox, outer: impl Inbox) -> Self {
        let (new, problems) = (Log::default(), Log::default());
        let (to_new, to_problems, seen) = (new.clone(), problems.clone(), emulator.clone());
        let consumer = Consumer::new(client(&emulator), "VoiceReport", QUEUE, outer)
            .unwrap()
            .kinds(KINDS)
            .on_new(move |arrivals| {
                for arrival in arrivals {
                    to_new.add(format!("{} at {}", arrival.raw().as_str(), seen.queued(QUEUE)));
                }
                async {}
            })
            .on_problem(move |problem| to_problems.add(problem.to_string()));
        Self { emulator, inbox, consumer, new, problems }
    }

    fn put(&self, body: &str) {
        self.emulator.put_message(QUEUE, body).unwrap();
    }

    /// The texts of the stored receipts.
    fn stored(&self) -> Vec<String> {
        self.inbox.arrivals().iter().map(|arrival| arrival.raw().as_str().to_owned()).collect()
    }

    /// The number of requests of an operation.
    fn requests(&self, action: &str) -> usize {
        self.emulator.requests().iter().filter(|request| request.action() == Some(action)).count()
    }
}

/// An inbox that does something before it stores.
struct Before<F>(MemoryInbox, F);

impl<F, R> Inbox for Before<F>
where
    F: Fn() -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), InboxError>> + Send + 'static,
{
    fn store(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Stored, InboxError>> {
        let first = self.1();
        Box::pin(async move {
            first.await?;
            self.0.store(batch).await
        })
    }
}

/// Lets tasks run that are ready.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
