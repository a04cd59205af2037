//! Receives receipts from a queue, for applications without a public address.

mod delay;
mod error;
mod key;
mod message;
mod service;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use aliyun_protocol::mns;
use aliyun_runtime::{Endpoint, ReceiptKind};
use tokio::time::Instant;

use self::delay::Delay;
use self::error::Fault;
pub use self::error::{QueueError, QueueErrorKind};
use self::key::Keys;
use self::message::Message;
use self::service::{Exchange, QueueService};
use crate::arrival::Arrival;
use crate::dybaseapi::Client;
use crate::inbox::Inbox;
use crate::listeners::{Listeners, Problem};

/// The endpoint of the queues of accounts of the Chinese site.
const ENDPOINT: &str = "https://1943695596114318.mns.cn-hangzhou.aliyuncs.com";

/// Delay after a failure: this, and twice as long after each further one.
const SHORTEST_AFTER_FAILURE: Duration = Duration::from_secs(1);
const LONGEST_AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Delay after an empty response that came without waiting: this, and twice as long after each further one.
const SHORTEST_AFTER_EMPTY: Duration = Duration::from_millis(100);
const LONGEST_AFTER_EMPTY: Duration = Duration::from_secs(5);

/// Receives the receipts of one queue. A clone shares the inbox and the key of the queue.
///
/// A message is deleted after its receipts are stored, and not before: if storing fails, it comes again. Each receipt is
/// stored once, however often it comes.
///
/// What is not a receipt, because it is not JSON or not base64, is stored as a text, so that a person can look at it
/// ([`set_aside`](crate::set_aside)); [`on_problem`](Self::on_problem) learns of it.
///
/// Futures can be dropped at any time. Messages that were received by then are stored and deleted by a task of their own,
/// or come again.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use aliyun_receipts::{Consumer, FileInbox, ReceiptKind, dybaseapi};
///
/// const KINDS: &[ReceiptKind] = &[ReceiptKind::new("VoiceReport", &["call_id"]).id("call_id")];
///
/// let inbox = FileInbox::open("receipts.jsonl")?;
/// let queue = "Alicom-Queue-1000000000000000-VoiceReport";
/// Consumer::new(dybaseapi::Client::from_env()?, "VoiceReport", queue, inbox)?
///     .kinds(KINDS)
///     .on_new(|arrivals| async move { println!("{} receipts", arrivals.len()) })
///     .on_problem(|problem| eprintln!("{problem}"))
///     .run(std::future::pending())
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Consumer {
    inbox: Arc<dyn Inbox>,
    keys: Arc<Keys>,
    service: QueueService,
    settings: Arc<Settings>,
    /// Whether the queue ever answered with messages, or that it has none.
    has_worked: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Settings {
    message_type: String,
    kinds: &'static [ReceiptKind],
    listeners: Listeners,
    wait_seconds: u32,
    batch: u32,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

/// What one poll did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Polled {
    /// The messages that were received. Each usually has one receipt.
    pub messages: usize,
    /// The receipts that were stored now.
    pub new: usize,
    /// The receipts that had been stored before, or twice in the batch.
    pub seen: usize,
    /// The messages that are not receipts and were set aside.
    pub set_aside: usize,
    /// The messages that could not be deleted. They come again, and are known then.
    pub undeleted: usize,
}

impl Consumer {
    /// Stores the receipts of the kind `message_type`, such as `VoiceReport`, from the queue `queue_name`, as the console
    /// shows its name. The queue is reached through the transport of the client.
    ///
    /// # Errors
    ///
    /// If a name is empty or has other characters than letters, digits, `-` and `_`.
    pub fn new(
        client: Client,
        message_type: impl Into<String>,
        queue_name: impl Into<String>,
        inbox: impl Inbox,
    ) -> Result<Self, QueueError> {
        let (message_type, queue_name) = (message_type.into(), queue_name.into());
        let is_name = |name: &str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=256).contains(&name.len()) && name.bytes().all(is_plain)
        };
        for (what, name) in [("kind of receipts", &message_type), ("queue", &queue_name)] {
            if !is_name(name) {
                let what = format!(
                    "the name of the {what} is empty or has other characters than letters, digits, '-' and '_'; copy it from the console"
                );
                return Err(QueueError::new(QueueErrorKind::Setting, what));
            }
        }
        let endpoint = Endpoint::new(ENDPOINT).map_err(QueueError::setting)?;
        let service = QueueService::new(client.transport(), endpoint, queue_name.clone());
        let settings = Settings {
            message_type: message_type.clone(),
            kinds: &[],
            listeners: Listeners::default(),
            wait_seconds: mns::MAX_WAIT_SECONDS,
            batch: mns::MAX_MESSAGES,
            clock: Arc::new(SystemTime::now),
        };
        Ok(Self {
            inbox: Arc::new(inbox),
            keys: Arc::new(Keys::new(client, message_type, queue_name)),
            service,
            settings: Arc::new(settings),
            has_worked: Arc::default(),
        })
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }

    /// Receives from queues at this endpoint: `host`, `host:port`, or a URL without path; plain HTTP on loopback only.
    /// Default: that of the Chinese site, in Hangzhou. The international site has
    /// `https://1493622401794734.mns.ap-southeast-1.aliyuncs.com`, and its keys come from the region `ap-southeast-1` of
    /// the client.
    pub fn endpoint(mut self, endpoint: &str) -> Result<Self, QueueError> {
        self.service.endpoint = Endpoint::new(endpoint).map_err(QueueError::setting)?;
        Ok(self)
    }

    /// Like [`Consumer::endpoint`], and `http` is accepted for every address: keys and receipts are then sent without
    /// encryption.
    pub fn plain_http_endpoint(mut self, endpoint: &str) -> Result<Self, QueueError> {
        self.service.endpoint = Endpoint::allowing_plain_http(endpoint).map_err(QueueError::setting)?;
        Ok(self)
    }

    /// Sets how long the queue waits for the first message, in seconds, from 0 to 30. Default: 30.
    pub fn wait_seconds(self, seconds: u32) -> Result<Self, QueueError> {
        let most = mns::MAX_WAIT_SECONDS;
        if seconds > most {
            let what = format!("a queue waits for 0 to {most} seconds, not {seconds}");
            return Err(QueueError::new(QueueErrorKind::Setting, what));
        }
        Ok(self.set(|settings| settings.wait_seconds = seconds))
    }

    /// Sets the maximum number of messages of a poll, from 1 to 16. Default: 16.
    pub fn batch(self, messages: u32) -> Result<Self, QueueError> {
        let most = mns::MAX_MESSAGES;
        if !(1..=most).contains(&messages) {
            let what = format!("a poll receives 1 to {most} messages, not {messages}");
            return Err(QueueError::new(QueueErrorKind::Setting, what));
        }
        Ok(self.set(|settings| settings.batch = messages))
    }

    /// Sets the kinds, whose key fields tell duplicates. A receipt of another kind is a duplicate if its text is the same.
    #[must_use]
    pub fn kinds(self, kinds: &'static [ReceiptKind]) -> Self {
        self.set(|settings| settings.kinds = kinds)
    }

    /// Calls a function with the receipts of a batch that had not been stored before, after the messages were deleted, in a
    /// task of its own.
    ///
    /// It is not called again for these, even if the program ends before it does. A program reads its inbox when it starts.
    #[must_use]
    pub fn on_new<F>(self, listener: impl Fn(Vec<Arrival>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.set(|settings| settings.listeners.set_new(listener))
    }

    /// Calls a function with what a person should know about: failures after which [`Consumer::run`] tries again, messages
    /// that were set aside or could not be deleted. Polling waits for it.
    #[must_use]
    pub fn on_problem(self, listener: impl Fn(&Problem) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.listeners.set_problem(listener))
    }

    /// Sets the source of the time: of requests, of arrivals, and for the expiration of keys. Default: the system's clock.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.clock = Arc::new(clock))
    }

    /// Polls until `shutdown` is complete. A batch that was received by then is stored and deleted first.
    ///
    /// # Errors
    ///
    /// What only a person can repair ends it: the queue does not exist, or the account may not have a key for it. So does
    /// a key or a request that the queue refuses, if it never answered before. After every other failure it tries again,
    /// after 1 second, then 2, and at most a minute; [`Consumer::on_problem`] learns of each.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) -> Result<(), QueueError> {
        let mut shutdown = std::pin::pin!(shutdown);
        let (mut failures, mut empties) = (
            Delay::new(SHORTEST_AFTER_FAILURE, LONGEST_AFTER_FAILURE),
            Delay::new(SHORTEST_AFTER_EMPTY, LONGEST_AFTER_EMPTY),
        );
        loop {
            let start = Instant::now();
            let received = tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                received = self.receive() => received,
            };
            let polled = match received {
                Ok(messages) => self.settle(messages).await,
                Err(error) => Err(error),
            };
            let delay = match polled {
                // Nothing was achieved: these messages come again.
                Ok(polled) if polled.messages > 0 && polled.undeleted == polled.messages => failures.next(),
                Ok(polled) => {
                    failures.reset();
                    // The queue did wait: asking again at once is what it is for.
                    let has_waited = self.settings.wait_seconds > 0
                        && start.elapsed() >= Duration::from_secs(self.settings.wait_seconds.into()) / 2;
                    if polled.messages > 0 || has_waited {
                        empties.reset();
                        continue;
                    }
                    empties.next()
                }
                Err(error) if error.is_final(self.has_worked.load(Ordering::Relaxed)) => return Err(error),
                Err(error) => {
                    self.settings.listeners.report(error.with_causes());
                    failures.next()
                }
            };
            tokio::select! {
                biased;
                () = &mut shutdown => return Ok(()),
                () = tokio::time::sleep(delay) => {}
            }
        }
    }

    /// Receives one batch, stores it, and deletes its messages. Returns when that is done; an empty queue is not a failure.
    pub async fn poll_once(&self) -> Result<Polled, QueueError> {
        let messages = self.receive().await?;
        self.settle(messages).await
    }

    /// Receives messages. If this future is dropped, they come again.
    async fn receive(&self) -> Result<Vec<Message>, QueueError> {
        let Settings { batch, wait_seconds, .. } = *self.settings;
        let outcome = self.exchange(&self.service.receive(batch, wait_seconds)).await;
        let messages = match outcome.and_then(|response| message::messages(&response)) {
            Ok(messages) => messages,
            Err(Fault::Empty) => Vec::new(),
            Err(fault) => return Err(self.error(fault)),
        };
        self.has_worked.store(true, Ordering::Relaxed);
        Ok(messages)
    }

    /// Stores messages and deletes them, even if this future is dropped.
    async fn settle(&self, messages: Vec<Message>) -> Result<Polled, QueueError> {
        if messages.is_empty() {
            return Ok(Polled::default());
        }
        let consumer = self.clone();
        let settled = tokio::spawn(async move { consumer.store_and_delete(messages).await }).await;
        settled.unwrap_or_else(|_| Err(self.inbox_error("the inbox panicked")))
    }

    async fn store_and_delete(&self, messages: Vec<Message>) -> Result<Polled, QueueError> {
        let Settings { message_type, kinds, listeners, clock, .. } = &*self.settings;
        let mut polled = Polled { messages: messages.len(), ..Polled::default() };
        let received = clock();
        let mut batch = Vec::with_capacity(messages.len());
        let mut oddities = Vec::new();
        for message in &messages {
            let read = message.read(message_type, kinds, received);
            batch.extend(read.arrivals);
            oddities.extend(read.why_set_aside.map(|why| (message.shown_id(), why)));
        }
        polled.set_aside = oddities.len();
        let mut new = Vec::new();
        if !batch.is_empty() {
            let stored = self.inbox.store(batch).await;
            let stored = stored.map_err(|error| self.inbox_error("receipts were not stored").caused_by(error))?;
            (polled.new, polled.seen) = (stored.new.len(), stored.seen);
            new = stored.new;
        }
        let news = listeners.when_dropped(new);
        for (id, why) in oddities {
            listeners.report(format!(
                "a message of the queue of {message_type} was set aside: {why}; it is a text in the inbox (message {id})"
            ));
        }
        polled.undeleted = self.delete(&messages).await;
        // Only now the application learns of them.
        drop(news);
        Ok(polled)
    }

    /// Deletes messages. Returns the number of those that are not deleted; they come again.
    async fn delete(&self, messages: &[Message]) -> usize {
        let outcome = self.exchange(&self.service.delete(messages)).await;
        let (undeleted, why) = match outcome {
            Ok(_) => return 0,
            Err(Fault::Undeleted { count, code }) => (count.min(messages.len()), code),
            Err(fault) => (messages.len(), self.error(fault).with_causes()),
        };
        self.settings.listeners.report(format!(
            "{undeleted} of {} messages of the queue of {} were stored and not deleted: {why}; they come again and are known then",
            messages.len(),
            self.settings.message_type
        ));
        undeleted
    }

    /// Sends a request, with a new key if the queue does not accept the one at hand.
    async fn exchange(&self, exchange: &Exchange) -> Result<bytes::Bytes, Fault> {
        let clock = &*self.settings.clock;
        let key = self.keys.key(clock).await?;
        let outcome = self.service.send(exchange, &key, clock()).await;
        if !matches!(outcome, Err(Fault::Rejected(_))) {
            return outcome;
        }
        self.keys.invalidate(&key);
        if key.is_unused() {
            return outcome;
        }
        let key = self.keys.key(clock).await?;
        let outcome = self.service.send(exchange, &key, clock()).await;
        if matches!(outcome, Err(Fault::Rejected(_))) {
            self.keys.invalidate(&key);
        }
        outcome
    }

    fn error(&self, fault: Fault) -> QueueError {
        fault.error(&self.settings.message_type)
    }

    fn inbox_error(&self, what: &str) -> QueueError {
        let what = format!("{what}; the messages of the queue of {} stay and come again", self.settings.message_type);
        QueueError::new(QueueErrorKind::Inbox, what)
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings { message_type, listeners, wait_seconds, batch, .. } = &*self.settings;
        f.debug_struct("Consumer")
            .field("message_type", message_type)
            .field("endpoint", &self.service.endpoint)
            .field("wait_seconds", wait_seconds)
            .field("batch", batch)
            .field("listeners", listeners)
            .finish_non_exhaustive()
    }
}
