//! How long to wait before the next poll.

use std::time::Duration;

/// A delay that doubles each time.
pub(super) struct Delay {
    shortest: Duration,
    longest: Duration,
    next: Duration,
}

impl Delay {
    pub(super) fn new(shortest: Duration, longest: Duration) -> Self {
        Self { shortest, longest, next: shortest }
    }

    pub(super) fn reset(&mut self) {
        self.next = self.shortest;
    }

    pub(super) fn next(&mut self) -> Duration {
        let next = self.next;
        self.next = (next * 2).min(self.longest);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let mut delay = Delay::new(Duration::from_secs(1), Duration::from_secs(5));
        let next: Vec<u64> = (0..5).map(|_| delay.next().as_secs()).collect();
        assert_eq!(next, [1, 2, 4, 5, 5]);
        delay.reset();
        assert_eq!(delay.next(), Duration::from_secs(1));
    }
}
