//! Queues of messages, as the Message Service serves them: the messages of each queue, and the keys that open them.
//!
//! A message is invisible for a while after it was received. It becomes visible again unless it is deleted, so nothing is
//! lost if a client fails in between.

mod access;
mod token;
mod xml;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use self::access::Issued;
pub(crate) use self::token::service;
pub(crate) use self::xml::{Failure, handles, messages, undeleted};
use crate::time::later;

/// The names of what a request can ask for, as rules and received requests have them.
pub(crate) const ACTIONS: [&str; 2] = [RECEIVE, DELETE];
pub(crate) const RECEIVE: &str = "BatchReceiveMessage";
pub(crate) const DELETE: &str = "BatchDeleteMessage";

/// Maximum number of messages in a queue. When it is reached, the oldest one is evicted.
const MOST_MESSAGES: usize = 100_000;

/// Maximum number of keys. When it is reached, the oldest one is evicted.
const MOST_KEYS: usize = 1_000;

/// The queues of an emulator.
pub(crate) struct Queues {
    settings: QueueSettings,
    state: Mutex<State>,
    /// Told when a message may have become visible.
    arrival: Notify,
}

/// What a builder sets.
#[derive(Debug, Clone)]
pub(crate) struct QueueSettings {
    pub(crate) names: Vec<String>,
    /// How long a message that was received is invisible.
    pub(crate) visibility_timeout: Duration,
    pub(crate) token_lifetime: Duration,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            visibility_timeout: Duration::from_secs(30),
            token_lifetime: Duration::from_secs(60 * 60),
        }
    }
}

struct State {
    queues: BTreeMap<String, VecDeque<Message>>,
    keys: VecDeque<Issued>,
}

/// A message. One that was received has a handle: `number of times it was received - id`.
#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) enqueued: SystemTime,
    pub(crate) visible: SystemTime,
    pub(crate) first_received: SystemTime,
    pub(crate) received: u64,
}

impl Message {
    pub(crate) fn handle(&self) -> String {
        format!("{}-{}", self.received, self.id)
    }
}

impl Queues {
    pub(crate) fn new(settings: QueueSettings) -> Self {
        let state = Mutex::new(State::new(&settings));
        Self { settings, state, arrival: Notify::new() }
    }

    /// No messages and no keys.
    pub(crate) fn reset(&self) {
        let mut state = self.lock();
        *state = State::new(&self.settings);
    }

    /// Adds a message with this body, as it is delivered.
    pub(crate) fn put(&self, queue: &str, id: String, body: String, now: SystemTime) -> Result<(), UnknownQueue> {
        let message = Message { id, body, enqueued: now, visible: now, first_received: now, received: 0 };
        let mut state = self.lock();
        let messages = state.queues.get_mut(queue).ok_or_else(|| UnknownQueue(queue.to_owned()))?;
        if messages.len() == MOST_MESSAGES {
            messages.pop_front();
        }
        messages.push_back(message);
        drop(state);
        self.wake();
        Ok(())
    }

    /// Lets requests that wait look again.
    pub(crate) fn wake(&self) {
        self.arrival.notify_waiters();
    }

    /// Ends when a message may have become visible.
    pub(crate) fn arrival(&self) -> Notified<'_> {
        self.arrival.notified()
    }

    /// The number of messages in a queue, visible or not.
    pub(crate) fn len(&self, queue: &str) -> usize {
        self.lock().queues.get(queue).map_or(0, VecDeque::len)
    }

    pub(crate) fn exists(&self, queue: &str) -> bool {
        self.lock().queues.contains_key(queue)
    }

    /// Receives the oldest visible messages, at most this number.
    pub(crate) fn receive(&self, queue: &str, most: usize, now: SystemTime) -> Vec<Message> {
        let until = later(now, self.settings.visibility_timeout);
        let mut state = self.lock();
        let messages = state.queues.get_mut(queue).into_iter().flatten();
        let visible = messages.filter(|message| message.visible <= now).take(most);
        let receive = |message: &mut Message| {
            if message.received == 0 {
                message.first_received = now;
            }
            message.received += 1;
            message.visible = until;
            message.clone()
        };
        visible.map(receive).collect()
    }

    /// Deletes the messages with these handles. Returns the handles that are not valid, or not any more.
    pub(crate) fn delete(&self, queue: &str, handles: Vec<String>, now: SystemTime) -> Vec<String> {
        let mut state = self.lock();
        let Some(messages) = state.queues.get_mut(queue) else { return handles };
        let mut delete = |handle: &String| {
            let found = messages.iter().position(|message| message.received > 0 && message.handle() == *handle);
            // After its time the message belongs to whoever receives it next.
            let deleted = found.filter(|&at| messages.get(at).is_some_and(|message| message.visible > now));
            deleted.is_some_and(|at| messages.remove(at).is_some())
        };
        handles.into_iter().filter(|handle| !delete(handle)).collect()
    }

    /// Adds a key, which expires after the lifetime of tokens.
    fn issue(&self, seed: u64, now: SystemTime) -> Issued {
        let mut state = self.lock();
        let count = state.keys.back().map_or(1, |last| last.number + 1);
        let issued = Issued::new(seed, count, later(now, self.settings.token_lifetime));
        if state.keys.len() == MOST_KEYS {
            state.keys.pop_front();
        }
        state.keys.push_back(issued.clone());
        issued
    }

    /// The key with this id.
    fn key(&self, id: &str) -> Option<Issued> {
        self.lock().keys.iter().find(|key| key.id == id).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new(settings: &QueueSettings) -> Self {
        let queues = settings.names.iter().map(|name| (name.clone(), VecDeque::new())).collect();
        Self { queues, keys: VecDeque::new() }
    }
}

/// The body of a message, as services put it: base64.
pub(crate) fn encoded(body: &[u8]) -> String {
    STANDARD.encode(body)
}

/// The emulator has no queue of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownQueue(String);

impl fmt::Display for UnknownQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the emulator has no queue {:?}; declare it with Builder::queue", self.0)
    }
}

impl std::error::Error for UnknownQueue {}

#[cfg(test)]
mod tests;
