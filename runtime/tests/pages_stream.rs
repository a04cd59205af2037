//! Pages and items as streams: what the feature `stream` adds.

#![cfg(feature = "stream")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicI64, Ordering};

use crate::specimen::{Answers, ListThings, ThingPage, answer, client, parameter};
use aliyun_runtime::http::Request;
use aliyun_runtime::{Bytes, Error, Items, Pages};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt as _};

/// Three pages with two things each; each `fails`th answer is a failure.
fn things(fails: i64) -> aliyun_runtime::Client<crate::specimen::Specimens> {
    let count = AtomicI64::new(0);
    client(Answers(move |request: Request<Bytes>| {
        if (count.fetch_add(1, Ordering::Relaxed) + 1) % fails == 0 {
            return Ok(answer(200, r#"{"Code":"isv.OUT_OF_SERVICE"}"#));
        }
        let page: i64 = parameter(request.body(), "Page").unwrap().parse().unwrap();
        let (first, second) = (2 * page - 2, 2 * page - 1);
        Ok(answer(200, format!(r#"{{"Code":"OK","Total":6,"Things":[{{"id":{first}}},{{"id":{second}}}]}}"#)))
    }))
}

#[tokio::test]
async fn a_stream_has_all_items_in_order() {
    for most in [0, 2] {
        let items = things(100).items(ListThings::default()).read_ahead(most);
        let ids: Vec<i64> = items.map_ok(|thing| thing.id).try_collect().await.unwrap();
        assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
        let pages: Vec<ThingPage> =
            things(100).pages(ListThings::default()).read_ahead(most).try_collect().await.unwrap();
        assert_eq!(pages.iter().map(|page| page.things.len()).collect::<Vec<_>>(), [2, 2, 2]);
    }
}

/// A stream that went on for ever would never be collected.
#[tokio::test]
async fn a_stream_ends_after_an_error_and_next_goes_on() {
    for most in [0, 2] {
        let mut items = things(2).items(ListThings::default()).read_ahead(most);
        let seen: Vec<Result<i64, String>> = items
            .by_ref()
            .map(|item| item.map(|thing| thing.id).map_err(|error: Error| error.code().unwrap().to_owned()))
            .collect()
            .await;
        assert_eq!(seen, [Ok(0), Ok(1), Err("isv.OUT_OF_SERVICE".to_owned())]);
        assert!(StreamExt::next(&mut items).await.is_none());
        assert_eq!(items.next().await.unwrap().unwrap().id, 2);
        let mut pages = things(2).pages(ListThings::default()).read_ahead(most);
        assert_eq!(pages.by_ref().filter_map(async |page| page.ok()).count().await, 1);
        assert_eq!(pages.next().await.unwrap().unwrap().things[0].id, 2);
    }
}

#[test]
fn streams_can_be_moved_polled_and_sent_to_another_thread() {
    fn check<T: Stream + Unpin + Send + 'static>() {}
    check::<Pages<ListThings>>();
    check::<Items<ListThings>>();
}
