//! What goes wrong, and what becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aliyun_emulator::{Emulator, Fault};
use aliyun_receipts::{Consumer, InboxError, MemoryInbox, QueueErrorKind};
use tokio::time::Instant;

use crate::{Before, Bench, QUEUE, builder, client, settle};

/// An inbox that fails this number of times.
fn failing(inbox: &MemoryInbox, times: usize) -> impl aliyun_receipts::Inbox + use<> {
    let left = Arc::new(AtomicUsize::new(times));
    Before(inbox.clone(), move || {
        let fails = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        async move { if fails { Err(InboxError::new("no space left on the device")) } else { Ok(()) } }
    })
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_stored_stays_in_the_queue_and_comes_again() {
    let inbox = MemoryInbox::new();
    let bench = Bench::with(builder().build(), inbox.clone(), failing(&inbox, 1));
    bench.put(r#"{"call_id":"1"}"#);
    bench.emulator.put_raw_message(QUEUE, "%%%").unwrap();

    let error = bench.consumer.poll_once().await.unwrap_err();
    settle().await;
    assert_eq!(error.kind(), QueueErrorKind::Inbox);
    assert_eq!(
        error.to_string(),
        "receipts were not stored; the messages of the queue of VoiceReport stay and come again"
    );
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no space left on the device");
    assert_eq!((bench.emulator.queued(QUEUE), bench.stored().len(), bench.new.texts().len()), (2, 0, 0));
    assert_eq!(bench.problems.texts(), [""; 0]);
    assert_eq!(bench.requests("BatchDeleteMessage"), 0);

    bench.emulator.advance(Duration::from_secs(30));
    let polled = bench.consumer.poll_once().await.unwrap();
    assert_eq!((polled.new, polled.set_aside), (2, 1));
    assert_eq!(bench.emulator.queued(QUEUE), 0);
}

#[tokio::test(start_paused = true)]
async fn an_inbox_that_panics_is_one_that_fails() {
    let inbox = MemoryInbox::new();
    let panics = Before(inbox.clone(), || async { panic!("a defect") });
    let bench = Bench::with(builder().build(), inbox, panics);
    bench.put(r#"{"call_id":"1"}"#);
    let error = bench.consumer.poll_once().await.unwrap_err();
    assert_eq!(error.kind(), QueueErrorKind::Inbox);
    assert!(error.to_string().starts_with("the inbox panicked; "), "{error}");
    assert_eq!(bench.emulator.queued(QUEUE), 1);
}

#[tokio::test(start_paused = true)]
async fn a_missing_queue_ends_polling_and_says_what_to_do() {
    let emulator = builder().build();
    let consumer = Consumer::new(client(&emulator), "VoiceReport", "Alicom-Queue-2-VoiceReport", MemoryInbox::new());
    let error = consumer.unwrap().run(std::future::pending()).await.unwrap_err();
    assert_eq!(error.kind(), QueueErrorKind::NotSubscribed);
    assert_eq!(
        error.to_string(),
        "the queue of VoiceReport does not exist: the account is not subscribed to these receipts, or the name of the \
         queue or its endpoint is wrong; subscribe in the console, and copy the name from there"
    );
}

/// Everything that can pass: the loop goes on, with longer and longer delays, and takes the message in the end.
#[tokio::test(start_paused = true)]
async fn failures_that_can_pass_do_not_end_polling() {
    type Break = fn(&Emulator);
    let breaks: [(&str, Break); 12] = [
        ("500", |emulator| drop(emulator.on_action("BatchReceiveMessage").fault(Fault::server_error(500)).times(3))),
        ("503 in HTML", |emulator| drop(emulator.on_action("BatchReceiveMessage").fault(Fault::html(503)).times(3))),
        ("throttled", |emulator| {
            drop(emulator.on_action("BatchReceiveMessage").gateway_error(429, "Throttling", "later").times(3));
        }),
        ("QPS", |emulator| {
            drop(emulator.on_action("BatchReceiveMessage").gateway_error(400, "QpsLimitExceeded", "later").times(3));
        }),
        ("reset", |emulator| drop(emulator.on_action("BatchReceiveMessage").fault(Fault::reset()).times(3))),
        ("reset after the effect", |emulator| {
            drop(emulator.on_action("BatchReceiveMessage").fault(Fault::reset().after_effect()).times(3));
        }),
        ("reset within", |emulator| {
            drop(emulator.on_action("BatchReceiveMessage").fault(Fault::reset_within_answer()).times(3));
        }),
        ("cut", |emulator| drop(emulator.on_action("BatchReceiveMessage").fault(Fault::cut()).times(3))),
        ("malformed", |emulator| drop(emulator.on_action("BatchReceiveMessage").fault(Fault::malformed()).times(3))),
        ("silence", |emulator| drop(emulator.on_action("BatchReceiveMessage").fault(Fault::silence()).times(3))),
        ("connections", |emulator| drop(emulator.on_connection().reset().times(9))),
        ("no key", |emulator| {
            drop(emulator.on_action("QueryTokenForMnsQueue").fault(Fault::server_error(503)).times(9));
        }),
    ];
    for (name, break_it) in breaks {
        // A message that was received by a request that failed comes again soon.
        let bench = Bench::of(builder().visibility_timeout(Duration::ZERO).build());
        bench.put(r#"{"call_id":"1"}"#);
        break_it(&bench.emulator);
        let (start, inbox) = (Instant::now(), bench.inbox.clone());
        let taken = async move {
            while inbox.arrivals().is_empty() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        bench.consumer.run(taken).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(bench.stored(), [r#"{"call_id":"1"}"#], "{name}");
        let problems = bench.problems.texts();
        let expected = problems.iter().filter(|problem| !problem.contains("not deleted")).count();
        assert_eq!(expected, 3, "{name}: {problems:?}");
        // After 1, 2 and 4 seconds.
        assert!(start.elapsed() >= Duration::from_secs(7), "{name}: {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_queue_never_accepted_ends_polling_and_later_it_does_not() {
    for (status, code, kind, text) in [
        (403, "AccessDenied", QueueErrorKind::Rejected, "does not accept its key: HTTP 403, AccessDenied, "),
        (403, "SignatureDoesNotMatch", QueueErrorKind::Rejected, "HTTP 403, SignatureDoesNotMatch, "),
        (401, "Anything", QueueErrorKind::Rejected, "HTTP 401, Anything, "),
        (400, "InvalidArgument", QueueErrorKind::Refused, "refuses the request: HTTP 400, InvalidArgument, "),
        (408, "TimeExpired", QueueErrorKind::Refused, "set the clock of this machine"),
    ] {
        let bench = Bench::new();
        let rule = bench.emulator.on_action("BatchReceiveMessage").gateway_error(status, code, "words of the service");
        let error = bench.consumer.run(std::future::pending()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{code}");
        assert!(error.to_string().contains(text) && !error.to_string().contains("words"), "{error}");

        rule.remove();
        bench.put(r#"{"call_id":"1"}"#);
        bench.consumer.poll_once().await.unwrap();
        bench.emulator.on_action("BatchReceiveMessage").gateway_error(status, code, "words of the service");
        bench.consumer.run(tokio::time::sleep(Duration::from_secs(600))).await.unwrap();
        // After 1, 2, 4, .. 32 seconds and then every minute.
        let problems = bench.problems.texts().len();
        assert!((13..=17).contains(&problems), "{code}: {problems}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_refused_ends_polling() {
    for (code, later) in [("isp.RAM_PERMISSION_DENY", false), ("isv.SOMETHING", true)] {
        let bench = Bench::new();
        let rule = bench.emulator.on_action("QueryTokenForMnsQueue").refuse(code, "no");
        let error = bench.consumer.run(std::future::pending()).await.unwrap_err();
        assert_eq!(error.kind(), QueueErrorKind::Key);
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(code), "{source}");
        // What may pass is tried again once the queue worked.
        rule.remove();
        bench.put(r#"{"call_id":"1"}"#);
        bench.consumer.poll_once().await.unwrap();
        bench.emulator.advance(Duration::from_secs(60 * 60));
        bench.emulator.on_action("QueryTokenForMnsQueue").refuse(code, "no");
        let outcome = bench.consumer.run(tokio::time::sleep(Duration::from_secs(60))).await;
        assert_eq!(outcome.is_ok(), later, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_credentials_end_polling() {
    let emulator = builder().build();
    let client = aliyun_receipts::dybaseapi::Client::builder()
        .credentials(aliyun_receipts::dybaseapi::Credentials::new("nobody", "testsecret"))
        .transport(emulator.transport())
        .build()
        .unwrap();
    let consumer = Consumer::new(client, "VoiceReport", QUEUE, MemoryInbox::new()).unwrap();
    let error = consumer.run(std::future::pending()).await.unwrap_err();
    assert_eq!(error.kind(), QueueErrorKind::Key);
}

/// A key is good for a while: it is not requested again and again while the queue rejects each.
#[tokio::test(start_paused = true)]
async fn a_rejected_key_is_replaced_once_for_a_poll() {
    let bench = Bench::new();
    bench.put(r#"{"call_id":"1"}"#);
    bench.consumer.poll_once().await.unwrap();
    bench.emulator.on_action("BatchReceiveMessage").gateway_error(403, "AccessDenied", "no");
    assert_eq!(bench.consumer.poll_once().await.unwrap_err().kind(), QueueErrorKind::Rejected);
    assert_eq!((bench.requests("QueryTokenForMnsQueue"), bench.requests("BatchReceiveMessage")), (2, 3));
    assert_eq!(bench.consumer.poll_once().await.unwrap_err().kind(), QueueErrorKind::Rejected);
    assert_eq!((bench.requests("QueryTokenForMnsQueue"), bench.requests("BatchReceiveMessage")), (3, 4));
}

#[tokio::test(start_paused = true)]
async fn keys_and_receipts_are_never_shown() {
    let inbox = MemoryInbox::new();
    let bench = Bench::with(builder().build(), inbox.clone(), failing(&inbox, 1));
    bench.put(r#"{"call_id":"1","callee":"13000000000"}"#);
    bench.emulator.put_raw_message(QUEUE, "%13000000000%").unwrap();
    let mut shown = format!("{:?}", bench.consumer);
    let error = bench.consumer.poll_once().await.unwrap_err();
    shown = format!("{shown} {error} {error:?}");
    bench.emulator.advance(Duration::from_secs(30));
    shown = format!("{shown} {:?}", bench.consumer.poll_once().await.unwrap());
    bench.emulator.on_action("BatchReceiveMessage").gateway_error(403, "AccessDenied", "13000000000");
    let error = bench.consumer.poll_once().await.unwrap_err();
    shown = format!("{shown} {error} {error:?} {:?} {:?}", bench.consumer, bench.problems.texts());
    for secret in ["13000000000", "queue-secret", "queue-token", "STS.", "testsecret", "1000000000000000"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    assert!(shown.contains("was set aside"), "{shown}");
}
