//! What a poll does with messages.

use std::time::Duration;

use aliyun_emulator::Fault;
use aliyun_receipts::{Consumer, MemoryInbox, Polled, dybaseapi};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::{Bench, QUEUE, builder, settle};

/// What a poll did, as numbers: messages, new, seen, set aside, undeleted.
fn numbers(polled: &Polled) -> [usize; 5] {
    [polled.messages, polled.new, polled.seen, polled.set_aside, polled.undeleted]
}

#[tokio::test(start_paused = true)]
async fn messages_are_stored_then_deleted_and_then_the_application_learns_of_them() {
    let bench = Bench::new();
    bench.put(r#"{"call_id":"1"}"#);
    bench.put(r#"{"call_id":"2","start_time":""}"#);

    let polled = bench.consumer.poll_once().await.unwrap();
    settle().await;

    assert_eq!(numbers(&polled), [2, 2, 0, 0, 0]);
    assert_eq!(bench.stored(), [r#"{"call_id":"1"}"#, r#"{"call_id":"2","start_time":""}"#]);
    assert_eq!(bench.inbox.arrivals()[0].kind(), "VoiceReport");
    assert_eq!(bench.emulator.queued(QUEUE), 0);
    assert_eq!(bench.new.texts(), [r#"{"call_id":"1"} at 0"#, r#"{"call_id":"2","start_time":""} at 0"#]);
    assert_eq!(bench.problems.texts(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_comes_twice_is_stored_once() {
    let bench = Bench::new();
    for body in [r#"{"call_id":"1","n":1}"#, r#"{"call_id":"1","n":2}"#] {
        bench.put(body);
    }
    assert_eq!(numbers(&bench.consumer.poll_once().await.unwrap()), [2, 1, 1, 0, 0]);
    bench.put(r#"{"call_id":"1","n":3}"#);
    assert_eq!(numbers(&bench.consumer.poll_once().await.unwrap()), [1, 0, 1, 0, 0]);
    settle().await;
    assert_eq!(bench.stored(), [r#"{"call_id":"1","n":1}"#]);
    assert_eq!(bench.new.texts().len(), 1);
    assert_eq!(bench.emulator.queued(QUEUE), 0);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_not_listed_is_received_too() {
    let emulator = builder().queue("Other-Queue").build();
    let inbox = MemoryInbox::new();
    let consumer = Consumer::new(crate::client(&emulator), "ArtcCdrReport", "Other-Queue", inbox.clone()).unwrap();
    for body in [r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":1}"#, r#"[{"a":3},{"a":4}]"#] {
        emulator.put_message("Other-Queue", body).unwrap();
    }
    assert_eq!(numbers(&consumer.poll_once().await.unwrap()), [4, 4, 1, 0, 0]);
    assert!(inbox.arrivals().iter().all(|arrival| arrival.kind() == "ArtcCdrReport"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_a_receipt_is_set_aside_reported_and_deleted() {
    for (body, stored, why) in [
        ("%%%", r#""%%%""#, "not base64"),
        ("e", r#""e""#, "not base64"),
        // {"a":1} with a character too many.
        ("eyJhIjoxfQ==x", r#""eyJhIjoxfQ==x""#, "not base64"),
        ("", r#""""#, "not JSON"),
        // Not UTF-8, then no JSON.
        ("/w==", "\"\u{fffd}\"", "not JSON"),
        ("eyJhIjox", r#""{\"a\":1""#, "not JSON"),
    ] {
        let bench = Bench::new();
        bench.put(r#"{"call_id":"1"}"#);
        bench.emulator.put_raw_message(QUEUE, body).unwrap();
        bench.put(r#"{"call_id":"2"}"#);

        let polled = bench.consumer.poll_once().await.unwrap();

        assert_eq!(numbers(&polled), [3, 3, 0, 1, 0], "{body}");
        assert_eq!(bench.stored(), [r#"{"call_id":"1"}"#, stored, r#"{"call_id":"2"}"#], "{body}");
        assert_eq!(bench.emulator.queued(QUEUE), 0, "{body}");
        let [problem] = &bench.problems.texts()[..] else { panic!("one problem") };
        let expected = "a message of the queue of VoiceReport was set aside: its body is ";
        assert!(problem.starts_with(expected) && problem.contains(why), "{problem}");
    }
}

#[tokio::test(start_paused = true)]
async fn base64_may_have_lines_and_no_padding_and_json_may_come_as_it_is() {
    for body in ["eyJhIjoxfQ==", "eyJh\r\nIjox fQ", "{\"a\":1}", " {\"a\":1}"] {
        let bench = Bench::new();
        bench.emulator.put_raw_message(QUEUE, body).unwrap();
        assert_eq!(numbers(&bench.consumer.poll_once().await.unwrap()), [1, 1, 0, 0, 0], "{body}");
        assert_eq!(bench.stored(), [r#"{"a":1}"#], "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_list_is_deleted() {
    let bench = Bench::new();
    bench.put("[]");
    assert_eq!(numbers(&bench.consumer.poll_once().await.unwrap()), [1, 0, 0, 0, 0]);
    assert_eq!((bench.stored().len(), bench.emulator.queued(QUEUE)), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_poll_takes_at_most_16_messages() {
    let bench = Bench::new();
    for call in 0..17 {
        bench.put(&format!(r#"{{"call_id":"{call}"}}"#));
    }
    assert_eq!(bench.consumer.poll_once().await.unwrap().messages, 16);
    let one = bench.consumer.clone().batch(1).unwrap();
    bench.put(r#"{"call_id":"17"}"#);
    assert_eq!(one.poll_once().await.unwrap().messages, 1);
    assert_eq!(bench.emulator.queued(QUEUE), 1);
}

#[tokio::test(start_paused = true)]
async fn a_poll_waits_for_the_first_message() {
    let bench = Bench::new();
    let start = Instant::now();
    assert_eq!(bench.consumer.poll_once().await.unwrap(), Polled::default());
    assert_eq!(start.elapsed().as_secs(), 30);

    let (emulator, start) = (bench.emulator.clone(), Instant::now());
    let later = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(7)).await;
        emulator.put_message(QUEUE, r#"{"call_id":"1"}"#).unwrap();
    });
    assert_eq!(bench.consumer.poll_once().await.unwrap().new, 1);
    assert_eq!(start.elapsed().as_secs(), 7);
    later.await.unwrap();

    // One that becomes visible ends the wait too.
    let taken = bench.emulator.clone();
    bench.put(r#"{"call_id":"2"}"#);
    let refused = bench.emulator.on_action("BatchReceiveMessage").fault(Fault::reset().after_effect());
    bench.consumer.poll_once().await.unwrap_err();
    refused.remove();
    let start = Instant::now();
    let later = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        taken.advance(Duration::from_secs(30));
    });
    assert_eq!(bench.consumer.poll_once().await.unwrap().new, 1);
    assert_eq!(start.elapsed().as_secs(), 3);
    later.await.unwrap();

    let at_once = bench.consumer.clone().wait_seconds(0).unwrap();
    let start = Instant::now();
    assert_eq!(at_once.poll_once().await.unwrap(), Polled::default());
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_empty_queue_is_asked_less_often_unless_it_waits() {
    // With waiting: one request in 30 seconds. Without: after 0.1, 0.2, .. 3.2 and then every 5 seconds.
    for (wait_seconds, minutes, requests) in [(30, 10, 19..=20), (0, 10, 120..=130)] {
        let bench = Bench::new();
        let consumer = bench.consumer.clone().wait_seconds(wait_seconds).unwrap();
        consumer.run(tokio::time::sleep(Duration::from_secs(minutes * 60))).await.unwrap();
        let sent = bench.requests("BatchReceiveMessage");
        assert!(requests.contains(&sent), "{wait_seconds}: {sent}");
        assert_eq!(bench.problems.texts(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn run_takes_everything_and_ends_at_the_shutdown() {
    let bench = Bench::new();
    for call in 0..100 {
        bench.put(&format!(r#"{{"call_id":"{call}"}}"#));
    }
    let (stop, stopped) = oneshot::channel::<()>();
    let consumer = bench.consumer.clone();
    let running = tokio::spawn(async move {
        consumer
            .run(async {
                let _ = stopped.await;
            })
            .await
    });
    let start = Instant::now();
    while bench.emulator.queued(QUEUE) > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!((bench.stored().len(), bench.new.texts().len()), (100, 100));
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_handle_is_too_old_comes_again_and_is_known() {
    let inbox = MemoryInbox::new();
    let emulator = builder().visibility_timeout(Duration::from_secs(30)).build();
    let slow = emulator.clone();
    let bench = Bench::with(
        emulator,
        inbox.clone(),
        crate::Before(inbox, move || {
            slow.advance(Duration::from_secs(30));
            async { Ok(()) }
        }),
    );
    bench.put(r#"{"call_id":"1"}"#);
    assert_eq!(numbers(&bench.consumer.poll_once().await.unwrap()), [1, 1, 0, 0, 1]);
    settle().await;
    assert_eq!(
        bench.problems.texts(),
        [
            "1 of 1 messages of the queue of VoiceReport were stored and not deleted: ReceiptHandleError; they come again \
          and are known then"
        ]
    );
    assert_eq!(bench.new.texts(), [r#"{"call_id":"1"} at 1"#]);
    assert_eq!(numbers(&bench.consumer.poll_once().await.unwrap()), [1, 0, 1, 0, 1]);
    settle().await;
    assert_eq!((bench.stored().len(), bench.new.texts().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_fails_is_reported_and_the_messages_are_known_when_they_come_again() {
    let bench = Bench::new();
    bench.put(r#"{"call_id":"1"}"#);
    let refused = bench.emulator.on_action("BatchDeleteMessage").fault(Fault::reset());
    assert_eq!(numbers(&bench.consumer.poll_once().await.unwrap()), [1, 1, 0, 0, 1]);
    assert_eq!(bench.problems.texts().len(), 1);
    refused.remove();
    bench.emulator.advance(Duration::from_secs(30));
    assert_eq!(numbers(&bench.consumer.poll_once().await.unwrap()), [1, 0, 1, 0, 0]);
    assert_eq!(bench.emulator.queued(QUEUE), 0);
}

#[tokio::test]
async fn a_queue_is_polled_over_http() {
    let emulator = builder().build();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    let credentials = dybaseapi::Credentials::new("testid", "testsecret");
    let client = dybaseapi::Client::builder().credentials(credentials).endpoint(server.url()).build().unwrap();
    let inbox = MemoryInbox::new();
    let consumer = Consumer::new(client, "VoiceReport", QUEUE, inbox.clone()).unwrap().endpoint(&server.url()).unwrap();
    let polling = tokio::spawn(async move { consumer.poll_once().await });
    emulator.put_message(QUEUE, r#"{"call_id":"1"}"#).unwrap();
    assert_eq!(polling.await.unwrap().unwrap().new, 1);
    assert_eq!((inbox.arrivals().len(), emulator.queued(QUEUE)), (1, 0));
    server.stop().await;
}
