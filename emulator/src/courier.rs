//! Sends receipts, in virtual time: the accounts report, and receivers acknowledge.

mod channel;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::Value;

pub(crate) use self::channel::{Channel, Push};
use crate::receipt::{DueReceipt, ReceiptState, SentReceipt};
use crate::rule::{Mishap, Rules};
use crate::time::later;

/// Times after the first push at which one that was not acknowledged is repeated.
const REPEATS: [Duration; 3] = [Duration::from_secs(60), Duration::from_secs(5 * 60), Duration::from_secs(10 * 60)];

/// Receipts of one kind that are due within this time are pushed together.
const TOGETHER: Duration = Duration::from_secs(1);

/// Maximum number of receipts in one push.
const MOST_TOGETHER: usize = 100;

/// Maximum number of kept receipts.
const MOST_RECEIPTS: usize = 200_000;

/// The channels, and the receipts on their way.
pub(crate) struct Courier {
    /// By kind, as the console of the service has one address for each kind.
    channels: BTreeMap<String, Channel>,
    bag: Mutex<Bag>,
    /// Held while receipts are delivered: they are, in the order of their times.
    turn: tokio::sync::Mutex<()>,
}

/// The receipts, oldest first, and when they are sent next.
#[derive(Default)]
struct Bag {
    receipts: VecDeque<Carried>,
    /// Number of receipts that were evicted: the index of the first one.
    evicted: u64,
    /// The next attempt for the receipt with this index.
    plan: BTreeSet<(SystemTime, u64)>,
}

struct Carried {
    receipt: SentReceipt,
    /// Whether a rule has delayed it.
    is_delayed: bool,
}

/// A receipt in a parcel. It stays planned until it is settled: if sending is dropped, it is sent again.
#[derive(Clone, Copy)]
struct Part {
    planned: (SystemTime, u64),
    mishap: Option<Mishap>,
}

/// Receipts that are sent together.
struct Parcel {
    kind: &'static str,
    at: SystemTime,
    /// Each with what happens to it.
    parts: Vec<Part>,
}

impl Courier {
    pub(crate) fn new(channels: BTreeMap<String, Channel>) -> Self {
        Self { channels, bag: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// Whether there is anywhere to send receipts.
    pub(crate) fn is_idle(&self) -> bool {
        self.channels.is_empty()
    }

    /// The receipts so far, oldest first.
    pub(crate) fn receipts(&self) -> Vec<SentReceipt> {
        self.with_bag(|bag| bag.receipts.iter().map(|carried| carried.receipt.clone()).collect())
    }

    /// Forgets all receipts.
    pub(crate) fn reset(&self) {
        self.with_bag(|bag| {
            let evicted = bag.evicted + bag.receipts.len() as u64;
            *bag = Bag { evicted, ..Bag::default() };
        });
    }

    /// Sends what is due by a time, and what has become due for another attempt, until nothing is. Returns the number of
    /// attempts.
    pub(crate) async fn deliver(
        &self,
        now: SystemTime,
        report: impl FnOnce() -> Vec<DueReceipt>,
        rules: &Arc<Rules>,
        put: impl Fn(&str, &Value) -> bool,
    ) -> usize {
        let _turn = self.turn.lock().await;
        let due = report();
        self.with_bag(|bag| {
            for receipt in due.into_iter().filter(|receipt| self.channels.contains_key(receipt.kind)) {
                bag.add(receipt);
            }
        });
        let mut attempts = 0;
        while let Some(parcel) = self.with_bag(|bag| bag.take(now, rules)) {
            attempts += parcel.parts.len();
            self.send(parcel, &put).await;
        }
        attempts
    }

    /// Sends a parcel. Receipts whose acknowledgement is to be lost travel by themselves.
    async fn send(&self, Parcel { kind, at, parts }: Parcel, put: &impl Fn(&str, &Value) -> bool) {
        let Some(channel) = self.channels.get(kind) else { return };
        let (lost, others): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|part| part.mishap == Some(Mishap::LoseResponse));
        for parts in [others, lost] {
            let bodies = self.with_bag(|bag| bag.bodies(&parts));
            let acknowledged = match channel {
                _ if bodies.is_empty() => false,
                Channel::Push(receiver) => receiver.send(bodies).await,
                Channel::Queue(queue) => bodies.iter().all(|body| put(queue, body)),
            };
            self.with_bag(|bag| {
                for Part { planned, mishap } in parts {
                    bag.settle(planned, at, acknowledged && mishap.is_none_or(Mishap::is_acknowledged));
                }
            });
        }
    }

    fn with_bag<T>(&self, work: impl FnOnce(&mut Bag) -> T) -> T {
        work(&mut self.bag.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bag {
    fn add(&mut self, DueReceipt { kind, due, body }: DueReceipt) {
        if self.receipts.len() == MOST_RECEIPTS {
            self.receipts.pop_front();
            self.evicted += 1;
        }
        let index = self.evicted + self.receipts.len() as u64;
        let receipt = SentReceipt { kind, due, body, attempts: Vec::new(), state: ReceiptState::Waiting };
        self.receipts.push_back(Carried { receipt, is_delayed: false });
        self.plan.insert((due, index));
    }

    fn get(&mut self, index: u64) -> Option<&mut Carried> {
        let index = usize::try_from(index.checked_sub(self.evicted)?).ok()?;
        self.receipts.get_mut(index)
    }

    /// The receipts to be sent next, if any are due. Those that a rule drops or delays are not among them.
    fn take(&mut self, now: SystemTime, rules: &Arc<Rules>) -> Option<Parcel> {
        loop {
            let &(first, index) = self.plan.first().filter(|(time, _)| *time <= now)?;
            let Some(kind) = self.get(index).map(|carried| carried.receipt.kind) else {
                // It was evicted.
                self.plan.remove(&(first, index));
                continue;
            };
            let until = later(first, TOGETHER).min(now);
            let planned: Vec<_> = self.plan.range(..=(until, u64::MAX)).copied().collect();
            let mut parcel = Parcel { kind, at: first, parts: Vec::new() };
            for (time, index) in planned {
                let Some(carried) = self.get(index).filter(|carried| carried.receipt.kind == kind) else { continue };
                let mishap = match rules.mishap(kind) {
                    Some(Mishap::Delay(_)) if carried.is_delayed => None,
                    mishap => mishap,
                };
                match mishap {
                    Some(Mishap::Drop) => carried.receipt.state = ReceiptState::Dropped,
                    Some(Mishap::Delay(_)) => carried.is_delayed = true,
                    _ => {}
                }
                let planned = (time, index);
                match mishap {
                    Some(Mishap::Drop) => {
                        self.plan.remove(&planned);
                    }
                    Some(Mishap::Delay(by)) => {
                        self.plan.remove(&planned);
                        self.plan.insert((later(time, by), index));
                    }
                    _ => {
                        parcel.at = time;
                        parcel.parts.push(Part { planned, mishap });
                    }
                }
                if parcel.parts.len() == MOST_TOGETHER {
                    break;
                }
            }
            if !parcel.parts.is_empty() {
                return Some(parcel);
            }
        }
    }

    /// What is sent: a receipt twice, or not at all, if a rule says so.
    fn bodies(&mut self, parts: &[Part]) -> Vec<Value> {
        let copies = |mishap: Option<Mishap>| match mishap {
            Some(Mishap::Fail) => 0,
            Some(Mishap::Repeat) => 2,
            _ => 1,
        };
        let parts = parts.iter().flat_map(|part| std::iter::repeat_n(part.planned.1, copies(part.mishap)));
        parts.filter_map(|index| Some(self.get(index)?.receipt.body.clone())).collect()
    }

    /// Notes an attempt, and plans the next one unless this one was acknowledged.
    fn settle(&mut self, planned: (SystemTime, u64), at: SystemTime, acknowledged: bool) {
        self.plan.remove(&planned);
        let (_, index) = planned;
        // It may have been evicted, or forgotten, meanwhile.
        let place = index.checked_sub(self.evicted).and_then(|place| usize::try_from(place).ok());
        let Some(Carried { receipt, .. }) = place.and_then(|place| self.receipts.get_mut(place)) else { return };
        receipt.attempts.push((at, acknowledged));
        let first = receipt.attempts.first().map_or(at, |(first, _)| *first);
        let next = REPEATS.get(receipt.attempts.len() - 1).map(|after| later(first, *after));
        receipt.state = match next {
            _ if acknowledged => ReceiptState::Acknowledged,
            None => ReceiptState::Dropped,
            Some(next) => {
                self.plan.insert((next, index));
                ReceiptState::Waiting
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn taken(bag: &mut Bag, now: u64) -> Vec<u64> {
        let parcel = bag.take(at(now), &Arc::new(Rules::new(0)));
        parcel.map(|parcel| parcel.parts.iter().map(|part| part.planned.1).collect()).unwrap_or_default()
    }

    #[test]
    fn a_parcel_has_at_most_a_hundred_receipts_of_one_kind_within_a_second() {
        let mut bag = Bag::default();
        for _ in 0..=MOST_TOGETHER {
            bag.add(DueReceipt::new("A", at(1), Value::Null));
        }
        bag.add(DueReceipt::new("B", at(1), Value::Null));
        assert!(taken(&mut bag, 0).is_empty());
        let first = taken(&mut bag, 1);
        assert_eq!(first.len(), MOST_TOGETHER);
        // Until they are settled, they are due: a delivery that was dropped in between loses none.
        assert_eq!(taken(&mut bag, 1), first);
        for index in first {
            bag.settle((at(1), index), at(1), true);
        }
        assert_eq!(taken(&mut bag, 1), [100]);
        bag.settle((at(1), 100), at(1), true);
        assert_eq!(taken(&mut bag, 1), [101]);
        bag.settle((at(1), 101), at(1), true);
        assert!(taken(&mut bag, 1000).is_empty());

        for seconds in [10, 11, 12] {
            bag.add(DueReceipt::new("A", at(seconds), Value::Null));
        }
        assert_eq!(taken(&mut bag, 12), [102, 103]);
    }

    #[test]
    fn the_oldest_receipts_are_evicted() {
        let mut bag = Bag::default();
        for _ in 0..MOST_RECEIPTS + 2 {
            bag.add(DueReceipt::new("A", at(1), Value::Null));
        }
        assert_eq!((bag.receipts.len(), bag.evicted), (MOST_RECEIPTS, 2));
        assert_eq!(taken(&mut bag, 1).first(), Some(&2));
    }
}
