use super::*;

const QUEUE: &str = "q";

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn queues() -> Queues {
    Queues::new(QueueSettings { names: vec![QUEUE.to_owned()], ..QueueSettings::default() })
}

fn put(queues: &Queues, id: &str, now: SystemTime) {
    queues.put(QUEUE, id.to_owned(), encoded(b"{}"), now).unwrap();
}

fn received(queues: &Queues, most: usize, now: SystemTime) -> Vec<String> {
    queues.receive(QUEUE, most, now).iter().map(Message::handle).collect()
}

#[test]
fn a_message_is_invisible_for_a_while_after_it_was_received() {
    let queues = queues();
    put(&queues, "a", at(0));
    put(&queues, "b", at(1));
    assert_eq!(received(&queues, 16, at(0)), ["1-a"]);
    assert_eq!(received(&queues, 16, at(1)), ["1-b"]);
    assert_eq!(received(&queues, 16, at(29)), [""; 0]);
    assert_eq!(received(&queues, 16, at(30)), ["2-a"]);
    assert_eq!(received(&queues, 16, at(31)), ["2-b"]);
    assert_eq!(received(&queues, 1, at(100)), ["3-a"]);
    assert_eq!(queues.len(QUEUE), 2);
    let message = &queues.receive(QUEUE, 1, at(100))[0];
    assert_eq!((message.id.as_str(), message.received, message.first_received), ("b", 3, at(1)));
    assert_eq!((message.enqueued, message.visible, message.body.as_str()), (at(1), at(130), "e30="));
}

#[test]
fn a_handle_is_valid_until_the_message_is_visible_again() {
    let queues = queues();
    put(&queues, "a", at(0));
    put(&queues, "b", at(0));
    let handles = || ["1-a", "1-b", "0-a", "1-c", ""].map(str::to_owned).to_vec();
    // Nobody received them.
    assert_eq!(queues.delete(QUEUE, handles(), at(0)), handles());
    assert_eq!(received(&queues, 1, at(0)), ["1-a"]);
    assert_eq!(queues.delete(QUEUE, handles(), at(29)), ["1-b", "0-a", "1-c", ""]);
    assert_eq!(queues.delete(QUEUE, handles(), at(29)), handles());
    assert_eq!(received(&queues, 1, at(29)), ["1-b"]);
    assert_eq!(queues.delete(QUEUE, vec!["1-b".to_owned()], at(59)), ["1-b"]);
    assert_eq!(received(&queues, 1, at(59)), ["2-b"]);
    assert_eq!(queues.delete(QUEUE, vec!["1-b".to_owned()], at(60)), ["1-b"]);
    assert_eq!(queues.delete(QUEUE, vec!["2-b".to_owned()], at(60)), [""; 0]);
    assert_eq!(queues.len(QUEUE), 0);
}

#[test]
fn a_queue_is_declared() {
    let queues = queues();
    let error = queues.put("other", "a".to_owned(), String::new(), at(0)).unwrap_err();
    assert_eq!(error.to_string(), "the emulator has no queue \"other\"; declare it with Builder::queue");
    assert_eq!(queues.len("other"), 0);
    assert!(!queues.exists("other") && queues.exists(QUEUE));
    assert_eq!(queues.delete("other", vec!["1-a".to_owned()], at(0)), ["1-a"]);
}

#[test]
fn the_oldest_messages_and_keys_are_evicted() {
    let queues = queues();
    for id in 0..=MOST_MESSAGES {
        put(&queues, &id.to_string(), at(0));
    }
    assert_eq!((queues.len(QUEUE), received(&queues, 1, at(0))), (MOST_MESSAGES, vec!["1-1".to_owned()]));
    let first = queues.issue(1, at(0));
    for _ in 1..MOST_KEYS {
        queues.issue(1, at(0));
    }
    assert!(queues.key(&first.id).is_some());
    let last = queues.issue(1, at(0));
    assert!(queues.key(&first.id).is_none() && queues.key(&last.id).is_some());
}

#[test]
fn keys_differ_and_expire_after_their_lifetime() {
    let queues = queues();
    let (one, two) = (queues.issue(1, at(0)), queues.issue(1, at(0)));
    assert!(one.id != two.id && one.secret != two.secret && one.token != two.token);
    assert_eq!(one.expires, at(3600));
}

#[test]
fn a_reset_empties_the_queues_and_forgets_the_keys() {
    let queues = queues();
    put(&queues, "a", at(0));
    let key = queues.issue(1, at(0));
    queues.reset();
    assert_eq!((queues.len(QUEUE), queues.exists(QUEUE), queues.key(&key.id).is_none()), (0, true, true));
}
