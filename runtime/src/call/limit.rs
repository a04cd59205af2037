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
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;
    use tokio::task::JoinSet;
    use tokio::time::{advance, sleep};

    use super::*;

    const PER_SECOND: u32 = 3;

    fn admission(in_flight: Option<usize>) -> Arc<Admission> {
        Arc::new(Admission::new(Rates::default(), in_flight))
    }

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    /// Takes a place for a request of `A` and waits for its turn.
    async fn go(admission: &Admission, per_second: u32, deadline: Instant) -> Result<Permit, NotAdmitted> {
        admission.enter("A", Some(("A", per_second)), deadline)?.admit(deadline).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_has_its_share_and_no_more_and_a_pause_saves_up_nothing() {
        let (admission, start) = (admission(None), Instant::now());
        let deadline = after(start, 60);
        let mut went = Vec::new();
        for _ in 0..7 {
            go(&admission, PER_SECOND, deadline).await.unwrap();
            went.push((Instant::now() - start).as_millis());
        }
        assert_eq!(went, [0, 0, 0, 1000, 1000, 1000, 2000]);
        advance(Duration::from_secs(30)).await;
        let start = Instant::now();
        for expected in [0, 0, 0, 1000] {
            go(&admission, PER_SECOND, deadline).await.unwrap();
            assert_eq!((Instant::now() - start).as_millis(), expected);
        }
        // Another operation has a rate of its own.
        admission.enter("B", Some(("B", 1)), deadline).unwrap().admit(deadline).await.unwrap();
        assert_eq!((Instant::now() - start).as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_go_in_the_order_of_arrival_whoever_is_polled_first() {
        let (admission, start) = (admission(Some(2)), Instant::now());
        let deadline = after(start, 60);
        let tickets: Vec<Ticket> = (0..9).map(|_| admission.enter("A", Some(("A", 2)), deadline).unwrap()).collect();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for (index, ticket) in tickets.into_iter().enumerate().rev() {
            let order = Arc::clone(&order);
            tasks.spawn(async move {
                let permit = ticket.admit(deadline).await.unwrap();
                lock(&order).push((index, (Instant::now() - start).as_secs()));
                sleep(Duration::from_millis(10)).await;
                drop(permit);
            });
        }
        tasks.join_all().await;
        assert_eq!(*lock(&order), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 3), (8, 4)]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_cannot_go_in_time_is_told_at_once_with_the_time_it_would_take() {
        let (admission, start) = (admission(None), Instant::now());
        let far = after(start, 60);
        let waiting: Vec<Ticket> = (0..7).map(|_| admission.enter("A", Some(("A", 2)), far).unwrap()).collect();
        // Two go each second, so the eighth is the second one that goes in the fourth second.
        let enter = |deadline| admission.enter("A", Some(("A", 2)), deadline).map(|_| ());
        let too_late = NotAdmitted::TooLate { per_second: 2, wait: Duration::from_secs(3) };
        assert_eq!(enter(after(start, 3)), Err(too_late));
        assert_eq!(enter(after(start, 3) + Duration::from_nanos(1)), Ok(()));
        drop(waiting);
        assert_eq!(enter(start + Duration::from_nanos(1)), Ok(()));
        // Whose turn it is has no rate to wait for, even where its time is over.
        assert_eq!(enter(start), Ok(()));
        assert!(go(&admission, 2, start).await.is_ok());
        assert_eq!(Instant::now(), start);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_that_are_dropped_while_they_wait_hold_up_nobody() {
        let (admission, start) = (admission(None), Instant::now());
        let deadline = after(start, 600);
        go(&admission, 1, deadline).await.unwrap();
        let mut waiting: Vec<Ticket> =
            (0..100).map(|_| admission.enter("A", Some(("A", 1)), deadline).unwrap()).collect();
        let last = waiting.pop().unwrap();
        let first = waiting.swap_remove(0);
        drop(waiting);
        let last = tokio::spawn(async move { last.admit(deadline).await.map(|_| Instant::now()) });
        first.admit(deadline).await.unwrap();
        assert_eq!(Instant::now() - start, SECOND);
        assert_eq!(last.await.unwrap().unwrap() - start, SECOND * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_waits_for_its_rate_takes_no_permit_from_others() {
        let (admission, start) = (admission(Some(1)), Instant::now());
        let deadline = after(start, 60);
        drop(go(&admission, 1, deadline).await.unwrap());
        let waiting = tokio::spawn({
            let admission = Arc::clone(&admission);
            async move { go(&admission, 1, deadline).await.map(|_| Instant::now()) }
        });
        tokio::task::yield_now().await;
        // An operation without a rate, while `A` waits for its next second.
        let permit = admission.enter("B", None, deadline).unwrap().admit(deadline).await.unwrap();
        assert_eq!(Instant::now(), start);
        sleep(Duration::from_millis(1500)).await;
        drop(permit);
        // Time has passed and the permit was busy: the request goes as soon as both are there.
        assert_eq!(waiting.await.unwrap().unwrap() - start, Duration::from_millis(1500));
    }

    #[tokio::test(start_paused = true)]
    async fn both_limits_are_named_when_the_time_is_over() {
        let (admission, start) = (admission(Some(1)), Instant::now());
        let held = admission.enter("B", None, after(start, 9)).unwrap().admit(after(start, 9)).await.unwrap();
        let end = after(start, 2);
        let outcome = admission.enter("B", None, end).unwrap().admit(end).await.map(|_| ());
        assert_eq!((outcome, Instant::now()), (Err(NotAdmitted::InFlight), end));
        let end = after(start, 3);
        assert_eq!(go(&admission, 1, end).await.map(|_| ()), Err(NotAdmitted::InFlight));
        drop(held);
        let first = admission.enter("A", Some(("A", 1)), after(start, 9)).unwrap();
        let end = after(start, 5);
        // The one before it does not move, since nobody polls it.
        let outcome = go(&admission, 1, end).await.map(|_| ());
        assert_eq!((outcome, Instant::now()), (Err(NotAdmitted::RateLimit { per_second: 1 }), end));
        drop(first);
    }

    /// A number of requests with some permits and some latency: none is lost, no second has more than its share, and none
    /// has fewer than the permits allow.
    async fn burst(requests: usize, per_second: u32, permits: usize, latency: Duration) -> (Vec<Instant>, usize) {
        let admission = admission(Some(permits));
        let start = Instant::now();
        let deadline = after(start, 3_600);
        let went = Arc::new(Mutex::new(Vec::new()));
        let (flying, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        for _ in 0..requests {
            let ticket = admission.enter("A", Some(("A", per_second)), deadline).unwrap();
            let (went, flying, most) = (Arc::clone(&went), Arc::clone(&flying), Arc::clone(&most));
            tasks.spawn(async move {
                let permit = ticket.admit(deadline).await.unwrap();
                lock(&went).push(Instant::now());
                most.fetch_max(flying.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                sleep(latency).await;
                flying.fetch_sub(1, Ordering::SeqCst);
                drop(permit);
            });
        }
        tasks.join_all().await;
        let went = lock(&went).clone();
        (went, most.load(Ordering::SeqCst))
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_the_documented_rate() {
        let start = Instant::now();
        let (went, most) = burst(600, 100, 16, Duration::from_millis(100)).await;
        assert_eq!((went.len(), most), (600, 16));
        // 160 a second could be on their way and 100 may go: six seconds have 100 each.
        for second in 0..6 {
            let share = went.iter().filter(|at| (**at - start).as_secs() == second).count();
            assert_eq!(share, 100, "second {second}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn bursts_have_what_both_limits_allow(
            requests in 1_usize..80, per_second in 1_u32..20, permits in 1_usize..8, latency in 0_u64..700,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let latency = Duration::from_millis(latency);
            let share = usize::try_from(per_second).unwrap();
            let (start, (went, most)) = runtime.block_on(async {
                (Instant::now(), burst(requests, per_second, permits, latency).await)
            });
            prop_assert_eq!(went.len(), requests);
            prop_assert!(most <= permits && went.is_sorted());
            // Never more: one that comes a share later goes a second later.
            prop_assert!(went.iter().zip(went.iter().skip(share)).all(|(first, next)| *next - *first >= SECOND));
            // Not fewer: each goes as soon as its second and its permit are there.
            let tick = Duration::from_millis(2);
            for (index, at) in went.iter().enumerate() {
                let rate = index.checked_sub(share).map_or(start, |before| went[before] + SECOND);
                let permit = index.checked_sub(permits).map_or(start, |before| went[before] + latency);
                prop_assert!(*at <= rate.max(permit) + tick, "request {} waited", index);
            }
        }
    }

    #[test]
    fn a_documented_rate_gives_way_to_what_the_client_is_told() {
        let mut rates = Rates::default();
        let typed =
            |rates: &Rates, action, documented: Option<u32>| rates.of(action, documented.map(|rate| (action, rate)));
        assert_eq!((typed(&rates, "A", Some(100)), typed(&rates, "A", None)), (Some(("A", 100)), None));
        rates.set("A", 50);
        rates.set("B", 0);
        assert_eq!((typed(&rates, "A", Some(100)), typed(&rates, "B", Some(100))), (Some(("A", 50)), None));
        assert_eq!(rates.of("A", None), Some(("A", 50)));
        rates.turn_off();
        assert_eq!((typed(&rates, "A", Some(100)), typed(&rates, "C", Some(100))), (Some(("A", 50)), None));
    }
}
