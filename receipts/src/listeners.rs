//! Functions of the application that learn what happened.

use std::fmt;
use std::sync::Arc;

use aliyun_runtime::BoxFuture;
use tokio::runtime::Handle;

use crate::arrival::Arrival;

/// Gets new receipts after they were stored.
type OnNew = Arc<dyn Fn(Vec<Arrival>) -> BoxFuture<'static, ()> + Send + Sync>;

/// Gets problems.
type OnProblem = Arc<dyn Fn(&Problem) + Send + Sync>;

/// The functions of one channel.
#[derive(Clone, Default)]
pub(crate) struct Listeners {
    new: Option<OnNew>,
    problem: Option<OnProblem>,
}

impl Listeners {
    pub(crate) fn set_new<F>(&mut self, listener: impl Fn(Vec<Arrival>) -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.new = Some(Arc::new(move |arrivals| Box::pin(listener(arrivals))));
    }

    pub(crate) fn set_problem(&mut self, listener: impl Fn(&Problem) + Send + Sync + 'static) {
        self.problem = Some(Arc::new(listener));
    }

    pub(crate) fn report(&self, what: impl Into<String>) {
        if let Some(listener) = &self.problem {
            listener(&Problem { what: what.into() });
        }
    }

    /// Passes these on when the result is dropped, in a task of its own.
    pub(crate) fn when_dropped(&self, new: Vec<Arrival>) -> WhenDropped {
        WhenDropped { news: self.new.clone().filter(|_| !new.is_empty()).map(|listener| (listener, new)) }
    }
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("new", &self.new.is_some()).field("problem", &self.problem.is_some()).finish()
    }
}

/// New receipts that the application learns of when this is dropped: after the response, or when there is nobody left to
/// respond to. They are stored, so nobody else will tell.
pub(crate) struct WhenDropped {
    news: Option<(OnNew, Vec<Arrival>)>,
}

impl Drop for WhenDropped {
    fn drop(&mut self) {
        // Without a runtime the program ends. It learns of these when it reads its inbox again.
        if let (Some((listener, new)), Ok(runtime)) = (self.news.take(), Handle::try_current()) {
            runtime.spawn(async move { listener(new).await });
        }
    }
}

/// Something that a person should know about: a batch that could not be stored or read, a message that was set aside.
///
/// `Display` says what happened and what to do. It shows no secret and nothing of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}
