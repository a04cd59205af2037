//! Limits of a client: requests per second of an operation, and requests in flight.
//!
//! The service counts the requests of a second, and so does this: of the last `per_second` requests of an operation,
//! the first one is at least a second old. A token bucket, full after a break, would admit twice the number in its
//! first second.
//!
//! Requests of an operation with a rate wait in one queue, in their order of arrival. Only the head of the queue waits,
//! first for time and then for a permit, and it takes its slot at the moment at which it goes. So no slot is reserved
//! ahead of time or passes unused, and a request that is dropped while it waits has nothing to give back.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until, timeout_at};

const SECOND: Duration = Duration::from_secs(1);

/// An operation, and its maximum number of requests per second.
pub(crate) type Rate = (&'static str, u32);

/// The limits of a client, over all its operations.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    rates: Rates,
    in_flight: Option<Arc<Semaphore>>,
}

/// Why a request cannot go within the time limit of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAdmitted {
    /// It would have to wait for this time, because of the rate of its operation.
    TooLate { per_second: u32, wait: Duration },
    /// It did not become the head of the queue in time, because of the rate of its operation.
    RateLimit { per_second: u32 },
    /// There was no permit in time, because of the number of requests in flight.
    InFlight,
}

/// The right to have one request in flight, until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    _in_flight: Option<OwnedSemaphorePermit>,
}

impl Admission {
    pub(crate) fn new(rates: Rates, in_flight: Option<usize>) -> Self {
        Self { rates, in_flight: in_flight.map(|requests| Arc::new(Semaphore::new(requests))) }
    }

    /// Joins the queues. Requests go in the order of these calls. Refuses at once if the request could go only after
    /// the deadline.
    pub(crate) fn enter(
        &self,
        action: &str,
        documented: Option<Rate>,
        deadline: Instant,
    ) -> Result<Ticket, NotAdmitted> {
        let in_flight = self.in_flight.clone();
        Ok(match (self.rates.of(action, documented), in_flight) {
            (Some(rate), in_flight) => {
                let (window, waiting) = self.rates.window(rate).enter(rate.1, deadline)?;
                let head = Waiter::enter(&window.queue);
                Ticket::Rate { head, waiting, in_flight }
            }
            (None, Some(in_flight)) => Ticket::InFlight(Waiter::enter(&in_flight)),
            (None, None) => Ticket::Free,
        })
    }
}

/// A request in the queues.
pub(crate) enum Ticket {
    /// Nothing is limited.
    Free,
    /// Waits for one of the requests in flight to end.
    InFlight(Waiter),
    /// Waits in the queue of its operation.
    Rate { head: Waiter, waiting: Waiting, in_flight: Option<Arc<Semaphore>> },
}

impl Ticket {
    /// Waits until the request may go.
    pub(crate) async fn admit(self, deadline: Instant) -> Result<Permit, NotAdmitted> {
        match self {
            Self::Free => Ok(Permit { _in_flight: None }),
            Self::InFlight(waiter) => {
                let permit = timeout_at(deadline, waiter.wait()).await.map_err(|_| NotAdmitted::InFlight)?;
                Ok(Permit { _in_flight: permit })
            }
            Self::Rate { head, mut waiting, in_flight } => {
                let late = NotAdmitted::RateLimit { per_second: waiting.per_second };
                // Held until the slot is taken: only the head of the queue takes slots, so a free slot stays free.
                let _head = timeout_at(deadline, head.wait()).await.map_err(|_| late)?;
                let free = waiting.next_slot();
                if free > Instant::now() {
                    if free >= deadline {
                        return Err(late);
                    }
                    sleep_until(free).await;
                }
                let permit = match in_flight {
                    None => None,
                    Some(in_flight) => {
                        let permit = timeout_at(deadline, in_flight.acquire_owned()).await;
                        // The semaphore is never closed.
                        permit.map_err(|_| NotAdmitted::InFlight)?.ok()
                    }
                };
                waiting.take_slot();
                Ok(Permit { _in_flight: permit })
            }
        }
    }
}

/// A position in the queue of a semaphore.
pub(crate) struct Waiter(Turn);

enum Turn {
    Here(Option<OwnedSemaphorePermit>),
    Later(Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>),
}

impl Waiter {
    /// Joins the queue now: a semaphore knows a waiter from its first poll on.
    fn enter(semaphore: &Arc<Semaphore>) -> Self {
        // The semaphore is never closed, and a new request does not overtake those that wait.
        if let Ok(permit) = Arc::clone(semaphore).try_acquire_owned() {
            return Self(Turn::Here(Some(permit)));
        }
        // Without this, a task that has used up its budget would join the queue only at its next poll.
        let mut later = Box::pin(unconstrained(Arc::clone(semaphore).acquire_owned()));
        Self(match later.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(permit) => Turn::Here(permit.ok()),
            Poll::Pending => Turn::Later(later),
        })
    }

    async fn wait(self) -> Option<OwnedSemaphorePermit> {
        match self.0 {
            Turn::Here(permit) => permit,
            Turn::Later(permit) => permit.await.ok(),
        }
    }
}

/// The rates of all operations of a client. An operation without a rate has no entry, and costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    /// Rates that the caller set instead of the documented ones.
    told: HashMap<&'static str, u32>,
    /// Whether documented rates are ignored.
    off: bool,
    windows: Mutex<HashMap<&'static str, Arc<Window>>>,
}

impl Rates {
    /// Sets the rate of an operation; 0 removes it.
    pub(crate) fn set(&mut self, action: &'static str, per_second: u32) {
        self.told.insert(action, per_second);
    }

    /// Ignores all documented rates.
    pub(crate) fn turn_off(&mut self) {
        self.off = true;
    }

    /// The rate of an operation, if it has one.
    fn of(&self, action: &str, documented: Option<Rate>) -> Option<Rate> {
        let told = self.told.get_key_value(action).map(|(action, per_second)| (*action, *per_second));
        told.or(documented.filter(|_| !self.off)).filter(|(_, per_second)| *per_second > 0)
    }

    fn window(&self, (action, _): Rate) -> Arc<Window> {
        Arc::clone(lock(&self.windows).entry(action).or_insert_with(|| Arc::new(Window::new())))
    }
}

/// The requests of one operation: those of the last second, and those that wait.
#[derive(Debug)]
struct Window {
    /// Its one permit is the head of the queue.
    queue: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the requests of the last second went, oldest first.
    went: VecDeque<Instant>,
    /// The number of waiting requests, the head included.
    waiting: usize,
}

impl Window {
    fn new() -> Self {
        Self { queue: Arc::new(Semaphore::new(1)), state: Mutex::default() }
    }

    fn enter(self: Arc<Self>, per_second: u32, deadline: Instant) -> Result<(Arc<Self>, Waiting), NotAdmitted> {
        {
            let now = Instant::now();
            let mut state = lock(&self.state);
            let before = state.waiting;
            let turn = state.turn(before, per_second, now);
            // If the request may go now, the rate is not the reason.
            if turn >= deadline && turn > now {
                return Err(NotAdmitted::TooLate { per_second, wait: turn - now });
            }
            state.waiting += 1;
        }
        let waiting = Waiting { window: Arc::clone(&self), per_second, left: false };
        Ok((self, waiting))
    }
}

impl State {
    /// The earliest time at which a request can go that has this number of requests before it.
    fn turn(&mut self, before: usize, per_second: u32, now: Instant) -> Instant {
        while self.went.front().is_some_and(|first| *first + SECOND <= now) {
            self.went.pop_front();
        }
        let per_second = usize::try_from(per_second).unwrap_or(usize::MAX).max(1);
        let Some(index) = (self.went.len() + before).checked_sub(per_second) else { return now };
        match index.checked_sub(self.went.len()) {
            None => self.went.get(index).map_or(now, |went| *went + SECOND),
            // It goes after a request that waits itself, which has `per_second` fewer requests before it for each
            // second.
            Some(behind) => {
                let seconds = u32::try_from(behind / per_second + 1).unwrap_or(u32::MAX);
                self.turn(behind % per_second, per_second.try_into().unwrap_or(u32::MAX), now) + SECOND * seconds
            }
        }
    }
}

/// A waiting request of an operation.
#[derive(Debug)]
pub(crate) struct Waiting {
    window: Arc<Window>,
    per_second: u32,
    /// Whether it no longer waits.
    left: bool,
}

impl Waiting {
    /// When the head of the queue may go.
    fn next_slot(&self) -> Instant {
        lock(&self.window.state).turn(0, self.per_second, Instant::now())
    }

    /// The head of the queue goes now.
    fn take_slot(&mut self) {
        let mut state = lock(&self.window.state);
        state.went.push_back(Instant::now());
        state.waiting -= 1;
        self.left = true;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if !self.left {
            lock(&self.window.state).waiting -= 1;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
