//! What is known of a call, from its receipts.

use std::collections::BTreeSet;
use std::fmt;

use crate::receipt::{Receipt, VoiceCallReport, VoiceReport};
use crate::types::CallStatusCode;

/// What is known of one call, from its receipts in any order, each any number of times.
///
/// Receipts arrive more than once and in any order, so the state is a set of what they say: adding one again changes
/// nothing, the order does not matter, and [`Self::phase`] only moves forward. Only a `VoiceReport` ends a call: an
/// intermediate code never does, also not 200100.
///
/// ```
/// use dyvmsapi::receipt::Receipt;
/// use dyvmsapi::types::CallStatusCode;
/// use dyvmsapi::{CallState, Phase};
///
/// let mut call = CallState::new("116012354148^102813780000");
/// let ended = r#"{"call_id":"116012354148^102813780000","status_code":"200002","start_time":"","duration":"0"}"#;
/// let rings = r#"{"call_id":"116012354148^102813780000","status_code":"200201","status_time":"2026-03-09 10:00:00"}"#;
/// assert!(call.add(&Receipt::read("VoiceReport", ended)));
/// call.add(&Receipt::read("VoiceCallReport", rings));
///
/// assert_eq!(call.phase(), Phase::Ended);
/// assert_eq!(call.outcome(), Some(CallStatusCode::Busy));
/// assert_eq!(call.was_answered(), Some(false));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CallState {
    id: String,
    two_legs: bool,
    /// Times and codes of changes.
    changes: BTreeSet<(String, String)>,
    /// Times and keys.
    keys: BTreeSet<(String, String)>,
    reports: BTreeSet<Report>,
}

/// How far a call has come. A later phase is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// No receipt has arrived.
    Unknown,
    /// The call is being set up.
    Started,
    /// The phone is ringing; with two legs, that of the caller.
    Ringing,
    /// The person answered; with two legs, the caller.
    Answered,
    /// Two legs: the phone of the called person is ringing.
    CalleeRinging,
    /// Two legs: the called person answered.
    Talking,
    /// Somebody hung up. The outcome is not known yet.
    HungUp,
    /// The call is over, and its `VoiceReport` has arrived.
    Ended,
}

/// What a `VoiceReport` says. The greatest one is the state's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Report {
    /// Whether it is the record of the call itself, and not of its transfer or its speech recognition.
    is_of_call: bool,
    /// Whether it has a code that is an outcome.
    has_outcome: bool,
    code: Option<String>,
    /// Whether it says that the call was answered, by its times.
    answered: Option<bool>,
    keys: Option<String>,
}

impl CallState {
    /// The call of this id, of which nothing is known yet.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            two_legs: false,
            changes: BTreeSet::new(),
            keys: BTreeSet::new(),
            reports: BTreeSet::new(),
        }
    }

    /// States that the call connects two phones, as `ClickToDial` does.
    ///
    /// Then 200102 arrives twice: when the second leg is placed, and when the caller answers. The phase is
    /// [`Phase::Answered`] only after both.
    #[must_use]
    pub fn with_two_legs(mut self) -> Self {
        self.two_legs = true;
        self
    }

    /// Adds a receipt, and returns whether it says something new about this call. Receipts of other calls are ignored.
    pub fn add(&mut self, receipt: &Receipt) -> bool {
        match receipt {
            Receipt::VoiceCallReport(change) if self.is_of(change.call_id.as_ref().or(change.biz_id.as_ref())) => {
                self.add_change(change)
            }
            Receipt::VoiceReport(report) if self.is_of(report.call_id.as_ref()) => {
                self.reports.insert(Report::of(report, self.two_legs))
            }
            _ => false,
        }
    }

    fn is_of(&self, id: Option<&String>) -> bool {
        id == Some(&self.id)
    }

    fn add_change(&mut self, change: &VoiceCallReport) -> bool {
        let time = change.status_time.clone().unwrap_or_default();
        let mut new = false;
        if let Some(code) = &change.status_code {
            new |= self.changes.insert((time.clone(), code.as_str().to_owned()));
        }
        if let Some(keys) = change.dtmf.as_ref().filter(|keys| !keys.is_empty()) {
            new |= self.keys.insert((time, keys.clone()));
        }
        new
    }

    /// The id of the call.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How far the call has come.
    pub fn phase(&self) -> Phase {
        if !self.reports.is_empty() {
            return Phase::Ended;
        }
        let answers = self.changes().filter(|(_, code)| *code == CallStatusCode::Answered).count();
        let phases = self.changes().filter_map(|(_, code)| match code {
            CallStatusCode::Answered if self.two_legs && answers < 2 => Some(Phase::Started),
            code => phase_of(&code),
        });
        phases.max().unwrap_or(Phase::Unknown)
    }

    /// Whether the call is over and its outcome has arrived, if there is one: nothing that follows changes it.
    pub fn is_ended(&self) -> bool {
        self.phase() == Phase::Ended
    }

    /// The outcome of the call; `None` until its `VoiceReport` has arrived, or if that states none.
    pub fn outcome(&self) -> Option<CallStatusCode> {
        let report = self.reports.last().filter(|report| report.has_outcome)?;
        report.code.as_deref().map(CallStatusCode::from)
    }

    /// Whether the person answered; with two legs, the called person. `None` while that is not known.
    pub fn was_answered(&self) -> Option<bool> {
        let by_code = self.outcome().and_then(|code| code.was_answered());
        let by_report = || self.reports.last().and_then(|report| report.answered);
        let by_change = || {
            let phases: Vec<Phase> = self.changes().filter_map(|(_, code)| phase_of(&code)).collect();
            let two_legs = self.two_legs || phases.contains(&Phase::CalleeRinging);
            let answered = phases.contains(&Phase::Talking) || (!two_legs && phases.contains(&Phase::Answered));
            answered.then_some(true)
        };
        by_code.or_else(by_report).or_else(by_change)
    }

    /// The keys that were pressed, by time.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let reported = self.keys.is_empty().then(|| self.reports.iter().filter_map(|report| report.keys.as_deref()));
        self.keys.iter().map(|(_, keys)| keys.as_str()).chain(reported.into_iter().flatten())
    }

    /// The changes of the state that were reported, by time: `yyyy-MM-dd HH:mm:ss` in UTC+8, and the code.
    pub fn changes(&self) -> impl Iterator<Item = (&str, CallStatusCode)> {
        self.changes.iter().map(|(time, code)| (time.as_str(), CallStatusCode::from(code.as_str())))
    }
}

/// Does not show the keys: they may be a secret.
impl fmt::Debug for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallState")
            .field("id", &self.id)
            .field("phase", &self.phase())
            .field("outcome", &self.outcome())
            .field("was_answered", &self.was_answered())
            .field("keys", &format_args!("{} times", self.keys().count()))
            .finish_non_exhaustive()
    }
}

/// The phase that a change of this code has reached at least. A code that is not intermediate says nothing: only a
/// `VoiceReport` states an outcome.
fn phase_of(code: &CallStatusCode) -> Option<Phase> {
    Some(match code {
        CallStatusCode::Calling => Phase::Started,
        CallStatusCode::Ringing => Phase::Ringing,
        CallStatusCode::Answered | CallStatusCode::KeyPressed => Phase::Answered,
        CallStatusCode::CalleeRinging => Phase::CalleeRinging,
        CallStatusCode::Talking => Phase::Talking,
        CallStatusCode::Ended => Phase::HungUp,
        _ => return None,
    })
}

impl Report {
    fn of(report: &VoiceReport, two_legs: bool) -> Self {
        let code = report.status_code.as_ref();
        let two_legs = two_legs || report.a_originate_time.is_some() || report.b_originate_time.is_some();
        // With two legs the other times may be those of the caller.
        let (start, duration) =
            if two_legs { (&report.b_start_time, report.b_duration) } else { (&report.start_time, report.duration) };
        let start = start.as_deref();
        let answered = match (start, duration) {
            (Some(start), _) if !start.is_empty() => Some(true),
            (_, Some(1..)) => Some(true),
            (Some(_), _) | (None, Some(0)) => Some(false),
            _ => None,
        };
        Self {
            is_of_call: report.voice_type.as_deref().is_none_or(|kind| kind.is_empty() || kind == "voice"),
            has_outcome: code.is_some_and(|code| !code.is_intermediate() && !code.as_str().is_empty()),
            code: code.map(|code| code.as_str().to_owned()),
            answered,
            keys: report.dtmf.clone().filter(|keys| !keys.is_empty()),
        }
    }
}

impl CallStatusCode {
    /// Whether it is a state during a call, as `VoiceCallReport` reports it, and not an outcome.
    pub fn is_intermediate(&self) -> bool {
        phase_of(self).is_some()
    }

    /// Whether a call with this outcome was answered. `None` if the code does not say so.
    pub fn was_answered(&self) -> Option<bool> {
        use CallStatusCode as Code;
        match self {
            Code::Completed | Code::HungUpEarly | Code::KeyTimeout => Some(true),
            Code::Busy
            | Code::NoAnswer
            | Code::InvalidNumber
            | Code::Unreachable
            | Code::OutOfCoverage
            | Code::PoweredOff
            | Code::OutOfService
            | Code::Lost
            | Code::CallerRestricted
            | Code::CalleeRestricted
            | Code::CalleeRefused
            | Code::CalleeBusy
            | Code::CalleeNoAnswer
            | Code::CalleeInvalid
            | Code::CalleeOutOfCoverage
            | Code::InvalidShownNumber
            | Code::BannedHours
            | Code::BannedFrequency
            | Code::TooManyAtOnce
            | Code::NotConnected => Some(false),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "116012354148^102813780000";

    fn change(code: &str, second: u32) -> Receipt {
        let text = format!(
            r#"{{"call_id":"{ID}","status_code":"{code}","status_time":"2026-03-09 10:00:{second:02}","out_id":"o"}}"#
        );
        Receipt::read("VoiceCallReport", &text)
    }

    fn keys(keys: &str, second: u32) -> Receipt {
        let text = format!(
            r#"{{"call_id":"{ID}","status_code":300000,"status_time":"2026-03-09 10:00:{second:02}","dtmf":{keys}}}"#
        );
        Receipt::read("VoiceCallReport", &text)
    }

    fn report(members: &str) -> Receipt {
        Receipt::read("VoiceReport", &format!(r#"{{"call_id":"{ID}"{members}}}"#))
    }

    fn state(receipts: &[Receipt]) -> CallState {
        receipts.iter().fold(CallState::new(ID), |mut state, receipt| {
            state.add(receipt);
            state
        })
    }

    #[test]
    fn a_call_with_one_leg_goes_from_phase_to_phase() {
        let mut state = CallState::new(ID);
        assert_eq!((state.phase(), state.was_answered(), state.outcome()), (Phase::Unknown, None, None));
        for (receipt, phase, answered) in [
            (change("200101", 0), Phase::Started, None),
            (change("200201", 1), Phase::Ringing, None),
            (change("200102", 5), Phase::Answered, Some(true)),
            (keys("7", 7), Phase::Answered, Some(true)),
            (change("200100", 9), Phase::HungUp, Some(true)),
            (report(r#","status_code":"200001""#), Phase::Ended, Some(true)),
        ] {
            assert!(state.add(&receipt), "{receipt:?}");
            assert!(!state.add(&receipt), "the second time it says nothing new: {receipt:?}");
            assert_eq!((state.phase(), state.was_answered()), (phase, answered), "{receipt:?}");
            assert_eq!(state.outcome(), (phase == Phase::Ended).then_some(CallStatusCode::HungUpEarly));
        }
        assert_eq!(state.keys().collect::<Vec<_>>(), ["7"]);
        assert_eq!(state.changes().next(), Some(("2026-03-09 10:00:00", CallStatusCode::Calling)));
    }

    #[test]
    fn with_two_legs_the_caller_has_answered_when_200102_came_twice() {
        let mut state = CallState::new(ID).with_two_legs();
        for (receipt, phase, answered) in [
            (change("200101", 0), Phase::Started, None),
            (change("200102", 1), Phase::Started, None),
            (change("200201", 2), Phase::Ringing, None),
            (change("200102", 5), Phase::Answered, None),
            (change("200202", 6), Phase::CalleeRinging, None),
            (change("200103", 8), Phase::Talking, Some(true)),
            (change("200100", 9), Phase::HungUp, Some(true)),
            (change("200100", 10), Phase::HungUp, Some(true)),
        ] {
            state.add(&receipt);
            assert_eq!((state.phase(), state.was_answered()), (phase, answered), "{receipt:?}");
        }
        assert_eq!(state.outcome(), None);
    }

    /// The caller answered, and nobody says that the called person did.
    #[test]
    fn signs_of_two_legs_are_no_answer_of_the_called_person() {
        let state = state(&[change("200102", 1), change("200202", 2)]);
        assert_eq!((state.phase(), state.was_answered()), (Phase::CalleeRinging, None));
        for (members, answered) in [
            (r#","a_originate_time":"t","start_time":"2026-03-09 10:00:00","duration":"9""#, None),
            (r#","a_originate_time":"t","start_time":"2026-03-09 10:00:00","b_start_time":"""#, Some(false)),
            (r#","b_originate_time":"t","b_start_time":"2026-03-09 10:00:00""#, Some(true)),
            (r#","b_originate_time":"t","b_duration":7"#, Some(true)),
        ] {
            assert_eq!(super::tests::state(&[report(members)]).was_answered(), answered, "{members}");
        }
    }

    #[test]
    fn only_a_voice_report_ends_a_call() {
        for code in ["200000", "200002", "200100", "486", ""] {
            let state = state(&[change(code, 1)]);
            assert!(!state.is_ended(), "{code}");
            assert_eq!(state.outcome(), None, "{code}");
        }
        // It ends the call even if its code is missing, empty or intermediate. Then the outcome is not known.
        for members in ["", r#","status_code":"""#, r#","status_code":"200100""#] {
            let state = state(&[report(members)]);
            assert!(state.is_ended(), "{members}");
            assert_eq!((state.outcome(), state.was_answered()), (None, None), "{members}");
        }
    }

    #[test]
    fn an_answer_is_known_by_the_code_or_by_the_times() {
        for (members, answered) in [
            (r#","status_code":"200000""#, Some(true)),
            (r#","status_code":200008"#, Some(true)),
            (r#","status_code":"200010","start_time":"","duration":"0""#, Some(false)),
            (r#","status_code":"502","start_time":"","end_time":"","duration":"0""#, Some(false)),
            (r#","status_code":"502","duration":0"#, Some(false)),
            (r#","status_code":"502","start_time":"2026-03-09 10:00:00""#, Some(true)),
            (r#","status_code":"502","duration":"3""#, Some(true)),
            (r#","status_code":"502""#, None),
            (r#","status_code":"999999""#, None),
        ] {
            assert_eq!(state(&[report(members)]).was_answered(), answered, "{members}");
        }
    }

    #[test]
    fn the_record_of_the_call_overrides_those_of_its_parts() {
        let call = report(r#","status_code":"200002","voice_type":"voice""#);
        let transfer = report(r#","status_code":"200000","voice_type":"smart_transfer""#);
        let empty = report(r#","voice_type":"voice""#);
        for receipts in [[&call, &transfer, &empty], [&empty, &transfer, &call], [&transfer, &call, &empty]] {
            let receipts = receipts.map(Clone::clone);
            assert_eq!(state(&receipts).outcome(), Some(CallStatusCode::Busy));
        }
    }

    #[test]
    fn receipts_of_other_calls_change_nothing() {
        let mut state = CallState::new(ID);
        let other = |kind, text| Receipt::read(kind, text);
        assert!(!state.add(&other("VoiceReport", r#"{"call_id":"another","status_code":"200000"}"#)));
        assert!(!state.add(&other("VoiceReport", r#"{"status_code":"200000"}"#)));
        assert!(!state.add(&other("Unheard", r#"{"call_id":"116012354148^102813780000"}"#)));
        assert_eq!(state, CallState::new(ID));
        let mut incoming = CallState::new("b");
        assert!(incoming.add(&other("VoiceCallReport", r#"{"biz_id":"b","status_code":"200201"}"#)));
        assert_eq!(incoming.phase(), Phase::Ringing);
    }

    #[test]
    fn every_known_code_is_intermediate_or_an_outcome() {
        let types = &aliyun_api_spec::dyvmsapi().types;
        let named = types.iter().find(|named| named.name == "CallStatusCode").unwrap();
        let aliyun_api_spec::model::TypeBody::Enum { values, .. } = &named.body else { panic!("an enum") };
        let of = |keep: fn(&CallStatusCode) -> bool| {
            let codes = values.iter().map(|value| CallStatusCode::from(value.value.as_str()));
            codes.filter(keep).map(|code| code.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            of(CallStatusCode::is_intermediate),
            ["200101", "200201", "200202", "200102", "200103", "200100", "300000"]
        );
        assert_eq!(of(|code| code.was_answered() == Some(true)), ["200000", "200001", "200008"]);
        // Nobody knows from these whether somebody answered.
        assert_eq!(of(|code| !code.is_intermediate() && code.was_answered().is_none()), ["200006", "200130", "999999"]);
    }

    #[test]
    fn keys_are_not_shown() {
        let state = state(&[keys("\"4711\"", 1)]);
        assert_eq!(state.keys().collect::<Vec<_>>(), ["4711"]);
        assert!(!format!("{state:?}").contains("4711"), "{state:?}");
    }

    fn any_receipt() -> impl Strategy<Value = Receipt> {
        let codes = prop::sample::select(vec!["200101", "200201", "200202", "200102", "200103", "200100", "7"]);
        let outcomes = prop::sample::select(vec!["200000", "200001", "200002", "502", "200100"]);
        let kinds = prop::sample::select(vec!["voice", "asr", "smart_transfer", ""]);
        prop_oneof![
            (codes, 0..5_u32).prop_map(|(code, second)| change(code, second)),
            (0..9_u32, 0..5_u32).prop_map(|(key, second)| keys(&key.to_string(), second)),
            (outcomes, kinds, 0..2_u32).prop_map(|(code, kind, duration)| {
                report(&format!(r#","status_code":"{code}","voice_type":"{kind}","duration":{duration}"#))
            }),
        ]
    }

    proptest! {
        #[test]
        fn neither_order_nor_duplicates_matter(
            (receipts, shuffled) in prop::collection::vec(any_receipt(), 0..12).prop_flat_map(|receipts| {
                let twice: Vec<Receipt> = receipts.iter().chain(&receipts).cloned().collect();
                (Just(receipts), Just(twice).prop_shuffle())
            }),
            two_legs: bool,
        ) {
            let start = || if two_legs { CallState::new(ID).with_two_legs() } else { CallState::new(ID) };
            let mut expected = start();
            for receipt in &receipts {
                expected.add(receipt);
            }
            let mut state = start();
            let mut phase = state.phase();
            for receipt in &shuffled {
                let before = state.clone();
                let new = state.add(receipt);
                prop_assert_eq!(new, state != before);
                prop_assert!(state.phase() >= phase, "{:?} after {:?}", state, before);
                phase = state.phase();
            }
            prop_assert_eq!(state, expected);
        }
    }
}
