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
async fn a_second_has_its_rate_and_unused_rate_is_not_saved() {
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
async fn requests_go_in_the_order_of_arrival_whatever_is_polled_first() {
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
async fn a_call_that_cannot_go_in_time_fails_at_once_with_the_wait() {
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
    let mut waiting: Vec<Ticket> = (0..100).map(|_| admission.enter("A", Some(("A", 1)), deadline).unwrap()).collect();
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
fn a_rate_of_the_client_overrides_the_documented_one() {
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
