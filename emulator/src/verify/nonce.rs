//! The nonces that were used.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::time::SystemTime;

/// The nonces that cannot be used again yet.
///
/// A nonce is forgotten when the time stamp that was signed with it has left the window: from then on the time stamp
/// itself prevents a replay.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    used: HashSet<u128>,
    /// When each is forgotten, its place in the order of arrival, and the nonce.
    by_end: BinaryHeap<Reverse<(SystemTime, u64, u128)>>,
    arrived: u64,
}

impl Nonces {
    /// Maximum number of nonces in one window. When it is reached, the nonce that expires first is evicted; of those
    /// that expire together, the oldest.
    const LIMIT: usize = 1_000_000;

    pub(super) fn is_used(&mut self, nonce: u128, now: SystemTime) -> bool {
        while self.by_end.peek().is_some_and(|&Reverse((end, ..))| end < now) {
            self.forget_oldest();
        }
        self.used.contains(&nonce)
    }

    /// `false` if it is remembered already.
    pub(super) fn remember(&mut self, nonce: u128, end: SystemTime) -> bool {
        if !self.used.insert(nonce) {
            return false;
        }
        if self.used.len() > Self::LIMIT {
            self.forget_oldest();
        }
        self.by_end.push(Reverse((end, self.arrived, nonce)));
        self.arrived += 1;
        true
    }

    fn forget_oldest(&mut self) {
        if let Some(Reverse((.., oldest))) = self.by_end.pop() {
            self.used.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn forgets_a_nonce_when_its_window_has_passed() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut nonces = Nonces::default();
        let (one, two) = (1, 2);
        assert!(nonces.remember(two, at(30)));
        assert!(nonces.remember(one, at(20)));
        assert!(!nonces.remember(one, at(20)));
        assert!(nonces.is_used(one, at(20)));
        assert!(!nonces.is_used(one, at(21)));
        assert!(nonces.is_used(two, at(21)));
        assert_eq!((nonces.used.len(), nonces.by_end.len()), (1, 1));
        assert!(!nonces.is_used(two, at(31)));
        assert_eq!((nonces.used.len(), nonces.by_end.len()), (0, 0));
    }
    #[test]
    fn the_oldest_is_evicted_whatever_its_digest() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let limit = u128::try_from(Nonces::LIMIT).unwrap();
        let mut nonces = Nonces::default();
        // The first to come has the largest digest, and all but one end together.
        for digest in (1..=limit).rev() {
            assert!(nonces.remember(digest, at(if digest == 7 { 20 } else { 30 })));
        }
        assert_eq!((nonces.used.len(), nonces.is_used(limit, at(0))), (Nonces::LIMIT, true));
        let mut forgotten = Vec::new();
        for (new, gone) in [(0, 7), (limit + 1, limit), (limit + 2, limit - 1)] {
            assert!(nonces.is_used(gone, at(0)));
            assert!(nonces.remember(new, at(30)));
            assert_eq!((nonces.used.len(), nonces.by_end.len()), (Nonces::LIMIT, Nonces::LIMIT));
            assert!(nonces.is_used(new, at(0)));
            forgotten.push(gone);
        }
        for gone in forgotten {
            assert!(!nonces.is_used(gone, at(0)), "{gone}");
        }
        assert!(nonces.is_used(limit - 2, at(0)));
    }
}
