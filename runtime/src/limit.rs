//! How many requests a client sends: so many of one operation in a second, so many at once.
//!
//! The service counts the requests of a second, so this does too: of the last so many requests of an operation, the
//! first is at least a second old. A bucket of tokens, full after a pause, would let twice as many through in its
//! first second. Every waiting request has its moment from the beginning on: so they go in the order in which they
//! came, one that cannot go in time is refused at once, one that nobody polls keeps no other waiting, and one that is
//! dropped gives its place back.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

const SECOND: Duration = Duration::from_secs(1);

/// An operation, and how many requests of it may go in a second.
pub(crate) type Rate = (&'static str, u32);

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
    pub(crate) fn of(&self, action: &str, documented: Option<Rate>) -> Option<Rate> {
        let told = self.told.get_key_value(action).map(|(action, per_second)| (*action, *per_second));
        told.or(documented.filter(|_| !self.off)).filter(|(_, per_second)| *per_second > 0)
    }

    /// Waits until a request may go. `Err` is the time it would take, if that is after `deadline`.
    pub(crate) async fn wait(&self, (action, per_second): Rate, deadline: Instant) -> Result<(), Duration> {
        let window = Arc::clone(lock(&self.windows).entry(action).or_default());
        let now = Instant::now();
        let mut place = window.reserve(per_second, now, deadline)?;
        if let Some(at) = place.at.filter(|at| *at > now) {
            sleep_until(at).await;
        }
        place.at = None;
        Ok(())
    }

    /// Takes this very moment for a request, if it is free.
    pub(crate) fn take(&self, (action, per_second): Rate) -> bool {
        let window = Arc::clone(lock(&self.windows).entry(action).or_default());
        let now = Instant::now();
        let place = window.reserve(per_second, now, now + Duration::from_nanos(1));
        place.map(|mut place| place.at = None).is_ok()
    }
}

/// When the last requests of an operation went or will go, in order.
#[derive(Debug, Default)]
struct Window(Mutex<VecDeque<Instant>>);

impl Window {
    fn reserve(&self, per_second: u32, now: Instant, deadline: Instant) -> Result<Place<'_>, Duration> {
        let mut times = lock(&self.0);
        while times.front().is_some_and(|first| *first + SECOND <= now) {
            times.pop_front();
        }
        let before = usize::try_from(per_second).ok().and_then(|count| times.len().checked_sub(count));
        let free = before.and_then(|index| times.get(index)).map(|first| *first + SECOND);
        let last = times.back().copied();
        let at = free.into_iter().chain(last).fold(now, Instant::max);
        if at >= deadline {
            return Err(at - now);
        }
        times.push_back(at);
        Ok(Place { window: self, at: Some(at) })
    }
}

/// The moment of one request.
#[derive(Debug)]
struct Place<'a> {
    window: &'a Window,
    /// `None` once it has come.
    at: Option<Instant>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Some(at) = self.at else { return };
        let mut times = lock(&self.window.0);
        if let Ok(index) = times.binary_search(&at) {
            times.remove(index);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(window: &Window) -> Vec<Instant> {
        lock(&window.0).iter().copied().collect()
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_than_its_share_and_a_pause_saves_up_nothing() {
        let (rates, start) = (Rates::default(), Instant::now());
        let deadline = start + Duration::from_secs(60);
        let mut went = Vec::new();
        for _ in 0..7 {
            rates.wait(("A", 3), deadline).await.unwrap();
            went.push((Instant::now() - start).as_millis());
        }
        assert_eq!(went, [0, 0, 0, 1000, 1000, 1000, 2000]);
        tokio::time::advance(Duration::from_secs(30)).await;
        let start = Instant::now();
        for expected in [0, 0, 0, 1000] {
            rates.wait(("A", 3), deadline).await.unwrap();
            assert_eq!((Instant::now() - start).as_millis(), expected);
        }
        // Another operation has a rate of its own.
        rates.wait(("B", 1), deadline).await.unwrap();
        assert_eq!((Instant::now() - start).as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_go_in_the_order_in_which_they_came_whoever_is_polled() {
        let (window, now) = (Window::default(), Instant::now());
        let deadline = now + Duration::from_secs(60);
        let places: Vec<Place<'_>> = (0..5).map(|_| window.reserve(2, now, deadline).unwrap()).collect();
        let seconds: Vec<u64> = places.iter().map(|place| (place.at.unwrap() - now).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 1, 1, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_cannot_go_in_time_is_told_at_once() {
        let (rates, start) = (Rates::default(), Instant::now());
        let deadline = start + Duration::from_millis(2500);
        for _ in 0..3 {
            rates.wait(("A", 1), deadline).await.unwrap();
        }
        let before = Instant::now();
        assert_eq!(rates.wait(("A", 1), deadline).await, Err(Duration::from_secs(1)));
        assert_eq!(Instant::now(), before);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_dropped_while_it_waits_gives_its_place_back() {
        let (window, now) = (Window::default(), Instant::now());
        let deadline = now + Duration::from_secs(600);
        let mut first = window.reserve(1, now, deadline).unwrap();
        first.at = None;
        let waiting: Vec<Place<'_>> = (0..100).map(|_| window.reserve(1, now, deadline).unwrap()).collect();
        assert_eq!(times(&window).len(), 101);
        drop(waiting);
        assert_eq!(times(&window), [now]);
        // The next one goes after a second, not after a hundred.
        assert_eq!(window.reserve(1, now, deadline).unwrap().at, Some(now + SECOND));
        assert_eq!(times(&window), [now]);
    }

    #[tokio::test(start_paused = true)]
    async fn places_given_back_in_the_middle_never_crowd_a_second() {
        let (window, now) = (Window::default(), Instant::now());
        let deadline = now + Duration::from_secs(600);
        let mut places: Vec<Place<'_>> = (0..12).map(|_| window.reserve(3, now, deadline).unwrap()).collect();
        places.drain(2..9);
        places.extend((0..9).map(|_| window.reserve(3, now, deadline).unwrap()));
        let times = times(&window);
        assert_eq!(times.len(), 14);
        assert!(times.is_sorted() && times.windows(4).all(|four| four[3] - four[0] >= SECOND), "{times:?}");
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
