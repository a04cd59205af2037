use super::*;
use crate::spec;

fn codes_of(text: &str) -> Vec<String> {
    explained(text).into_iter().map(|explained| explained.code).collect()
}

#[test]
fn every_code_of_the_service_and_the_gateway_is_explained_in_every_spelling() {
    let mut count = 0;
    for code in codes() {
        for spelling in [code.to_owned(), code.to_ascii_lowercase(), format!("error: {code}: some message.")] {
            let found = explained(&spelling);
            let found = found.iter().find(|found| found.code == code).unwrap_or_else(|| panic!("{spelling}"));
            assert!(!found.meaning.is_empty() && !found.advice.is_empty() && !found.consequence.is_empty(), "{code}");
            count += 1;
        }
    }
    assert!(count > 300, "{count}");
}

#[test]
fn every_state_of_a_call_is_explained() {
    let known = spec::service().types.iter().find(|named| named.name == "CallStatusCode").unwrap();
    let TypeBody::Enum { values, .. } = &known.body else { panic!() };
    for value in values {
        let found = explained(&value.value);
        let of = "a value of CallStatusCode";
        let found = found.iter().find(|found| found.of == of).unwrap_or_else(|| panic!("{}", value.value));
        assert_eq!(Some(&found.meaning), value.description.as_ref());
    }
}

#[test]
fn codes_are_found_in_pasted_texts() {
    for (text, codes) in [
        (
            "error: IvrCall: isv.BUSINESS_LIMIT_CONTROL: too often (HTTP 200, request D9CB3933-9FE3-4870-BA8E-200002200002)",
            &["isv.BUSINESS_LIMIT_CONTROL"][..],
        ),
        ("HTTP 503, no code", &["503"]),
        ("HTTP/1.1 503 Service Unavailable", &["503"]),
        ("{\"status_code\":\"200002\",\"call_id\":\"1^2\"}", &["200002"]),
        ("Throttling.User: Request was denied due to user flow control.", &["Throttling.User"]),
        ("InvalidSomethingNew.Format and Forbidden.Whatever", &["InvalidSomethingNew.Format", "Forbidden.Whatever"]),
        ("isv.SOMETHING_NEW", &["isv.SOMETHING_NEW"]),
        ("200000, then 200000 again", &["200000"]),
        ("Invalid input, 400 of them, at 13000000000, Forbidden", &["Forbidden"]),
        ("it took 503 ms", &[]),
        ("1 2 3", &[]),
        ("", &[]),
    ] {
        assert_eq!(codes_of(text), codes, "{text}");
    }
}

#[test]
fn every_http_status_of_a_failure_is_explained() {
    for status in 400..600 {
        let found = explained(&status.to_string());
        assert!(found.iter().any(|found| found.of == "an HTTP status" && !found.advice.is_empty()), "{status}");
    }
    for other in ["399", "600", "99", "0400"] {
        assert!(!explained(other).iter().any(|found| found.of == "an HTTP status"), "{other}");
    }
}

#[test]
fn an_unknown_code_has_a_hint_and_is_not_repeated() {
    assert_eq!(unknown("Throtling"), "the text contains no known code; did you mean Throttling?");
    let said = unknown("13000000000");
    assert!(
        said.ends_with("lists the states of a call, and `dyvms doctor` checks this machine") && !said.contains("130")
    );
}
