//! One of everything that the dialect can say, compiled and used: awkward names, every shape, every way of paging.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(deprecated, reason = "deprecated parameters are specimens too")]

use aliyun_runtime::{Credentials, ErrorKind, Method, Operation, Retries, Sent, Signature};
use serde_json::{Value, json};
use workspace_tests::names::{Keywords, Slot};
use workspace_tests::pages::{NestedPages, NestedPagesPager, OffsetPages, TokenPages};
use workspace_tests::shapes::{Nothing, Open, PageAction, Ring, Shapes, ShapesKey, ShapesStyled};
use workspace_tests::types::{Level, Tree};
use workspace_tests::{Canned, Client, Specimens};

/// A client that attempts every call once.
fn client(canned: &Canned) -> Client {
    let builder = Client::builder().credentials(Credentials::new("testid", "testsecret")).retries(Retries::never());
    builder.transport(canned.clone()).build().unwrap()
}

/// The business parameters of the last request, decoded.
fn sent(canned: &Canned) -> Vec<(String, String)> {
    let request = canned.requests().pop().unwrap();
    let encoded = request.uri().query().map_or_else(|| request.body().to_vec(), |query| query.as_bytes().to_vec());
    let pairs = form_urlencoded::parse(&encoded).into_owned();
    pairs.take_while(|(name, _)| name != "AccessKeyId").collect()
}

fn pairs(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test]
async fn awkward_names_compile_and_travel_as_they_are_written() {
    let canned =
        Canned::ok(r#"{"Code":"OK","RequestId":"R-1","Match":"m","place":"p","Data":{"Record":"yes","fn":"f"}}"#);
    let request = Keywords::new("t", "v")
        .r#async(true)
        .own_self("s")
        .too_fast(2)
        .page_no(1)
        .page_no_again(3)
        .support_mp3(false)
        .x_acs_thing_one("x")
        .default("d")
        .from("f")
        .into("i")
        .view("w");
    let answer = client(&canned).send(request.clone()).await.unwrap();
    assert_eq!(
        pairs(&sent(&canned)),
        [
            ("type", "t"),
            ("Async", "true"),
            ("value", "v"),
            ("Self", "s"),
            ("2Fast", "2"),
            ("PageNo", "1"),
            ("page_no", "3"),
            ("SupportMp3", "false"),
            ("X-Acs-Thing.One", "x"),
            ("Default", "d"),
            ("From", "f"),
            ("Into", "i"),
            ("View", "w"),
        ]
    );
    assert_eq!((answer.r#match.as_deref(), answer.place.as_deref()), (Some("m"), Some("p")));
    let data = answer.data.unwrap();
    assert_eq!((data.record, data.r#fn.as_deref()), (Some(Slot::Yes), Some("f")));
}

#[tokio::test]
async fn every_shape_travels_in_its_style() {
    let canned = Canned::ok(
        r#"{"Code":"OK","Root":"{\"name\":\"n\",\"children\":[{\"name\":\"m\"}]}","Levels":[1,"9",5],"Counts":{"a":"1"},"Rest":[1,"x"],"Tok":7}"#,
    );
    let request = Shapes::new("x")
        .small(2)
        .large(3000)
        .share(0.5)
        .truth(true)
        .free(json!({"a": 1}))
        .time(1_760_000_000_000)
        .secret("s")
        .level(9)
        .direction("0")
        .joined(["a", "b"])
        .numbered([ShapesKey::new("1").values([("a", "b")]).inner(["x", "y"]), ShapesKey::new("2")])
        .json([Tree::new("n").children([Tree::new("m")])])
        .map([("code", "1234")])
        .maps([[("k".to_owned(), "v".to_owned())].into()])
        .styled(ShapesStyled::new().joined(["a", "b"]).text([("k", "v")]));
    let answer = client(&canned).send(request).await.unwrap();
    assert_eq!(
        pairs(&sent(&canned)),
        [
            ("Text", "x"),
            ("Small", "2"),
            ("Large", "3000"),
            ("Share", "0.5"),
            ("Truth", "true"),
            ("Free", r#"{"a":1}"#),
            ("Time", "1760000000000"),
            ("Secret", "s"),
            ("Level", "9"),
            ("Direction", "0"),
            ("Joined", "a,b"),
            ("Numbered.1.Key", "1"),
            ("Numbered.1.Values", r#"{"a":"b"}"#),
            ("Numbered.1.Inner.1", "x"),
            ("Numbered.1.Inner.2", "y"),
            ("Numbered.2.Key", "2"),
            ("Json", r#"[{"name":"n","children":[{"name":"m"}]}]"#),
            ("Map", r#"{"code":"1234"}"#),
            ("Maps", r#"[{"k":"v"}]"#),
            ("Styled", r#"{"Joined":"a,b","Text":"{\"k\":\"v\"}"}"#),
        ]
    );
    let root = answer.root.unwrap();
    assert_eq!(root.name.as_deref(), Some("n"));
    assert_eq!(root.children.unwrap()[0].name.as_deref(), Some("m"));
    assert_eq!(answer.levels, [Level::Low, Level::High, Level::Other(5)]);
    assert_eq!(answer.counts["a"], 1);
    assert_eq!((answer.rest, answer.took), (Some(json!([1, "x"])), Some(7)));
    assert_eq!(canned.requests()[0].method(), "GET");
}

#[tokio::test]
async fn what_has_no_form_on_the_wire_is_refused_before_anything_is_sent() {
    for (request, message) in [
        (Shapes::new("x").joined(["a,b"]), "Shapes: parameter Joined has an item with a comma, which joins items"),
        (Shapes::new("x").share(f64::NAN), "Shapes: parameter Share has a number that is infinite or not a number"),
        (Shapes::new("x").numbers([f64::INFINITY]), "Shapes: parameter Numbers cannot be written as JSON"),
    ] {
        let canned = Canned::default();
        let error = client(&canned).send(request).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Request, Sent::No));
        assert_eq!((error.to_string().as_str(), canned.requests().len()), (message, 0));
    }
}

#[test]
fn facts_are_those_of_the_specification() {
    assert_eq!((Ring::FACTS.reaches.map(|reach| reach.whom), Ring::FACTS.idempotent), (Some("Called"), false));
    assert_eq!((Shapes::FACTS.reaches, Shapes::FACTS.idempotent), (None, true));
    assert_eq!((OffsetPages::FACTS.reaches, OffsetPages::FACTS.idempotent), (None, true));
    let facts = <Specimens as aliyun_runtime::Service>::FACTS;
    assert_eq!((facts.product, facts.version, facts.endpoint), ("Specimens", "2026-01-01", "specimens.example.com"));
}

#[test]
fn debug_masks_and_serialize_does_not() {
    let request = Shapes::new("x").secret("s").numbered([ShapesKey::new("1").values([("spoken", "text")])]);
    assert_eq!(
        format!("{request:?}"),
        "Shapes { Text: \"x\", Secret: ***, Numbered: [ShapesKey { Key: \"1\", Values: ***, .. }], .. }"
    );
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({"Text": "x", "Secret": "s", "Numbered": [{"Key": "1", "Values": {"spoken": "text"}}]})
    );
    assert_eq!(format!("{:?} {}", Level::from(9), Level::Other(4)), "High 4");
    assert_eq!(serde_json::to_value([Slot::from("yes"), Slot::from("maybe")]).unwrap(), json!(["yes", "maybe"]));
    assert_eq!(Slot::from("maybe"), Slot::Other("maybe".to_owned()));
}

#[tokio::test]
async fn a_false_success_is_a_failure() {
    let canned = Canned::ok(r#"{"Success":false,"Message":"no","RequestId":"R-1"}"#);
    let error = client(&canned).send(Nothing::new()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Nothing: the service reported a failure: no; the service received the request: the change may have been made, \
         so look before you send it again (HTTP 200, request R-1)"
    );
}

fn offset_page(ids: std::ops::Range<i64>, total: i64) -> String {
    let rows: Vec<Value> = ids.map(|id| json!({"Id": id})).collect();
    json!({"Code": "OK", "Data": {"List": rows, "Total": total}}).to_string()
}

#[tokio::test]
async fn offsets_move_by_the_received_items_until_the_total() {
    let canned = Canned::ok(offset_page(0..2, 5)).then(200, offset_page(2..4, 5)).then(200, offset_page(4..5, 5));
    let client = client(&canned);
    let mut items = client.items(OffsetPages::new(0).limit(2));
    let mut ids = Vec::new();
    while let Some(row) = items.next().await.unwrap() {
        ids.push(row.id.unwrap());
    }
    assert_eq!(ids, [0, 1, 2, 3, 4]);
    let starts: Vec<_> = canned.bodies().iter().map(|body| body.split('&').next().unwrap().to_owned()).collect();
    assert_eq!(starts, ["Start=0", "Start=2", "Start=4"]);
    assert_eq!(pairs(&sent(&canned)), [("Start", "4"), ("Limit", "2"), ("Count", "true")]);
}

#[tokio::test]
async fn a_service_that_allows_fewer_items_loses_none() {
    // 100 a page were asked for, 2 is what the service allows.
    let canned = [2..4, 4..5, 5..7, 7..7]
        .into_iter()
        .fold(Canned::ok(offset_page(0..2, 0)), |canned, ids| canned.then(200, offset_page(ids, 0)));
    let client = client(&canned);
    let mut items = client.items(OffsetPages::new(0).limit(100));
    let mut count = 0;
    while items.next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!((count, canned.requests().len()), (7, 5), "nor is a short page the last one");
}

#[tokio::test]
async fn a_failed_page_is_requested_again() {
    let canned =
        Canned::ok(offset_page(0..2, 3)).then(500, r#"{"Code":"InternalError"}"#).then(200, offset_page(2..3, 3));
    let client = client(&canned);
    let mut items = client.items(OffsetPages::new(0));
    assert_eq!(items.next().await.unwrap().unwrap().id, Some(0));
    assert_eq!(items.next().await.unwrap().unwrap().id, Some(1));
    assert_eq!(items.next().await.unwrap_err().http_status(), Some(500));
    assert_eq!(items.next().await.unwrap().unwrap().id, Some(2));
    assert!(items.next().await.unwrap().is_none());
}

#[tokio::test]
async fn the_same_page_twice_is_an_error_and_no_loop() {
    let canned = Canned::ok(offset_page(0..2, 0)).then(200, offset_page(0..2, 0));
    let client = client(&canned);
    let mut pages = client.pages(OffsetPages::new(0));
    assert!(pages.next().await.unwrap().is_some());
    let error = pages.next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Paging);
    assert_eq!(error.to_string(), "OffsetPages: the service answered the same page twice, so the pages do not move on");
}

#[tokio::test]
async fn a_token_that_leads_nowhere_is_an_error_and_no_loop() {
    let page = r#"{"Code":"OK","Names":[],"Next":"t1"}"#;
    let canned = Canned::ok(page).then(200, page);
    let client = client(&canned);
    let mut pages = client.pages(TokenPages::new());
    assert!(pages.next().await.unwrap().is_some());
    assert_eq!(
        pages.next().await.unwrap_err().to_string(),
        "TokenPages: the service gave a token twice, so the pages do not move on"
    );
    assert_eq!(canned.requests().len(), 2);
}

#[tokio::test]
async fn a_token_of_digits_stays_as_it_is() {
    let canned = Canned::ok(r#"{"Code":"OK","Names":[]}"#);
    let _ = client(&canned).pages(TokenPages::new().token("0012")).next().await.unwrap();
    assert_eq!(pairs(&sent(&canned)), [("Token", "0012")]);
}

#[tokio::test]
async fn tokens_lead_from_page_to_page() {
    let canned = Canned::ok(r#"{"Code":"OK","Names":["a","b"],"Next":"t1"}"#)
        .then(200, r#"{"Code":"OK","Names":[],"Next":"t2"}"#)
        .then(200, r#"{"Code":"OK","Names":["c"],"Next":""}"#);
    let client = client(&canned);
    let mut items = client.items(TokenPages::new());
    let mut names = Vec::new();
    while let Some(name) = items.next().await.unwrap() {
        names.push(name);
    }
    assert_eq!(names, ["a", "b", "c"]);
    let tokens: Vec<_> = canned.bodies().iter().map(|body| body.split('&').next().unwrap().to_owned()).collect();
    assert_eq!(tokens, ["AccessKeyId=testid", "Token=t1", "Token=t2"]);
}

#[tokio::test]
async fn a_page_number_within_a_parameter_moves() {
    let canned =
        Canned::ok(r#"{"Code":"OK","Rows":[1,2],"Total":3}"#).then(200, r#"{"Code":"OK","Rows":"[3]","Total":"3"}"#);
    let client = client(&canned);
    let mut items = client.items(NestedPages::new().pager(NestedPagesPager::new().size(2)));
    let mut rows = Vec::new();
    while let Some(row) = items.next().await.unwrap() {
        rows.push(row);
    }
    assert_eq!(rows, [1, 2, 3]);
    assert_eq!(pairs(&sent(&canned)), [("Pager", r#"{"Index":1,"Size":2}"#)]);
}

/// Each text within a text is a parser of its own: a small body could use up the stack.
#[tokio::test]
async fn texts_within_texts_end_somewhere() {
    let nested = |levels: usize| {
        let mut node = json!({"name": "leaf"});
        for _ in 0..levels {
            node = json!({"children": json!([node]).to_string()});
        }
        Canned::ok(json!({"Code": "OK", "Root": node}).to_string())
    };
    let read = client(&nested(4)).send(Shapes::new("x")).await.unwrap();
    assert!(read.root.unwrap().children.is_some());
    let error = client(&nested(5)).send(Shapes::new("x")).await.unwrap_err();
    assert!(error.to_string().contains("expected a list, found JSON within text, nested too deep"), "{error}");
}

/// A client of an emulator of the specimens.
fn emulated(signature: Signature, credentials: Credentials) -> (aliyun_emulator::Emulator, Client) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/services/specimens");
    let service = aliyun_api_spec::load(folder.as_ref()).service.unwrap();
    let emulator = aliyun_emulator::Emulator::builder(service).build();
    let builder = Client::builder().credentials(credentials).signature(signature).region("eu-central-1");
    let client = builder.transport(emulator.transport()).build().unwrap();
    (emulator, client)
}

#[tokio::test]
async fn form_parameters_are_in_the_body_under_both_signatures() {
    let key = || Credentials::new("testid", "testsecret");
    let long = "x".repeat(100_000);
    let request = || PageAction::new().template(&long).tag(["a", "b c"]).count(1);
    for signature in [Signature::V1, Signature::V3] {
        let (emulator, client) = emulated(signature, key());
        let answer = client.send(request()).await.unwrap();
        assert_eq!((answer.done, answer.message), (Some(true), Some(json!({ "a": [1] }))));
        let received = emulator.requests().pop().unwrap();
        assert_eq!((received.method().as_str(), received.action()), ("PUT", Some("Page")));
        let parameter = |name: &str| received.parameter(name).map(str::to_owned);
        assert_eq!(parameter("Template").map(|text| text.len()), Some(100_000));
        assert_eq!(parameter("Tag.2").as_deref(), Some("b c"));
        assert_eq!(parameter("RegionId").as_deref(), Some("eu-central-1"), "the client's region is filled in");
    }
    let sent = async |request: PageAction, method: Method| {
        let canned = Canned::ok(r#"{"Done":true}"#);
        let client = Client::builder().credentials(key()).signature(Signature::V3).transport(canned.clone());
        client.build().unwrap().send(request).method(method).await.unwrap();
        canned.requests().pop().unwrap()
    };
    let put = sent(PageAction::new().template("t").tag(["a"]).count(1).region_id("cn-other"), Method::Put).await;
    assert_eq!(put.uri().query(), Some("RegionId=cn-other&Count=1"));
    assert_eq!(put.body().as_ref(), b"Template=t&Tag.1=a");
    assert_eq!(put.headers()["content-type"], "application/x-www-form-urlencoded");
    // A request without a body has them in its URL.
    let delete = sent(PageAction::new().template("t").count(1), Method::Delete).await;
    assert_eq!((delete.uri().query(), delete.body().len()), (Some("Template=t&Count=1"), 0));
}

#[tokio::test]
async fn an_operation_can_have_its_own_rule_of_success() {
    for (body, expected) in [
        (r#"{"Done":true,"Code":"isv.FAILED","Success":false}"#, Ok(())),
        (r#"{"Done":true}"#, Ok(())),
        ("{}", Ok(())),
        (r#"{"Done":false,"Reason":"NoData","Code":"OK"}"#, Err(Some("NoData"))),
    ] {
        let canned = Canned::ok(body);
        let result = client(&canned).send(PageAction::new()).await;
        let code = result.as_ref().map(|_| ()).map_err(|error| error.code());
        assert_eq!(code, expected, "{body}");
    }
}

#[tokio::test]
async fn an_operation_without_a_signature_needs_no_credentials() {
    let none = Credentials::new("", "");
    for signature in [Signature::V1, Signature::V3] {
        let (emulator, client) = emulated(signature, none.clone());
        let answer = client.send(Open::new("secret-token")).await.unwrap();
        assert_eq!(answer.data, Some(json!({ "a": 1 })));
        let received = emulator.requests().pop().unwrap();
        assert_eq!(received.method().as_str(), "DELETE");
        for name in ["AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SecurityToken"] {
            assert_eq!(received.parameter(name), None, "{name}");
        }
    }
    // Every other operation is refused without one.
    let (_emulator, client) = emulated(Signature::V1, Credentials::new("other", "testsecret"));
    let error = client.send(Nothing::new()).await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidAccessKeyId.NotFound"));
}
