//! Calls to one number: placed, queried while they last, and kept afterwards.

mod receipt;

use std::collections::BTreeMap;
use std::time::SystemTime;

use aliyun_emulator::DueReceipt;
use serde_json::{Map, Value};

use crate::arguments::{Answer, Arguments, callable, showable};
use crate::life::{CALLING, Life, RINGING, TALKING};
use crate::time::{MINUTE, Time};

use crate::life::random_of;
use crate::pending::Pending;

/// Maximum number of kept calls.
const MOST_CALLS: usize = 100_000;

/// The record of a call has the outcome this time after its end: the shortest documented time.
const RECORD_DELAY: i64 = 3 * MINUTE;

const FIRST_ID: u64 = 102_813_780_000;

/// Operations that place a call to `CalledNumber`, and the products with which their calls are found. The pages do not
/// agree whether a text belongs to the product of voice notifications or of voice verification codes.
const PLACING: [(&str, &[&str]); 5] = [
    ("SingleCallByTts", &["11010000138001", "11000000300006"]),
    ("SingleCallByVoice", &["11000000300006"]),
    ("SingleCallByVideo", &["11000000300006"]),
    ("IvrCall", &["11000000300005"]),
    ("SmartCall", &["11030000180001"]),
];

pub(crate) struct Calls {
    seed: u64,
    placed: u64,
    /// By their order.
    by_order: BTreeMap<u64, Call>,
    /// Calls with receipts to come, and the number of those that each one has reported.
    reporting: BTreeMap<u64, usize>,
}

struct Call {
    id: String,
    action: &'static str,
    products: &'static [&'static str],
    caller: String,
    called: String,
    /// The caller's own id, if there is one.
    own_id: Option<String>,
    /// The key that a person presses who hears the call to its end, if it has a menu.
    key: Option<String>,
    is_recorded: bool,
    life: Life,
}

impl Calls {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, placed: 0, by_order: BTreeMap::new(), reporting: BTreeMap::new() }
    }

    pub(crate) fn answer(&mut self, action: &str, arguments: Arguments<'_>) -> Option<Answer> {
        match action {
            "QueryCallDetailByCallId" => return Some(Ok(self.detail(arguments))),
            "SmartCallOperate" => return Some(Ok(vec![("Status", self.is_talking(arguments).into())])),
            _ => {}
        }
        let (action, products) = PLACING.iter().find(|(known, _)| *known == action)?;
        Some(self.place(action, products, arguments))
    }

    fn place(&mut self, action: &'static str, products: &'static [&'static str], arguments: Arguments<'_>) -> Answer {
        let called = callable(arguments.given("CalledNumber").unwrap_or_default())?;
        let shown = arguments.given("CalledShowNumber").map(showable).transpose()?;
        let order = self.placed;
        self.placed += 1;
        let mut random = random_of(self.seed, 0, order);
        let call = Call {
            id: format!("1160{:08}^{}", random.below(100_000_000), FIRST_ID + order),
            action,
            products,
            // Without a caller ID, one of the service's shared numbers is used.
            caller: shown.map_or_else(|| format!("0571000{:04}", random.below(10_000)), str::to_owned),
            called: called.to_owned(),
            own_id: arguments.given("OutId").map(|_| arguments.text("OutId")).transpose()?,
            key: arguments.given("MenuKeyMap.1.Key").map(|_| arguments.text("MenuKeyMap.1.Key")).transpose()?,
            is_recorded: arguments.given("RecordFlag") == Some("true"),
            life: Life::make_up(called, arguments.now, &mut random),
        };
        let id = call.id.clone();
        self.by_order.insert(order, call);
        self.reporting.insert(order, 0);
        if self.by_order.len() > MOST_CALLS
            && let Some((evicted, _)) = self.by_order.pop_first()
        {
            self.reporting.remove(&evicted);
        }
        Ok(vec![("CallId", id.into())])
    }

    /// The receipts that became due by a time.
    pub(crate) fn receipts(&mut self, until: SystemTime) -> Vec<DueReceipt> {
        let mut due = Vec::new();
        let by_order = &self.by_order;
        self.reporting.retain(|order, reported| {
            let Some(call) = by_order.get(order) else { return false };
            let receipts = receipt::of(call);
            let count = receipts.len();
            let before = due.len();
            due.extend(receipts.into_iter().skip(*reported).take_while(|receipt| receipt.due <= until));
            *reported += due.len() - before;
            *reported < count
        });
        due
    }

    /// Without data if id, product and day do not belong together.
    fn detail(&self, arguments: Arguments<'_>) -> Vec<(&'static str, Value)> {
        let (Some(id), Some(product)) = (arguments.given("CallId"), arguments.given("ProdId")) else {
            return Vec::new();
        };
        let day = arguments.time("QueryDate").map(Time::day);
        let call = self.find(id).filter(|call| call.products.contains(&product) && day == Some(call.life.placed.day()));
        call.map(|call| ("Data", call.record(arguments.now))).into_iter().collect()
    }

    /// Whether a smart call is in progress: only then can an agent join it.
    fn is_talking(&self, arguments: Arguments<'_>) -> bool {
        let call = arguments.given("CallId").and_then(|id| self.find(id)).filter(|call| call.action == "SmartCall");
        call.is_some_and(|call| call.life.status(arguments.now) == TALKING)
    }

    fn find(&self, id: &str) -> Option<&Call> {
        let (_, order) = id.split_once('^')?;
        let order = order.parse::<u64>().ok()?.checked_sub(FIRST_ID)?;
        self.by_order.get(&order).filter(|call| call.id == id)
    }

    pub(crate) fn pending(&self, now: Time, pending: &mut Pending) {
        for call in self.by_order.values().filter(|call| call.life.ended > now) {
            pending.add(1, || {
                let doing = match call.life.status(now) {
                    CALLING => "is being set up",
                    RINGING => "is ringing",
                    _ => "is answered",
                };
                let digits = call.called.get(call.called.len().saturating_sub(2)..).unwrap_or_default();
                format!("{} to ***{digits}, placed at {} in China, {doing}", call.action, call.life.placed.dashed())
            });
        }
    }
}

impl Call {
    fn record(&self, now: Time) -> Value {
        let life = &self.life;
        let text = |time: Option<Time>| time.filter(|time| *time <= now).map(Time::dashed);
        let ended = text(Some(life.ended));
        let recorded = life.ended.after(RECORD_DELAY) <= now;
        let state = if recorded { life.outcome.code } else { life.status(now) };
        let answered = text(life.answered);
        let ringing = text(life.ringing);
        let stopped_ringing = text(life.answered.or(Some(life.ended)));
        let end_of_talk = ended.clone().filter(|_| answered.is_some()).unwrap_or_default();
        let duration = if ended.is_some() { life.talk() } else { 0 };

        let mut record = Map::new();
        let mut add = |name: &str, value: Value| record.insert(name.to_owned(), value);
        add("caller", self.caller.as_str().into());
        add("startDate", answered.clone().unwrap_or_default().into());
        add("stateDesc", state.into());
        add("duration", duration.into());
        add("callerShowNumber", self.caller.as_str().into());
        add("gmtCreate", life.placed.dashed().into());
        add("state", state.into());
        add("endDate", end_of_talk.into());
        add("calleeShowNumber", self.caller.as_str().into());
        add("callee", self.called.as_str().into());
        // A leg that did not ring has no times; without an answer there is only a second leg.
        if let Some(ringing) = ringing {
            let legs: &[(&str, &str)] = match answered {
                Some(_) => &[("aRingTime", "aEndTime"), ("bRingTime", "bEndTime")],
                None => &[("bRingTime", "bEndTime")],
            };
            for (from, to) in legs {
                add(from, ringing.as_str().into());
                if let Some(stopped) = &stopped_ringing {
                    add(to, stopped.as_str().into());
                }
            }
        }
        Value::Object(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Parameters;

    #[test]
    fn keeps_the_latest_calls() {
        let mut calls = Calls::new(0);
        let parameters: Parameters = [("CalledNumber".to_owned(), "13000000000".to_owned())].into();
        let arguments = Arguments { parameters: &parameters, now: Time::from_millis(0) };
        let ids: Vec<String> = (0..MOST_CALLS + 3)
            .map(|_| match &calls.answer("SmartCall", arguments).unwrap().unwrap()[..] {
                [("CallId", Value::String(id))] => id.clone(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(calls.by_order.len(), MOST_CALLS);
        assert!(calls.find(&ids[2]).is_none());
        assert_eq!(calls.find(&ids[3]).unwrap().id, ids[3]);
    }
}
