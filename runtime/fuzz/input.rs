//! What is done with one input, by the fuzz targets and by `tests/fuzz_seeds.rs`.

#![allow(dead_code, reason = "each target uses one")]

use std::cell::RefCell;

use aliyun_runtime::generated::{debug, serialize};
use aliyun_runtime::testing::read_body;
use aliyun_runtime::{Bytes, Client, Error, Format, Value};

use crate::specimen::{Answers, ListThings, Shapes, Specimens, answer, builder};

/// An answer in JSON.
pub(crate) fn json(data: &[u8]) {
    answered(Format::Json, 200, data);
    pages(data);
    // Whatever it is: what reads answers takes any text.
    let _ = read_body(data, &mut Value::Null);
}

/// An answer in XML.
pub(crate) fn xml(data: &[u8]) {
    answered(Format::Xml, 200, data);
}

/// An answer whose status the first byte picks.
pub(crate) fn error(data: &[u8]) {
    const STATUSES: [u16; 12] = [200, 201, 301, 302, 400, 401, 403, 404, 429, 500, 502, 503];
    let Some((first, body)) = data.split_first() else { return };
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    answered(Format::Json, status, body);
}

/// Reads an answer as a client does. What is read can be written and is read again as the same; what cannot be read is
/// an error that shows no long number.
fn answered(format: Format, status: u16, body: &[u8]) {
    let body = Bytes::copy_from_slice(body);
    match call(format, status, &body, |client| client.send(Shapes::default())) {
        Ok(shapes) => {
            let written =
                serialize(&shapes, serde_json::value::Serializer).expect("what was read has a form").to_string();
            let mut again = Shapes::default();
            read_body(written.as_bytes(), &mut again).unwrap_or_else(|fault| panic!("{fault}: {written}"));
            assert_eq!(shapes, again, "{written}");
            assert!(!format!("{:?}", Debugged(&shapes)).is_empty());
        }
        Err(error) => check(&error),
    }
    if let Err(error) = call(format, status, &body, |client| client.send_action("Shapes", &[])) {
        check(&error);
    }
}

fn check(error: &Error) {
    let mut shown = format!("{error}\n{error:?}");
    // Both are the service's own names, and are shown as they are.
    for said in [error.code(), error.request_id()].into_iter().flatten() {
        shown = shown.replace(said, " ");
    }
    let longest = shown.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    assert!(longest < 7, "a long number is shown: {shown}");
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "a control character is shown: {shown:?}");
}

/// Pages that are all the same come to an end, or to an error: at the total that they announce, or else at once.
fn pages(data: &[u8]) {
    let body = Bytes::copy_from_slice(data);
    let (turned, announced, items) = with(Format::Json, 200, &body, |client, runtime| {
        let mut pages = client.pages(ListThings::default());
        let (mut turned, mut announced, mut items) = (0, 0, 0);
        while turned < 4
            && let Ok(Some(page)) = runtime.block_on(pages.next())
        {
            turned += 1;
            announced = page.total.unwrap_or_default();
            items += page.things.len();
        }
        (turned, announced, items)
    });
    let before = items - items / turned.max(1);
    let wanted = i64::try_from(before).is_ok_and(|before| announced > before);
    assert!(turned <= 2 || wanted, "the same page was turned {turned} times, {items} items of {announced}");
}

struct Debugged<'a>(&'a Shapes);

impl std::fmt::Debug for Debugged<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        debug(self.0, f)
    }
}

thread_local! {
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime needs nothing");
    static ANSWER: RefCell<(u16, Bytes)> = const { RefCell::new((200, Bytes::new())) };
    static CLIENTS: [Client<Specimens>; 2] = [Format::Json, Format::Xml].map(|format| {
        let transport = Answers(|_| Ok(ANSWER.with_borrow(|(status, body)| answer(*status, body.clone()))));
        builder().format(format).transport(transport).build().expect("nothing of it is invalid")
    });
}

fn with<T>(
    format: Format,
    status: u16,
    body: &Bytes,
    run: impl FnOnce(&Client<Specimens>, &tokio::runtime::Runtime) -> T,
) -> T {
    ANSWER.set((status, body.clone()));
    CLIENTS.with(|[json, xml]| RUNTIME.with(|runtime| run(if format == Format::Json { json } else { xml }, runtime)))
}

fn call<C: IntoFuture>(
    format: Format,
    status: u16,
    body: &Bytes,
    make: impl FnOnce(&Client<Specimens>) -> C,
) -> C::Output {
    with(format, status, body, |client, runtime| runtime.block_on(make(client).into_future()))
}
