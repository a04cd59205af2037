//! Futures that are dropped at any await lose nothing.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use aliyun_receipts::{Arrival, BoxFuture, Inbox, InboxError, MemoryInbox, Stored};
use tokio::sync::oneshot;

use crate::{Before, Bench, QUEUE, builder, settle};

/// Polls a future at most this number of times. Returns whether it is complete.
async fn poll_times(future: impl Future, times: usize) -> bool {
    let (mut future, mut left) = (pin!(future), times);
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        if future.as_mut().poll(context).is_ready() {
            return Poll::Ready(true);
        }
        if left == 0 { Poll::Ready(false) } else { Poll::Pending }
    })
    .await
}

/// An emulator and an inbox that take several polls for each of their parts.
fn slow() -> Bench {
    let inbox = MemoryInbox::new();
    let slowly = || async {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(())
    };
    let emulator = builder().build();
    emulator.on_any().fault(aliyun_emulator::Fault::delay(Duration::from_millis(10)));
    let slow = Detached(Arc::new(Before(inbox.clone(), slowly)));
    Bench::with(emulator, inbox, slow)
}

/// An inbox that finishes what it began even if nobody waits for it, as that in a file does.
struct Detached<I>(Arc<I>);

impl<I: Inbox> Inbox for Detached<I> {
    fn store(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Stored, InboxError>> {
        let inbox = Arc::clone(&self.0);
        let storing = tokio::spawn(async move { inbox.store(batch).await });
        Box::pin(async move { storing.await.unwrap() })
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_dropped_anywhere_loses_nothing() {
    let mut times = 0;
    loop {
        let bench = slow();
        for call in 0..3 {
            bench.put(&format!(r#"{{"call_id":"{call}"}}"#));
        }
        let is_complete = poll_times(bench.consumer.poll_once(), times).await;
        // What was begun ends, or the messages come again.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let after_drop = (bench.stored().len(), bench.emulator.queued(QUEUE));
        assert!(after_drop == (3, 0) || after_drop == (0, 3), "after {times}: {after_drop:?}");
        bench.emulator.advance(Duration::from_secs(30));
        while bench.emulator.queued(QUEUE) > 0 {
            bench.consumer.poll_once().await.unwrap();
        }
        settle().await;
        assert_eq!(bench.stored().len(), 3, "after {times}");
        assert_eq!(bench.new.texts().len(), 3, "after {times}");
        if is_complete {
            break;
        }
        times += 1;
    }
    // A key, messages, and the task that stores.
    assert!(times >= 4, "{times}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_anywhere_loses_nothing() {
    for times in 0..60 {
        let bench = slow();
        for call in 0..40 {
            bench.put(&format!(r#"{{"call_id":"{call}"}}"#));
        }
        poll_times(bench.consumer.run(std::future::pending()), times).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        bench.emulator.advance(Duration::from_secs(30));
        while bench.emulator.queued(QUEUE) > 0 {
            bench.consumer.poll_once().await.unwrap();
        }
        settle().await;
        assert_eq!((bench.stored().len(), bench.new.texts().len()), (40, 40), "after {times}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_the_batch_in_progress() {
    let inbox = MemoryInbox::new();
    let (begun, stored) = (crate::Log::default(), crate::Log::default());
    let (to_begun, to_stored) = (begun.clone(), stored.clone());
    let slowly = move || {
        let (begun, stored) = (to_begun.clone(), to_stored.clone());
        async move {
            begun.add("begun");
            tokio::time::sleep(Duration::from_secs(5)).await;
            stored.add("stored");
            Ok(())
        }
    };
    let bench = Bench::with(builder().build(), inbox.clone(), Before(inbox, slowly));
    bench.put(r#"{"call_id":"1"}"#);
    let (stop, stopped) = oneshot::channel::<()>();
    let watched = begun.clone();
    tokio::spawn(async move {
        while watched.texts().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.send(()).unwrap();
    });
    let shutdown = async {
        stopped.await.unwrap();
    };
    bench.consumer.run(shutdown).await.unwrap();
    assert_eq!((stored.texts().len(), bench.emulator.queued(QUEUE)), (1, 0));
}
