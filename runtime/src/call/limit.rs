//! How many requests a client sends: a number of one operation in a second, and a number at once.
//!
//! The service counts the requests of a second, so this does too: among the last `per_second` requests of an operation,
//! the first is at least a second old. A bucket of tokens, full after a pause, would let twice as many through in its
//! first second.
//!
//! Requests of an operation with a rate wait in one queue, in their order of arrival. Only the head of the queue waits
//! for time and then for a permit, and it takes its slot in the moment in which it goes. So no slot is reserved ahead of
//! time, none can pass unused, and a request that is dropped while it waits has nothing to give back.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until, timeout_at};

const SECOND: Duration = Duration::from_secs(1);

/// An operation, and how many requests of it may go in a second.
pub(crate) type Rate = (&'static str, u32);

/// The limits of a client, over all its operations.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    rates: Rates,
    in_flight: Option<Arc<Semaphore>>,
}

/// Why a request may not go within the time of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotAdmitted {
    /// Its turn comes only after this time, because of the rate of its operation.
    TooLate { per_second: u32, wait: Duration },
    /// Its turn did not come, because of the rate of its operation.
    RateLimit { per_second: u32 },
    /// Its turn did not come, because of the number of requests in flight.
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

    /// Takes a place among the waiting requests. The order of these calls is the order in which requests go. Refuses at
    /// once where the turn could come only after the deadline.
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

/// A place among the waiting requests.
pub(crate) enum Ticket {
    /// Nothing is limited.
    Free,
    /// Waits for one of the requests in flight to end.
    InFlight(Waiter),
    /// Waits in the queue of its operation.
    Rate { head: Waiter, waiting: Waiting, in_flight: Option<Arc<Semaphore>> },
}

impl Ticket {
    /// Waits for the turn of the request.
    pub(crate) async fn admit(self, deadline: Instant) -> Result<Permit, NotAdmitted> {
        match self {
            Self::Free => Ok(Permit { _in_flight: None }),
            Self::InFlight(waiter) => {
                let permit = timeout_at(deadline, waiter.wait()).await.map_err(|_| NotAdmitted::InFlight)?;
                Ok(Permit { _in_flight: permit })
            }
            Self::Rate { head, mut waiting, in_flight } => {
                let late = NotAdmitted::RateLimit { per_second: waiting.per_second };
                // Held until the slot is taken: only the head of the queue takes slots, so what is free stays free.
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
                        // It is never closed.
                        permit.map_err(|_| NotAdmitted::InFlight)?.ok()
                    }
                };
                waiting.take_slot();
                Ok(Permit { _in_flight: permit })
            }
        }
    }
}

/// A place in the queue of a semaphore.
pub(crate) struct Waiter(Turn);

enum Turn {
    Here(Option<OwnedSemaphorePermit>),
    Later(Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit, AcquireError>> + Send>>),
}

impl Waiter {
    /// Takes the place now: a semaphore knows a waiter from its first poll on.
    fn enter(semaphore: &Arc<Semaphore>) -> Self {
        // It is never closed, and gives to nobody who comes now what others wait for.
        if let Ok(permit) = Arc::clone(semaphore).try_acquire_owned() {
            return Self(Turn::Here(Some(permit)));
        }
        // A task that has used up its budget would not be let in before its next turn.
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

/// The rates of all operations of a client. An operation without a limit has no entry, and costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    /// What the client was told instead of the documented rates.
    told: HashMap<&'static str, u32>,
    /// Whether documented rates are not kept.
    off: bool,
    windows: Mutex<HashMap<&'static str, Arc<Window>>>,
}

impl Rates {
    /// Keeps this rate for an operation; 0 keeps none.
    pub(crate) fn set(&mut self, action: &'static str, per_second: u32) {
        self.told.insert(action, per_second);
    }

    /// Keeps no documented rate.
    pub(crate) fn turn_off(&mut self) {
        self.off = true;
    }

    /// The rate of an operation, if it has one that is kept.
    fn of(&self, action: &str, documented: Option<Rate>) -> Option<Rate> {
        let told = self.told.get_key_value(action).map(|(action, per_second)| (*action, *per_second));
        told.or(documented.filter(|_| !self.off)).filter(|(_, per_second)| *per_second > 0)
    }

    fn window(&self, (action, _): Rate) -> Arc<Window> {
        Arc::clone(lock(&self.windows).entry(action).or_insert_with(|| Arc::new(Window::new())))
    }
}

/// The requests of one operation: those that went in the last second, and those that wait.
#[derive(Debug)]
struct Window {
    /// Its one permit is the head of the queue.
    queue: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the requests of the last second went, in order.
    went: VecDeque<Instant>,
    /// How many wait, the head included.
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
            // Where it is its turn now, the rate is not what it lacks.
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
    /// The earliest time at which a request can go that has this many before it.
    fn turn(&mut self, before: usize, per_second: u32, now: Instant) -> Instant {
        while self.went.front().is_some_and(|first| *first + SECOND <= now) {
            self.went.pop_front();
        }
        let per_second = usize::try_from(per_second).unwrap_or(usize::MAX).max(1);
        let Some(index) = (self.went.len() + before).checked_sub(per_second) else { return now };
        match index.checked_sub(self.went.len()) {
            None => self.went.get(index).map_or(now, |went| *went + SECOND),
            // Behind a request that waits itself, which has as many before it as there are whole seconds less.
            Some(behind) => {
                let seconds = u32::try_from(behind / per_second + 1).unwrap_or(u32::MAX);
                self.turn(behind % per_second, per_second.try_into().unwrap_or(u32::MAX), now) + SECOND * seconds
            }
        }
    }
}

/// One of the waiting requests of an operation.
#[derive(Debug)]
pub(crate) struct Waiting {
    window: Arc<Window>,
    per_second: u32,
    /// Whether it waits no more.
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
