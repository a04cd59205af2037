//! Where pages end: at the announced total, at an empty page, at a missing token, and never silently before.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use aliyun_runtime::generated::View;
use aliyun_runtime::{ErrorKind, Paginator, Paging, Position, Sent, Step};
use serde_json::{Value, json};

const NUMBERED: Paging = Paging::of("Items", Step::Page(1)).total("Total");
const SKIPPED: Paging = Paging::of("Items", Step::Offset(0)).total("Total");
const BARE: Paging = Paging::of("Items", Step::Page(1));
const TOKENS: Paging = Paging::of("Items", Step::Token("Next")).total("Total");

/// What a list that is read to its end gives: the number of items that were delivered, of requests, and the error.
#[derive(Debug, PartialEq)]
struct End {
    items: usize,
    requests: usize,
    error: Option<String>,
}

/// Reads to the end. `page` answers a position; more than 200 requests are a loop.
fn read(paging: Paging, start: Option<Position>, page: impl Fn(usize, &Position) -> Value) -> End {
    let mut turner = Paginator::new("List", paging, start);
    let mut end = End { items: 0, requests: 0, error: None };
    let error = loop {
        let position = match turner.position() {
            Ok(None) => return end,
            Ok(Some(position)) => position.clone(),
            Err(error) => break error,
        };
        let answer = page(end.requests, &position);
        end.requests += 1;
        assert!(end.requests <= 200, "a loop");
        match turner.turn(View::Value(&answer)) {
            Ok(shown) => {
                let count = answer["Items"].as_array().map_or(0, Vec::len);
                assert!(shown || count == 0, "items are delivered");
                end.items += count;
            }
            Err(error) => {
                // The position stays: asking again is possible.
                assert_eq!(turner.position().unwrap(), Some(&position));
                break error;
            }
        }
    };
    assert_eq!((error.kind(), error.sent(), error.is_outcome_unknown()), (ErrorKind::Paging, Sent::Yes, false));
    end.error = Some(error.to_string());
    end
}

/// Pages with these numbers of items, each with an id, and these announcements; empty ones follow.
fn sized(paging: Paging, pages: &[(usize, Value)]) -> End {
    read(paging, None, |request, _| {
        let before: usize = pages.iter().take(request).map(|(count, _)| count).sum();
        let (count, total) = pages.get(request).cloned().unwrap_or((0, Value::Null));
        json!({ "Items": (before..before + count).collect::<Vec<_>>(), "Total": total })
    })
}

fn complete(items: usize, requests: usize) -> End {
    End { items, requests, error: None }
}

fn short(items: usize, requests: usize, what: &str) -> End {
    let hint = "list again later, or narrow what is asked for";
    End { items, requests, error: Some(format!("List: {what}; {hint}")) }
}

fn stuck(items: usize, requests: usize, what: &str) -> End {
    End { items, requests, error: Some(format!("List: {what}, so the pages do not move on")) }
}

/// A name, the pages with their numbers of items and announcements, and what comes of them.
type Case = (&'static str, Vec<(usize, Value)>, End);

#[test]
fn pages_end_at_the_total_or_at_an_empty_page() {
    let none = || Value::Null;
    let cases: Vec<Case> = vec![
        ("no total, short pages", vec![(3, none()), (2, none()), (3, none())], complete(8, 4)),
        ("no total, nothing", vec![(0, none())], complete(0, 1)),
        ("no total, a growing page", vec![(1, none()), (5, none())], complete(6, 3)),
        ("the total is reached", vec![(3, json!(8)), (2, json!(8)), (3, json!(8))], complete(8, 3)),
        ("one more than the total", vec![(3, json!(5)), (3, json!(5))], complete(6, 2)),
        (
            "one less than the total",
            vec![(3, json!(7)), (3, json!(7))],
            short(6, 3, "6 of 7 items came, and then an empty page"),
        ),
        (
            "an empty third page",
            vec![(10, json!(50)), (10, json!(50)), (0, json!(50))],
            short(20, 3, "20 of 50 items came, and then an empty page"),
        ),
        ("an empty first page", vec![(0, json!(50))], short(0, 1, "0 of 50 items came, and then an empty page")),
        ("a total of nothing", vec![(0, json!(0))], complete(0, 1)),
        ("a total as text", vec![(2, json!("5")), (2, json!(" 5 ")), (1, json!("5"))], complete(5, 3)),
        ("a short text total", vec![(2, json!("5"))], short(2, 2, "2 of 5 items came, and then an empty page")),
        ("a total that is no number", vec![(2, json!("many")), (2, json!("many"))], complete(4, 3)),
        ("a total of 0 with items", vec![(2, json!(0)), (2, json!(0))], complete(4, 3)),
        ("a negative total", vec![(2, json!(-1)), (2, json!(-1))], complete(4, 3)),
        ("a total of the page only", vec![(3, json!(2)), (3, json!(2))], complete(6, 3)),
        ("announced on the first page only", vec![(2, json!(5)), (2, none()), (1, none())], complete(5, 3)),
        (
            "announced first, and then short",
            vec![(2, json!(5)), (2, none())],
            short(4, 3, "4 of 5 items came, and then an empty page"),
        ),
        ("announced late", vec![(2, none()), (2, json!(4))], complete(4, 2)),
        ("a total that grows", vec![(2, json!(3)), (2, json!(5)), (1, json!(5))], complete(5, 3)),
        ("a total that falls to what came", vec![(2, json!(9)), (2, json!(4))], complete(4, 2)),
        ("a total that falls below what came", vec![(2, json!(9)), (2, json!(3))], complete(4, 2)),
        ("a fallen total on the empty page", vec![(2, json!(9)), (2, json!(9)), (0, json!(4))], complete(4, 3)),
        (
            "a total of 0 on the empty page",
            vec![(2, json!(9)), (0, json!(0))],
            short(2, 2, "2 of 9 items came, and then an empty page"),
        ),
        (
            "the largest total",
            vec![(2, json!(i64::MAX))],
            short(2, 2, "2 of 9223372036854775807 items came, and then an empty page"),
        ),
    ];
    for (name, pages, expected) in cases {
        assert_eq!(sized(NUMBERED, &pages), expected, "{name}, by page number");
        assert_eq!(sized(SKIPPED, &pages), expected, "{name}, by offset");
    }
}

#[test]
fn equal_pages_are_valid_where_the_total_says_so() {
    let same = |total: Value| move |_: usize, _: &Position| json!({ "Items": ["x", "x"], "Total": total });
    for paging in [NUMBERED, SKIPPED] {
        assert_eq!(read(paging, None, same(json!(6))), complete(6, 3));
        assert_eq!(read(paging, None, same(json!(5))), complete(6, 3), "bounded by the total");
        assert_eq!(read(paging, None, same(json!(100))), complete(100, 50), "bounded by the total");
    }
    let twice = || stuck(2, 2, "the service answered the same page twice");
    for total in [Value::Null, json!(0), json!(-1), json!(1)] {
        assert_eq!(read(NUMBERED, None, same(total.clone())), twice(), "{total}");
        assert_eq!(read(SKIPPED, None, same(total.clone())), twice(), "{total}");
    }
    assert_eq!(read(BARE, None, same(json!(6))), twice(), "no total is declared");
    // A service that begins again behind its last page.
    for length in [2, 3, 5] {
        let circle = move |request: usize, _: &Position| json!({ "Items": [request % length, 7] });
        let end = stuck(4 * length - 2, 2 * length, "the service answered the same page twice");
        assert_eq!(read(BARE, None, circle), end, "a circle of {length}");
    }
    // Pages that are equal and not in a row: nothing that could be told from each other came.
    let alike = |request: usize, _: &Position| json!({ "Items": vec![json!({}); [3, 2, 3, 0][request]] });
    assert_eq!(read(BARE, None, alike), complete(8, 4));
    let fresh_token = |request: usize, _: &Position| json!({ "Items": ["x"], "Next": request.to_string() });
    assert_eq!(read(TOKENS, None, fresh_token), stuck(1, 2, "the service answered the same page twice"));
}

#[test]
fn pages_that_begin_in_the_middle_are_bounded_by_the_total_and_end_at_an_empty_page() {
    // 23 items on pages of 5; page 3 begins at item 10.
    let page = |first: i64, total: Value| {
        let items: Vec<i64> = (first.clamp(0, 23)..(first + 5).clamp(0, 23)).collect();
        json!({ "Items": items, "Total": total })
    };
    let at = |position: &Position| match position {
        Position::Number(number) => *number,
        other => panic!("{other:?} is not a number"),
    };
    for total in [json!(23), Value::Null] {
        let numbered = |_: usize, position: &Position| page(5 * (at(position) - 1), total.clone());
        assert_eq!(read(NUMBERED, Some(Position::Number(3)), numbered), complete(13, 4), "{total}");
        assert_eq!(
            read(NUMBERED, Some(Position::Number(9)), numbered),
            complete(0, 1),
            "behind the last page, {total}"
        );
    }
    let skipped = |_: usize, position: &Position| page(at(position), json!(23));
    assert_eq!(read(SKIPPED, Some(Position::Number(10)), skipped), complete(13, 3));
    assert_eq!(read(SKIPPED, Some(Position::Number(22)), skipped), complete(1, 1));
    assert_eq!(read(SKIPPED, Some(Position::Number(23)), skipped), complete(0, 1));
    let short_page = |_: usize, _: &Position| json!({ "Items": [], "Total": 23 });
    let expected = short(0, 1, "10 of 23 items came, and then an empty page");
    assert_eq!(read(SKIPPED, Some(Position::Number(10)), short_page), expected);
    // A service that answers its last page for every number behind it must not be read up to the total.
    let clamped = |_: usize, position: &Position| page(5 * (at(position).min(5) - 1), json!(23));
    let twice = stuck(8, 3, "the service answered the same page twice");
    assert_eq!(read(NUMBERED, Some(Position::Number(4)), clamped), twice);
}

#[test]
fn tokens_end_where_there_is_none_and_never_go_in_circles() {
    for length in [1, 2, 3, 7] {
        let circle = |request: usize, _: &Position| {
            let token = format!("t{}", request % length);
            json!({ "Items": [request], "Next": token })
        };
        let end = read(TOKENS, None, circle);
        assert_eq!(end, stuck(length + 1, length + 1, "the service gave a token twice"), "a circle of {length}");
        let end = read(TOKENS, Some(Position::Token("t0".to_owned())), circle);
        assert_eq!(end, stuck(1, 1, "the service gave a token twice"), "the token that it began with");
    }
    let chain = |tokens: &'static [&'static str], total: Value| {
        move |request: usize, _: &Position| {
            let next = tokens.get(request).copied().unwrap_or_default();
            json!({ "Items": [2 * request, 2 * request + 1], "Next": next, "Total": total })
        }
    };
    assert_eq!(read(TOKENS, None, chain(&["a", "b"], Value::Null)), complete(6, 3));
    assert_eq!(read(TOKENS, None, chain(&["a", "b"], json!(6))), complete(6, 3));
    assert_eq!(read(TOKENS, None, chain(&["a", "b"], json!(5))), complete(6, 3), "the token says more than the total");
    assert_eq!(read(TOKENS, None, chain(&["a", "b"], json!(0))), complete(6, 3));
    let what = "6 of 7 items came, and then no token for a further page";
    assert_eq!(read(TOKENS, None, chain(&["a", "b"], json!(7))), short(6, 3, what));
    let middle = Some(Position::Token("z".to_owned()));
    assert_eq!(read(TOKENS, middle, chain(&["a", "b"], json!(7))), complete(6, 3), "items before are not known");
    // An empty page with a token ends nothing, until all that was announced came.
    let sparse = |total: Value| {
        move |request: usize, _: &Position| {
            let items = if request.is_multiple_of(2) { json!([request]) } else { json!([]) };
            let next = if request < 6 { json!(request) } else { Value::Null };
            json!({ "Items": items, "Next": next, "Total": total })
        }
    };
    assert_eq!(read(TOKENS, None, sparse(Value::Null)), complete(4, 7));
    assert_eq!(read(TOKENS, None, sparse(json!(3))), complete(3, 6));
}

#[test]
fn empty_pages_with_ever_new_tokens_end_somewhere() {
    let mut turner = Paginator::new("List", TOKENS, None);
    for request in 0..1_000 {
        assert!(turner.position().unwrap().is_some(), "{request}");
        let page = json!({ "Items": [], "Next": request });
        assert_eq!(turner.turn(View::Value(&page)).unwrap(), request == 0);
    }
    assert_eq!(turner.position().unwrap_err().to_string(), "List: 1000 empty pages came in a row");
}
