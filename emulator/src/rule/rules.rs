//! The rules that are in force, and which of them decides about a request.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::{Handle, Incoming, Rule};
use crate::fault::Fault;
use crate::parameters::Parameters;
use crate::random::Random;
use crate::refusal::Refusal;

/// Which requests or connections a rule is for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum When {
    Connection,
    Request {
        action: Option<String>,
        parameters: Vec<(String, String)>,
    },
    /// Receipts of this kind.
    Receipt(String),
    /// A typed request that cannot be sent.
    Never,
}

impl When {
    /// Whether it can match a request of this action: parameters only narrow it.
    fn is_for(&self, action: &str) -> bool {
        matches!(self, Self::Request { action: wanted, .. } if wanted.as_ref().is_none_or(|wanted| wanted == action))
    }

    fn matches(&self, action: &str, received: &Parameters) -> bool {
        let Self::Request { action: wanted, parameters } = self else { return false };
        wanted.as_ref().is_none_or(|wanted| wanted == action) && includes(received, parameters)
    }

    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Connection => json!({ "connection": true }),
            Self::Request { action, parameters } => {
                let mut shown = Map::new();
                if let Some(action) = action {
                    shown.insert("action".to_owned(), action.as_str().into());
                }
                if !parameters.is_empty() {
                    let pairs = parameters.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
                    shown.insert("parameters".to_owned(), Value::Object(pairs.collect()));
                }
                Value::Object(shown)
            }
            Self::Receipt(kind) => json!({ "receipt": kind }),
            Self::Never => Value::Null,
        }
    }
}

/// Whether parameters include others: by name, with the same text, or with equal JSON. An empty text matches any value.
pub(crate) fn includes(received: &Parameters, wanted: &[(String, String)]) -> bool {
    wanted.iter().all(|(name, value)| match received.get(name) {
        None => false,
        Some(found) => value.is_empty() || found == value || is_same_json(found, value),
    })
}

fn is_same_json(one: &str, other: &str) -> bool {
    let structured = |text: &str| {
        let opens = text.trim_start().starts_with(['{', '[']);
        if opens { serde_json::from_str::<Value>(text).ok() } else { None }
    };
    structured(other).is_some_and(|other| structured(one) == Some(other))
}

/// Makes a response for a request.
type AnswerFn = dyn Fn(&dyn Incoming) -> Value + Send + Sync;

/// What a rule does.
#[derive(Clone)]
pub(crate) enum Action {
    Pass,
    Reply(Value),
    ReplyWith(Arc<AnswerFn>),
    Refuse { code: String, message: String },
    GatewayError(Refusal),
    Fault(Fault),
    Mishap(Mishap),
}

/// What happens to a receipt on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    Repeat,
    Delay(Duration),
    LoseResponse,
    Fail,
    Drop,
}

impl Mishap {
    /// Whether the receipt is acknowledged if the receiver acknowledges the push.
    pub(crate) fn is_acknowledged(self) -> bool {
        matches!(self, Self::Repeat | Self::Delay(_))
    }
}

/// What the rules decide about one request.
#[derive(Default)]
pub(crate) struct Decision {
    pub(crate) fault: Option<Fault>,
    /// `None` if the emulator answers by itself.
    pub(crate) answer: Option<Action>,
}

/// A rule that is in force.
pub(super) struct Entry {
    pub(super) id: u64,
    pub(super) when: When,
    pub(super) steps: Vec<Step>,
    pub(super) probability: f64,
    pub(super) random: Random,
    pub(super) matched: Arc<AtomicU64>,
}

pub(super) struct Step {
    pub(super) action: Action,
    pub(super) times: Option<u64>,
    pub(super) used: u64,
}

impl Entry {
    /// The index of the next response; `None` if all are used up, or if there are none.
    fn turn(&self) -> Option<usize> {
        let last = self.steps.len().saturating_sub(1);
        let is_left = |(index, step): (usize, &Step)| {
            let times = step.times.or((index < last).then_some(1));
            times.is_none_or(|times| step.used < times)
        };
        self.steps.iter().enumerate().position(is_left)
    }

    fn is_used_up(&self) -> bool {
        !self.steps.is_empty() && self.turn().is_none()
    }

    /// The decision about a matching request or connection; `None` if there is none.
    fn decide(&mut self, faults: bool) -> Option<Action> {
        if self.is_used_up() {
            return None;
        }
        let turn = self.turn();
        let action = turn.and_then(|turn| self.steps.get(turn)).map_or(Action::Pass, |step| step.action.clone());
        if matches!(action, Action::Fault(_)) && !faults {
            return None;
        }
        if self.probability < 1.0 && self.random.share() >= self.probability {
            return None;
        }
        if let Some(step) = turn.and_then(|turn| self.steps.get_mut(turn)) {
            step.used += 1;
        }
        self.matched.fetch_add(1, Ordering::Relaxed);
        Some(action)
    }
}

impl Step {
    pub(super) fn new(action: Action, times: Option<u64>) -> Self {
        Self { action, times, used: 0 }
    }
}

/// All rules of an emulator.
pub(crate) struct Rules {
    seed: u64,
    book: Mutex<Book>,
    /// Told when a change is complete.
    completed: Condvar,
}

#[derive(Default)]
struct Book {
    /// The rules in force, in the order of their ids, which is the order of their creation.
    entries: Vec<Entry>,
    /// The incomplete changes, oldest first.
    drafts: Vec<Draft>,
    begun: u64,
    changes: u64,
}

/// A change of a rule that may continue: a chain of methods, of which requests see all or nothing.
struct Draft {
    id: u64,
    /// Its number among all changes.
    order: u64,
    thread: ThreadId,
    edited: Instant,
    /// The rule, where it is a new one.
    new: Option<Entry>,
    edits: Vec<Edit>,
}

type Edit = Box<dyn FnOnce(&mut Entry) + Send>;

/// A chain of methods that has not continued for this time is complete: its handle is kept.
const REST: Duration = Duration::from_secs(2);

/// A chain is also complete after a request has waited this number of times for this time. Chains take microseconds,
/// but on a busy machine their thread may not be scheduled for a tenth of a second, and a whole process may be
/// suspended for longer: that ends one wait and not the others.
const WAITS: u32 = 25;
const WAIT: Duration = Duration::from_millis(20);

impl Book {
    fn add(&mut self, seed: u64, when: When) -> Entry {
        self.begun += 1;
        let id = self.begun;
        let random = Random::new(seed ^ id.rotate_left(32));
        Entry { id, when, steps: Vec::new(), probability: 1.0, random, matched: Arc::default() }
    }

    fn draft(&mut self, id: u64, new: Option<Entry>, edits: Vec<Edit>) {
        self.changes += 1;
        let (thread, edited) = (thread::current().id(), Instant::now());
        self.drafts.push(Draft { id, order: self.changes, thread, edited, new, edits });
    }

    /// Completes the changes that `is_complete` selects; `false` if there are none.
    fn complete(&mut self, is_complete: impl Fn(&Draft) -> bool) -> bool {
        let complete: Vec<Draft> = self.drafts.extract_if(.., |draft| is_complete(draft)).collect();
        let any = !complete.is_empty();
        for Draft { id, new, edits, .. } in complete {
            let index = match (self.entries.binary_search_by_key(&id, |entry| entry.id), new) {
                (Ok(index), _) => index,
                (Err(index), Some(entry)) => {
                    self.entries.insert(index, entry);
                    index
                }
                (Err(_), None) => continue,
            };
            if let Some(entry) = self.entries.get_mut(index) {
                for edit in edits {
                    edit(entry);
                }
            }
        }
        any
    }

    /// What a changed rule is for.
    fn when<'b>(&'b self, draft: &'b Draft) -> Option<&'b When> {
        let known = || self.entries.binary_search_by_key(&draft.id, |entry| entry.id).ok();
        draft.new.as_ref().or_else(|| self.entries.get(known()?)).map(|entry| &entry.when)
    }

    /// Removes rules with their changes. The caller drops them, without the lock: a function of a rule may own the
    /// handle of another rule.
    fn take(&mut self, is_taken: impl Fn(u64) -> bool) -> (Vec<Entry>, Vec<Draft>) {
        (
            self.entries.extract_if(.., |entry| is_taken(entry.id)).collect(),
            self.drafts.extract_if(.., |draft| is_taken(draft.id)).collect(),
        )
    }

    /// The number of rules, including incomplete ones.
    fn len(&self) -> usize {
        self.entries.len() + self.drafts.iter().filter(|draft| draft.new.is_some()).count()
    }
}

/// The state of a rule, for the control endpoint.
pub(crate) struct Summary {
    pub(crate) id: u64,
    pub(crate) when: When,
    pub(crate) matched: u64,
    /// Whether its answers are used up.
    pub(crate) used_up: bool,
}

/// A rule with all its parts, as JSON gives it.
pub(crate) struct Ready {
    pub(crate) when: When,
    pub(crate) probability: Option<f64>,
    pub(crate) steps: Vec<(Action, Option<u64>)>,
}

impl Rules {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, book: Mutex::default(), completed: Condvar::new() }
    }

    /// Begins a rule.
    pub(crate) fn add<A>(self: &Arc<Self>, when: When) -> Rule<A> {
        let mut book = self.lock();
        let entry = book.add(self.seed, when);
        let (id, matched) = (entry.id, Arc::clone(&entry.matched));
        book.draft(id, Some(entry), Vec::new());
        drop(book);
        self.rule(id, matched)
    }

    /// Adds complete rules together, or none if the total would exceed `most`.
    pub(crate) fn add_all<A>(self: &Arc<Self>, rules: Vec<Ready>, most: usize) -> Option<Vec<Rule<A>>> {
        let mut book = self.lock();
        if book.len() + rules.len() > most {
            return None;
        }
        let mut added = Vec::with_capacity(rules.len());
        for Ready { when, probability, steps } in rules {
            let mut entry = book.add(self.seed, when);
            entry.steps = steps.into_iter().map(|(action, times)| Step::new(action, times)).collect();
            entry.probability = probability.unwrap_or(entry.probability);
            added.push((entry.id, Arc::clone(&entry.matched)));
            book.entries.push(entry);
        }
        drop(book);
        Some(added.into_iter().map(|(id, matched)| self.rule(id, matched)).collect())
    }

    fn rule<A>(self: &Arc<Self>, id: u64, matched: Arc<AtomicU64>) -> Rule<A> {
        Rule { handle: Arc::new(Handle { rules: Arc::clone(self), id, matched }), answer: PhantomData }
    }

    /// Continues the change of a rule, or begins one. Does nothing if the rule was removed.
    pub(super) fn edit(&self, id: u64, edit: Edit) {
        let mut book = self.lock();
        if let Some(draft) = book.drafts.iter_mut().find(|draft| draft.id == id) {
            draft.edits.push(edit);
            (draft.thread, draft.edited) = (thread::current().id(), Instant::now());
        } else if book.entries.binary_search_by_key(&id, |entry| entry.id).is_ok() {
            book.draft(id, None, vec![edit]);
        }
    }

    /// Completes the change of a rule.
    pub(super) fn complete(&self, id: u64) {
        if self.lock().complete(|draft| draft.id == id) {
            self.completed.notify_all();
        }
    }

    /// The last handle of a rule was dropped. A rule without a response is removed: nobody can query its count any
    /// more.
    pub(super) fn release(&self, id: u64) {
        let mut book = self.lock();
        book.complete(|draft| draft.id == id);
        let index = book.entries.binary_search_by_key(&id, |entry| entry.id);
        let idle = index.ok().filter(|&index| book.entries.get(index).is_some_and(|entry| entry.steps.is_empty()));
        let idle = idle.map(|index| book.entries.remove(index));
        drop(book);
        drop(idle);
        self.completed.notify_all();
    }

    /// The rules as a request sees them. Earlier changes of the rules that concern it are complete then; later ones are
    /// not visible.
    fn settled(&self, concerns: impl Fn(&When) -> bool) -> MutexGuard<'_, Book> {
        let mut book = self.lock();
        let (here, last) = (thread::current().id(), book.changes);
        let (mut waited, mut edits) = (0, 0);
        loop {
            let rests = |draft: &Draft| waited == WAITS || draft.edited.elapsed() >= REST;
            // A chain on the same thread cannot be in progress.
            book.complete(|draft| draft.order <= last && (draft.thread == here || rests(draft)));
            let concerned = |draft: &&Draft| draft.order <= last && book.when(draft).is_none_or(&concerns);
            let under_way = book.drafts.iter().filter(concerned);
            let now = under_way.clone().map(|draft| draft.edits.len()).sum();
            if under_way.count() == 0 {
                return book;
            }
            if now != edits {
                (waited, edits) = (0, now);
            }
            let (back, wait) = self.completed.wait_timeout(book, WAIT).unwrap_or_else(PoisonError::into_inner);
            book = back;
            waited += u32::from(wait.timed_out());
        }
    }

    /// The decision about an accepted request. `asked` is a fault that the request itself asks for.
    pub(crate) fn decide(
        &self,
        action: &str,
        parameters: &Parameters,
        asked: Option<Fault>,
        takes_effect: impl Fn(&Fault) -> bool,
    ) -> Decision {
        let mut decision = Decision { fault: asked, answer: None };
        let mut book = self.settled(|when| when.is_for(action));
        for entry in book.entries.iter_mut().rev().filter(|entry| entry.when.matches(action, parameters)) {
            if decision.fault.as_ref().is_some_and(|fault| !takes_effect(fault)) {
                break;
            }
            match entry.decide(decision.fault.is_none()) {
                None | Some(Action::Pass) => {}
                Some(Action::Fault(fault)) => decision.fault = Some(fault),
                Some(answer) => {
                    decision.answer = Some(answer);
                    break;
                }
            }
        }
        decision
    }

    /// The fault of a connection, if it has one.
    pub(crate) fn connect(&self) -> Option<Fault> {
        let mut book = self.settled(|when| *when == When::Connection);
        let entries = book.entries.iter_mut().rev().filter(|entry| entry.when == When::Connection);
        entries.filter_map(|entry| entry.decide(true)).find_map(|action| match action {
            Action::Fault(fault) => Some(fault),
            _ => None,
        })
    }

    /// What happens to a receipt of this kind, if anything does.
    pub(crate) fn mishap(&self, kind: &str) -> Option<Mishap> {
        let is_for = |when: &When| matches!(when, When::Receipt(wanted) if wanted == kind);
        let mut book = self.settled(is_for);
        let entries = book.entries.iter_mut().rev().filter(|entry| is_for(&entry.when));
        entries.filter_map(|entry| entry.decide(true)).find_map(|action| match action {
            Action::Mishap(mishap) => Some(mishap),
            _ => None,
        })
    }

    /// Returns `false` if no rule has this id.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let (entries, drafts) = self.take(|of| of == id);
        !entries.is_empty() || !drafts.is_empty()
    }

    pub(crate) fn clear(&self) {
        self.take(|_| true);
    }

    fn take(&self, is_taken: impl Fn(u64) -> bool) -> (Vec<Entry>, Vec<Draft>) {
        let taken = self.lock().take(is_taken);
        self.completed.notify_all();
        taken
    }

    pub(crate) fn summaries(&self) -> Vec<Summary> {
        let summary = |entry: &Entry| Summary {
            id: entry.id,
            when: entry.when.clone(),
            matched: entry.matched.load(Ordering::Relaxed),
            used_up: entry.is_used_up(),
        };
        self.settled(|_| true).entries.iter().map(summary).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
