//! The pages and items of an operation.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::runtime::Handle;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::call::core::Core;
use crate::call::paginator::{Paginator, Position};
use crate::call::pending::{PendingRequest, ResponseFuture};
use crate::error::Sent;
use crate::error::{Error, ErrorKind};
use crate::generated::field::View;
use crate::generated::operation::Paged;

/// The pages of an operation, one by one, until the announced total is reached, or an empty page if no total is
/// announced.
///
/// Pages that end before the announced total end with an error of the kind [`ErrorKind::Paging`] that names both
/// numbers. So do pages that do not progress, for example if a token is given twice. The pages before the error are
/// valid.
///
/// ```ignore
/// let mut pages = client.pages(request);
/// while let Some(page) = pages.next().await? { /* ... */ }
/// ```
///
/// With the feature `stream` it is a `futures_core::Stream` too. The stream ends after an error, so that collecting it
/// ends; [`Pages::next`] can continue.
#[must_use = "nothing is asked for before `next` is awaited"]
pub struct Pages<O: Paged> {
    /// The position in the pages; `None` while a task reads ahead.
    turning: Option<Turning<O>>,
    ahead: Option<Ahead<O>>,
    /// Maximum number of pages to request ahead.
    read_ahead: usize,
    #[cfg(feature = "stream")]
    ended: bool,
}

impl<O: Paged> Pages<O> {
    pub(crate) fn new(core: &Arc<Core>, request: O) -> Self {
        Self {
            turning: Some(Turning::new(core, request)),
            ahead: None,
            read_ahead: 0,
            #[cfg(feature = "stream")]
            ended: false,
        }
    }

    /// Requests up to this number of pages ahead, while the caller uses the page before them; default 0.
    ///
    /// Pages are requested one after the other and arrive in order, since a page says whether there is another one, and
    /// may say where it begins. A task of the tokio runtime requests them, from the first [`Pages::next`] on: a future
    /// alone would make no progress while its caller does something else, and its time limit would run on. The task
    /// waits while that number of pages is ready, ends at an error and after the last page, and is stopped when this is
    /// dropped. On a current-thread runtime it runs whenever the caller awaits something.
    pub fn read_ahead(mut self, pages: usize) -> Self {
        self.read_ahead = pages.min(Semaphore::MAX_PERMITS);
        self
    }

    /// The next page, or `None` after the last one. After an error, the same page is requested again.
    ///
    /// Dropping the future early loses nothing: the call that it started continues with the next one.
    pub async fn next(&mut self) -> Result<Option<O::Output>, Error> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<O::Output>, Error>> {
        loop {
            if let Some(ahead) = &mut self.ahead {
                if let Some(page) = ready!(ahead.pages.poll_recv(context)) {
                    return Poll::Ready(Ok(Some(page)));
                }
                let ended = ready!(ahead.task.poll_join_next(context));
                self.ahead = None;
                if let Some(Ok((turning, error))) = ended {
                    self.turning = Some(turning);
                    if let Some(error) = error {
                        return Poll::Ready(Err(error));
                    }
                }
            }
            let Some(turning) = &mut self.turning else { return Poll::Ready(Err(lost::<O>())) };
            // Without a runtime there is no task; the call reports that.
            let runtime = Handle::try_current().ok().filter(|_| self.read_ahead > 0 && turning.moves());
            let Some(runtime) = runtime else { return turning.poll(context) };
            self.ahead = self.turning.take().map(|turning| Ahead::start(turning, self.read_ahead, &runtime));
        }
    }
}

/// The position is lost with the task.
fn lost<O: Paged>() -> Error {
    let what = "the task that reads pages ahead is gone: it panicked, or its runtime was shut down";
    Error::new(ErrorKind::Paging, O::FACTS.action, Sent::Maybe, what).ended(0, O::FACTS, Sent::No)
}

impl<O: Paged> fmt::Debug for Pages<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("action", &O::FACTS.action)
            .field("paginator", &self.turning.as_ref().map(|turning| &turning.paginator))
            .field("read_ahead", &self.read_ahead)
            .finish_non_exhaustive()
    }
}

/// Requests one page after the other.
struct Turning<O: Paged> {
    core: Arc<Core>,
    request: O,
    paginator: Paginator,
    /// The call in progress. It is kept here, so that it outlives the future that started it.
    call: Option<ResponseFuture<O::Output>>,
}

impl<O: Paged> Turning<O> {
    fn new(core: &Arc<Core>, mut request: O) -> Self {
        request.prepare();
        let start = Position::read(request.position(), O::PAGING.step);
        let paginator = Paginator::new(O::FACTS.action, O::PAGING, start);
        Self { core: Arc::clone(core), request, paginator, call: None }
    }

    /// Whether there may be a further page.
    fn moves(&self) -> bool {
        !matches!(self.paginator.position(), Ok(None))
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<O::Output>, Error>> {
        while let Some(position) = self.paginator.position()? {
            let call = self.call.get_or_insert_with(|| {
                position.write(self.request.position());
                PendingRequest::of(&self.core, O::FACTS, &self.request).into_future()
            });
            let answer = ready!(Pin::new(call).poll(context));
            self.call = None;
            let page = answer?;
            if self.paginator.turn(View::Record(&page))? {
                return Poll::Ready(Ok(Some(page)));
            }
        }
        Poll::Ready(Ok(None))
    }
}

/// A task that requests pages ahead.
struct Ahead<O: Paged> {
    pages: mpsc::Receiver<O::Output>,
    /// Returns the position in the pages, and the error that ended it. One task, stopped when this is dropped.
    task: JoinSet<(Turning<O>, Option<Error>)>,
}

impl<O: Paged> Ahead<O> {
    fn start(turning: Turning<O>, most: usize, runtime: &Handle) -> Self {
        let (sender, pages) = mpsc::channel(most);
        let mut task = JoinSet::new();
        task.spawn_on(read_ahead(turning, sender), runtime);
        Self { pages, task }
    }
}

/// Requests a page when there is room for it, so that no more pages are ready or in progress than the channel holds.
async fn read_ahead<O: Paged>(mut turning: Turning<O>, pages: mpsc::Sender<O::Output>) -> (Turning<O>, Option<Error>) {
    while let Ok(room) = pages.reserve().await {
        match poll_fn(|context| turning.poll(context)).await {
            Ok(Some(page)) => room.send(page),
            Ok(None) => break,
            Err(error) => return (turning, Some(error)),
        }
    }
    (turning, None)
}

/// The items of all pages of an operation, one by one. It holds one page at a time, and those read ahead.
///
/// With the feature `stream` it is a `futures_core::Stream` too. The stream ends after an error, so that collecting it
/// ends; [`Items::next`] can continue.
#[must_use = "nothing is asked for before `next` is awaited"]
pub struct Items<O: Paged> {
    pages: Pages<O>,
    page: std::vec::IntoIter<O::Item>,
}

impl<O: Paged> Items<O> {
    pub(crate) fn new(pages: Pages<O>) -> Self {
        Self { pages, page: Vec::new().into_iter() }
    }

    /// Requests up to this number of pages ahead; see [`Pages::read_ahead`].
    pub fn read_ahead(mut self, pages: usize) -> Self {
        self.pages = self.pages.read_ahead(pages);
        self
    }

    /// The next item, or `None` after the last one. After an error, the page that failed is requested again.
    ///
    /// Dropping the future early loses nothing: the call that it started continues with the next one.
    pub async fn next(&mut self) -> Result<Option<O::Item>, Error> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<O::Item>, Error>> {
        loop {
            if let Some(item) = self.page.next() {
                return Poll::Ready(Ok(Some(item)));
            }
            match ready!(self.pages.poll(context))? {
                Some(page) => self.page = O::items(page).into_iter(),
                None => return Poll::Ready(Ok(None)),
            }
        }
    }
}

impl<O: Paged> fmt::Debug for Items<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).finish_non_exhaustive()
    }
}

#[cfg(feature = "stream")]
mod stream {
    use futures_core::Stream;

    use super::{Context, Error, Items, Paged, Pages, Pin, Poll, ready};

    // Nothing in them needs to be pinned: the call in progress is a box.
    impl<O: Paged> Unpin for Pages<O> {}
    impl<O: Paged> Unpin for Items<O> {}

    impl<O: Paged> Stream for Pages<O> {
        type Item = Result<O::Output, Error>;

        fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let this = self.get_mut();
            if this.ended {
                return Poll::Ready(None);
            }
            let page = ready!(this.poll(context));
            this.ended = page.is_err();
            Poll::Ready(page.transpose())
        }
    }

    impl<O: Paged> Stream for Items<O> {
        type Item = Result<O::Item, Error>;

        fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let this = self.get_mut();
            if this.pages.ended {
                return Poll::Ready(None);
            }
            let item = ready!(this.poll(context));
            this.pages.ended = item.is_err();
            Poll::Ready(item.transpose())
        }
    }
}
