//! The temporary key of a queue.

use std::time::{Duration, SystemTime};

use aliyun_emulator::{Emulator, Fault};
use aliyun_receipts::{MemoryInbox, QueueErrorKind};
use serde_json::json;

use crate::{Before, Bench, QUEUE, builder};

const START: SystemTime = SystemTime::UNIX_EPOCH;
const TOKEN: &str = "QueryTokenForMnsQueue";

/// A bench whose consumer has the emulator's clock, which stands still. Time stamps of any time are valid.
fn at_rest() -> Bench {
    let start = START + Duration::from_secs(1_773_021_600);
    let emulator = builder()
        .time_starts_at(start)
        .time_scale(0)
        .time_window(Duration::from_secs(100 * 365 * 24 * 60 * 60))
        .visibility_timeout(Duration::from_secs(10 * 60 * 60))
        .build();
    let bench = Bench::of(emulator.clone());
    let consumer = bench.consumer.clone().clock(move || emulator.time()).wait_seconds(0).unwrap();
    Bench { consumer, ..bench }
}

async fn poll(bench: &Bench) {
    bench.consumer.poll_once().await.unwrap();
}

fn pass(emulator: &Emulator, seconds: u64) {
    emulator.set_time(emulator.time() + Duration::from_secs(seconds));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_replaced_two_minutes_before_it_expires() {
    let bench = at_rest();
    poll(&bench).await;
    pass(&bench.emulator, 58 * 60 - 1);
    poll(&bench).await;
    assert_eq!(bench.requests(TOKEN), 1);
    pass(&bench.emulator, 1);
    poll(&bench).await;
    poll(&bench).await;
    assert_eq!(bench.requests(TOKEN), 2);
    // Long after its end.
    pass(&bench.emulator, 24 * 60 * 60);
    poll(&bench).await;
    assert_eq!(bench.requests(TOKEN), 3);
    assert!(bench.emulator.requests().iter().all(|request| request.refusal() != Some("AccessDenied")));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_expires_while_polling_is_replaced() {
    let bench = Bench::new();
    bench.put(r#"{"call_id":"1"}"#);
    poll(&bench).await;
    // Only for the service: the clock of the consumer does not show it.
    bench.emulator.advance(Duration::from_secs(60 * 60));
    bench.put(r#"{"call_id":"2"}"#);
    poll(&bench).await;
    assert_eq!(bench.requests(TOKEN), 2);
    assert_eq!((bench.stored().len(), bench.emulator.queued(QUEUE)), (2, 0));
    assert_eq!(bench.problems.texts(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_expires_before_the_messages_are_deleted_is_replaced() {
    let inbox = MemoryInbox::new();
    let emulator = builder().visibility_timeout(Duration::from_secs(2 * 60 * 60)).build();
    let later = emulator.clone();
    let before = move || {
        later.advance(Duration::from_secs(60 * 60));
        async { Ok(()) }
    };
    let bench = Bench::with(emulator, inbox.clone(), Before(inbox, before));
    bench.put(r#"{"call_id":"1"}"#);
    poll(&bench).await;
    assert_eq!((bench.requests(TOKEN), bench.emulator.queued(QUEUE)), (2, 0));
    assert_eq!(bench.problems.texts(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_cannot_be_replaced_is_used_until_it_expires() {
    let bench = at_rest();
    poll(&bench).await;
    pass(&bench.emulator, 58 * 60);
    bench.emulator.on_action(TOKEN).fault(Fault::server_error(503));
    poll(&bench).await;
    let attempts = bench.requests(TOKEN);
    assert!(attempts > 1);
    // The next attempt is half a minute later.
    pass(&bench.emulator, 29);
    poll(&bench).await;
    assert_eq!(bench.requests(TOKEN), attempts);
    pass(&bench.emulator, 1);
    poll(&bench).await;
    assert!(bench.requests(TOKEN) > attempts);
    pass(&bench.emulator, 89);
    poll(&bench).await;
    pass(&bench.emulator, 1);
    let error = bench.consumer.poll_once().await.unwrap_err();
    assert_eq!(error.kind(), QueueErrorKind::Key);
    assert_eq!(error.to_string(), "there is no key for the queue of VoiceReport");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_does_not_request_a_key_for_each_poll() {
    let bench = at_rest();
    let emulator = bench.emulator.clone();
    // For this clock every key is expired when it comes.
    let ahead = bench.consumer.clone().clock(move || emulator.time() + Duration::from_secs(9 * 60 * 60));
    for _ in 0..10 {
        ahead.poll_once().await.unwrap();
    }
    assert_eq!(bench.requests(TOKEN), 1);
    pass(&bench.emulator, 30);
    ahead.poll_once().await.unwrap();
    assert_eq!(bench.requests(TOKEN), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_without_an_end_is_used_until_it_is_rejected() {
    for expires in [json!(""), json!("soon"), json!(null)] {
        let bench = at_rest();
        bench.emulator.on_action(TOKEN).reply_with(move |request| {
            let mut answer = request.default_answer();
            answer["MessageTokenDTO"]["ExpireTime"] = expires.clone();
            answer
        });
        poll(&bench).await;
        pass(&bench.emulator, 60 * 60 - 1);
        poll(&bench).await;
        assert_eq!(bench.requests(TOKEN), 1);
        pass(&bench.emulator, 1);
        poll(&bench).await;
        assert_eq!(bench.requests(TOKEN), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_without_a_usable_key_is_a_failure() {
    for token in [
        json!(null),
        json!({}),
        json!({ "AccessKeyId": "", "AccessKeySecret": "s", "SecurityToken": "t" }),
        json!({ "AccessKeyId": "i", "SecurityToken": "t" }),
        json!({ "AccessKeyId": "i", "AccessKeySecret": "s", "SecurityToken": "t\n" }),
    ] {
        let bench = at_rest();
        bench.emulator.on_action(TOKEN).reply(json!({ "Code": "OK", "MessageTokenDTO": token }));
        let error = bench.consumer.poll_once().await.unwrap_err();
        assert_eq!(error.kind(), QueueErrorKind::Unavailable);
        assert_eq!(
            error.to_string(),
            "the queue of VoiceReport does not answer: the response with its key has no usable key"
        );
    }
}
