//! Turning pages: order, ends, errors, dropped futures, reading ahead, and memory that does not grow.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::specimen::{Answers, ListThings, Specimens, Thing, answer, client, parameter};
use aliyun_runtime::http::Request;
use aliyun_runtime::{
    BoxFuture, Bytes, Client, ErrorKind, HttpResponse, Items, Pages, Sent, Transport, TransportError,
};

/// The body of a page: `size` things, numbered through.
fn page(number: i64, size: i64, total: i64) -> Bytes {
    let first = (number - 1) * size;
    let mut body = String::with_capacity(32 * usize::try_from(size).unwrap());
    let _ = write!(body, r#"{{"Code":"OK","Total":{total},"Things":["#);
    for id in first..total.min(first + size) {
        let _ = write!(body, r#"{}{{"id":{id}}}"#, if id == first { "" } else { "," });
    }
    body.push_str("]}");
    body.into()
}

fn asked(request: &Request<Bytes>) -> i64 {
    parameter(request.body(), "Page").unwrap().parse().unwrap()
}

/// A client of `total` things on pages of `size`, and how many pages it asked for.
fn things(size: i64, total: i64) -> (Client<Specimens>, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let transport = Answers(move |request| {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(answer(200, page(asked(&request), size, total)))
    });
    (client(transport), count)
}

/// Answers a page after a while: 10 milliseconds of a paused clock.
struct Slow {
    total: i64,
    begun: Arc<AtomicUsize>,
}

const A_WHILE: Duration = Duration::from_millis(10);

impl Transport for Slow {
    fn send(&self, request: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            tokio::time::sleep(A_WHILE).await;
            Ok(answer(200, page(asked(&request), 2, self.total)))
        })
    }
}

fn slow(total: i64) -> (Client<Specimens>, Arc<AtomicUsize>) {
    let begun = Arc::new(AtomicUsize::new(0));
    (client(Slow { total, begun: Arc::clone(&begun) }), begun)
}

async fn ids(items: &mut Items<ListThings>) -> Vec<i64> {
    let mut ids = Vec::new();
    while let Some(Thing { id, .. }) = items.next().await.unwrap() {
        ids.push(id);
    }
    ids
}

async fn first_ids(pages: &mut Pages<ListThings>) -> Vec<i64> {
    let mut ids = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        ids.push(page.things[0].id);
    }
    ids
}

#[tokio::test]
async fn items_come_in_order_whether_or_not_they_are_read_ahead() {
    for most in [0, 1, 3, usize::MAX] {
        let (client, count) = things(3, 8);
        let mut items = client.items(ListThings::default()).read_ahead(most);
        assert_eq!(ids(&mut items).await, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(count.load(Ordering::Relaxed), 3);
        assert_eq!(items.next().await.unwrap(), None);
        assert_eq!(first_ids(&mut client.pages(ListThings::default()).read_ahead(most)).await, [0, 3, 6]);
    }
}

#[tokio::test]
async fn pages_begin_where_the_request_says() {
    for most in [0, 2] {
        let (client, _) = things(3, 8);
        let mut items = client.items(ListThings { page: Some(2) }).read_ahead(most);
        assert_eq!(ids(&mut items).await, [3, 4, 5, 6, 7]);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_requested_ahead_unless_read_ahead_is_set() {
    let (client, begun) = slow(20);
    let mut pages = client.pages(ListThings::default());
    tokio::time::sleep(10 * A_WHILE).await;
    assert_eq!(begun.load(Ordering::Relaxed), 0);
    pages.next().await.unwrap().unwrap();
    tokio::time::sleep(10 * A_WHILE).await;
    assert_eq!(begun.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn no_more_pages_are_read_ahead_than_was_said() {
    for most in [1, 2, 4] {
        let (client, begun) = slow(40);
        let mut pages = client.pages(ListThings::default()).read_ahead(most);
        tokio::time::sleep(10 * A_WHILE).await;
        assert_eq!(begun.load(Ordering::Relaxed), 0, "nothing before the first page is wanted");
        for used in 1..=5 {
            pages.next().await.unwrap().unwrap();
            tokio::time::sleep(10 * A_WHILE).await;
            assert_eq!(begun.load(Ordering::Relaxed), used + most);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_read_while_the_one_before_is_used() {
    let times = [(0, 20 * A_WHILE), (1, 11 * A_WHILE)];
    for (most, expected) in times {
        let (client, _) = slow(20);
        let start = tokio::time::Instant::now();
        let mut pages = client.pages(ListThings::default()).read_ahead(most);
        while pages.next().await.unwrap().is_some() {
            tokio::time::sleep(A_WHILE).await;
        }
        assert_eq!(start.elapsed(), expected, "{most} pages ahead");
    }
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_dropped_early_loses_nothing_and_asks_for_nothing_twice() {
    for most in [0, 1] {
        let (client, begun) = slow(6);
        let mut items = client.items(ListThings::default()).read_ahead(most);
        let mut ids = Vec::new();
        let mut dropped = 0;
        loop {
            match tokio::time::timeout(A_WHILE / 3, items.next()).await {
                Ok(item) => match item.unwrap() {
                    Some(item) => ids.push(item.id),
                    None => break,
                },
                Err(_) => dropped += 1,
            }
        }
        assert_eq!((ids, begun.load(Ordering::Relaxed)), (vec![0, 1, 2, 3, 4, 5], 3));
        assert!(dropped >= 6, "{dropped} futures were dropped, at least two for each page");
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_pages_stop_reading_ahead() {
    let (client, begun) = slow(100);
    let mut pages = client.pages(ListThings::default()).read_ahead(3);
    pages.next().await.unwrap().unwrap();
    drop(pages);
    tokio::time::sleep(100 * A_WHILE).await;
    assert!(begun.load(Ordering::Relaxed) <= 2, "one page was used and one was under way");
    // The task is gone, and with it what it held of the client.
    assert_eq!(Arc::strong_count(&begun), 2);
    drop(client);
    assert_eq!(Arc::strong_count(&begun), 1);
}

/// Answers every second request with a failure.
fn flaky() -> Client<Specimens> {
    let count = AtomicI64::new(0);
    client(Answers(move |request| {
        if count.fetch_add(1, Ordering::Relaxed) % 2 == 1 {
            return Ok(answer(200, r#"{"Code":"isv.OUT_OF_SERVICE"}"#));
        }
        Ok(answer(200, page(asked(&request), 2, 6)))
    }))
}

#[tokio::test]
async fn after_an_error_the_same_page_is_requested_again() {
    for most in [0, 1, 5] {
        let mut items = flaky().items(ListThings::default()).read_ahead(most);
        let mut seen = Vec::new();
        loop {
            match items.next().await {
                Ok(Some(item)) => seen.push(item.id.to_string()),
                Ok(None) => break,
                Err(error) => seen.push(error.code().unwrap().to_owned()),
            }
        }
        let failed = "isv.OUT_OF_SERVICE";
        assert_eq!(seen, ["0", "1", failed, "2", "3", failed, "4", "5"], "{most} pages ahead");
    }
}

#[tokio::test]
async fn the_same_page_twice_is_an_error_and_not_a_loop() {
    for most in [0, 2] {
        // No total says that items repeat.
        let body = r#"{"Code":"OK","Things":[{"id":1},{"id":2}]}"#;
        let mut pages = client(Answers(move |_| Ok(answer(200, body)))).pages(ListThings::default()).read_ahead(most);
        pages.next().await.unwrap().unwrap();
        let error = pages.next().await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Paging, Sent::Yes));
        assert_eq!(
            error.to_string(),
            "ListThings: the service answered the same page twice, so the pages do not move on"
        );
    }
}

#[tokio::test]
async fn an_empty_page_before_the_total_is_an_error_after_all_received_items() {
    for most in [0, 1, 5] {
        // The third page is empty once.
        let empty = AtomicUsize::new(1);
        let transport = Answers(move |request| {
            let number = asked(&request);
            if number == 3 && empty.swap(0, Ordering::Relaxed) == 1 {
                return Ok(answer(200, r#"{"Code":"OK","Total":50,"Things":[]}"#));
            }
            Ok(answer(200, page(number, 10, 50)))
        });
        let mut items = client(transport).items(ListThings::default()).read_ahead(most);
        for id in 0..20 {
            assert_eq!(items.next().await.unwrap().unwrap().id, id);
        }
        let error = items.next().await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Paging, Sent::Yes));
        let expected =
            "ListThings: 20 of 50 items came, and then an empty page; list again later, or narrow what is asked for";
        assert_eq!(error.to_string(), expected);
        assert_eq!(ids(&mut items).await, (20..50).collect::<Vec<_>>(), "the page is asked for again");
    }
}

#[test]
fn without_a_runtime_the_call_says_what_is_missing() {
    let (client, _) = things(2, 4);
    let mut pages = client.pages(ListThings::default()).read_ahead(1);
    let mut next = std::pin::pin!(pages.next());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(Err(error)) = next.as_mut().poll(&mut context) else { panic!("it waits for nothing") };
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("tokio runtime"), "{error}");
}

#[test]
fn a_runtime_that_is_gone_is_an_error() {
    let (client, _) = things(2, 40);
    let mut pages = client.pages(ListThings::default()).read_ahead(1);
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    first.block_on(pages.next()).unwrap().unwrap();
    drop(first);
    let second = runtime();
    // What was read before it went is still there.
    let error = loop {
        match second.block_on(pages.next()) {
            Ok(page) => assert!(page.is_some()),
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Paging, Sent::Maybe));
    assert!(error.to_string().contains("its runtime was shut down"), "{error}");
}

fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The most memory, in bytes, that was in use at once while all items were taken.
fn peak(size: i64, total: i64, most: usize) -> u64 {
    let (client, _) = things(size, total);
    let runtime = current_thread();
    let counted = allocation_counter::measure(|| {
        let sum = runtime.block_on(async {
            let mut items = client.items(ListThings::default()).read_ahead(most);
            let mut sum = 0;
            while let Some(item) = items.next().await.unwrap() {
                sum += item.id;
            }
            sum
        });
        assert_eq!(sum, total * (total - 1) / 2);
    });
    counted.bytes_max
}

/// A page of 1,000 things takes about 80 KB: 17 KB of text, and records of 32 bytes in a list with room to grow.
const BOUND: u64 = 256 << 10;

#[test]
fn a_million_records_take_no_more_memory_than_a_page() {
    let few = peak(1000, 10_000, 0);
    let many = peak(1000, 1_000_000, 0);
    assert!(many < BOUND, "{many} bytes");
    // A later page is longer by the digits of its numbers.
    assert!(many < few + few / 8, "{few} bytes for ten thousand, {many} bytes for a million");
}

#[test]
fn records_that_are_read_ahead_take_the_memory_of_their_pages() {
    for most in [1, 4] {
        let bytes = peak(1000, 50_000, most);
        assert!(bytes < (1 + most as u64) * BOUND, "{bytes} bytes for {most} pages ahead");
    }
}
