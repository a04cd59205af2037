//! The course of one call: decided when it is placed, and reported as far as it has progressed.

use crate::time::{SECOND, Time};
use aliyun_emulator::Random;

/// How a call can end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The documented status code.
    pub(crate) code: &'static str,
    /// The outcome in the records of robot tasks.
    pub(crate) words: &'static str,
}

const HEARD: Outcome = Outcome { code: "200000", words: ANSWERED };
const HUNG_UP_EARLY: Outcome = Outcome { code: "200001", words: ANSWERED };
const NO_ANSWER: Outcome = Outcome { code: "200003", words: "无人接听" };

pub(crate) const ANSWERED: &str = "接通";

/// Codes of a call in progress, and of one that has just ended.
pub(crate) const CALLING: &str = "200101";
pub(crate) const RINGING: &str = "200201";
pub(crate) const TALKING: &str = "200102";
pub(crate) const OVER: &str = "200100";

/// The outcomes that a number selects by its last two digits.
const OUTCOMES: [Outcome; 10] = [
    HEARD,
    HUNG_UP_EARLY,
    Outcome { code: "200002", words: "占线" },
    NO_ANSWER,
    Outcome { code: "200004", words: "空号" },
    Outcome { code: "200005", words: "无法接通" },
    Outcome { code: "200007", words: "不在服务区" },
    Outcome { code: "200010", words: "关机" },
    Outcome { code: "200011", words: "停机" },
    Outcome { code: "200012", words: "呼损" },
];

impl Outcome {
    /// A number that ends in the last two digits of a code has that outcome; any other number has a random one.
    fn decide(number: &str, random: &mut Random) -> &'static Self {
        let chosen = |outcome: &&Self| outcome.code.get(4..).is_some_and(|digits| number.ends_with(digits));
        OUTCOMES.iter().find(chosen).unwrap_or_else(|| match random.below(100) {
            0..45 => &HEARD,
            45..60 => &HUNG_UP_EARLY,
            60..75 => &NO_ANSWER,
            _ => random.pick(&OUTCOMES).unwrap_or(&NO_ANSWER),
        })
    }

    pub(crate) fn of_code(code: &str) -> Option<&'static Self> {
        OUTCOMES.iter().find(|outcome| outcome.code == code)
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.words == ANSWERED
    }

    /// Whether everything was played to the end.
    pub(crate) fn is_heard(&self) -> bool {
        *self == HEARD
    }
}

/// The course of one call in time.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) placed: Time,
    /// The phone does not ring if it cannot be reached.
    pub(crate) ringing: Option<Time>,
    pub(crate) answered: Option<Time>,
    pub(crate) ended: Time,
    pub(crate) outcome: &'static Outcome,
}

impl Life {
    pub(crate) fn make_up(number: &str, placed: Time, random: &mut Random) -> Self {
        let outcome = Outcome::decide(number, random);
        let reached = placed.after(2 * SECOND);
        let mut later =
            |time: Time, least: u32, spread: u32| time.after(i64::from(least + random.below(spread)) * SECOND);
        if outcome.is_answered() {
            let answered = later(reached, 3, 18);
            let ended = if outcome.is_heard() { later(answered, 8, 30) } else { later(answered, 1, 7) };
            return Self { placed, ringing: Some(reached), answered: Some(answered), ended, outcome };
        }
        if *outcome == NO_ANSWER {
            return Self { placed, ringing: Some(reached), answered: None, ended: later(reached, 45, 16), outcome };
        }
        Self { placed, ringing: None, answered: None, ended: later(reached, 1, 6), outcome }
    }

    /// The status code at a time: in progress, or ended.
    pub(crate) fn status(&self, now: Time) -> &'static str {
        let reached = |time: Option<Time>| time.is_some_and(|time| time <= now);
        match () {
            () if self.ended <= now => OVER,
            () if reached(self.answered) => TALKING,
            () if reached(self.ringing) => RINGING,
            () => CALLING,
        }
    }

    /// Seconds of talk.
    pub(crate) fn talk(&self) -> i64 {
        self.answered.map_or(0, |answered| self.ended.since(answered) / SECOND)
    }
}

/// Random numbers for one purpose, independent of everything else in the account.
pub(crate) fn random_of(seed: u64, id: u64, index: u64) -> Random {
    let mut random = Random::new(seed ^ id.rotate_left(32));
    Random::new(random.next() ^ index.rotate_left(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(number: &str, seed: u64) -> Life {
        Life::make_up(number, Time::from_millis(0), &mut Random::new(seed))
    }

    #[test]
    fn the_last_two_digits_choose_the_outcome() {
        for (number, code) in [
            ("13000000000", "200000"),
            ("13000000001", "200001"),
            ("13000000002", "200002"),
            ("13000000003", "200003"),
            ("13000000004", "200004"),
            ("13000000005", "200005"),
            ("13000000007", "200007"),
            ("13000000010", "200010"),
            ("13000000011", "200011"),
            ("13000000012", "200012"),
        ] {
            for seed in 0..50 {
                assert_eq!(life(number, seed).outcome.code, code);
            }
        }
    }

    #[test]
    fn other_numbers_have_every_outcome_and_the_same_one_for_a_seed() {
        let codes = |()| (0..1000).map(|seed| life("13000000099", seed).outcome.code).collect::<Vec<_>>();
        assert_eq!(codes(()), codes(()));
        for outcome in &OUTCOMES {
            assert!(codes(()).contains(&outcome.code), "{}", outcome.code);
        }
    }

    #[test]
    fn a_life_goes_forward() {
        for seed in 0..1000 {
            let life = life("13000000099", seed);
            let ringing = life.ringing.unwrap_or(life.placed);
            let answered = life.answered.unwrap_or(ringing);
            assert!(life.placed <= ringing && ringing <= answered && answered < life.ended, "{life:?}");
            assert_eq!(life.answered.is_some(), life.outcome.is_answered());
            assert_eq!(life.talk() > 0, life.outcome.is_answered());
        }
    }

    #[test]
    fn returns_the_state_of_a_call() {
        let life = life("13000000000", 1);
        let at = |time: Time| life.status(time);
        assert_eq!(at(life.placed), "200101");
        assert_eq!(at(life.ringing.unwrap().after(-1)), "200101");
        assert_eq!(at(life.ringing.unwrap()), "200201");
        assert_eq!(at(life.answered.unwrap()), "200102");
        assert_eq!(at(life.ended.after(-1)), "200102");
        assert_eq!(at(life.ended), "200100");
    }
}
