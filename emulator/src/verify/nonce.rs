//! The nonces that were used.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::time::SystemTime;

/// The nonces that cannot be used again yet.
///
/// A nonce is forgotten when the time stamp that was signed with it has left the window: from then on the time stamp
/// itself stops a repetition.
#[derive(Debug, Default)]
pub(super) struct Nonces {
    used: HashSet<u128>,
    by_end: BinaryHeap<Reverse<(SystemTime, u128)>>,
}

impl Nonces {
    /// More than this many nonces in one window are not kept: the first to end makes room.
    const LIMIT: usize = 1_000_000;

    pub(super) fn is_used(&mut self, nonce: u128, now: SystemTime) -> bool {
        while let Some(&Reverse((end, ended))) = self.by_end.peek()
            && (end < now || self.used.len() > Self::LIMIT)
        {
            self.by_end.pop();
            self.used.remove(&ended);
        }
        self.used.contains(&nonce)
    }

    /// False where it was remembered already.
    pub(super) fn remember(&mut self, nonce: u128, end: SystemTime) -> bool {
        let new = self.used.insert(nonce);
        if new {
            self.by_end.push(Reverse((end, nonce)));
        }
        new
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
}
