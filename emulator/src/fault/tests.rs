use super::*;

fn read(text: &str) -> Result<Fault, String> {
    Fault::from_header(&HeaderValue::from_str(text).unwrap())
}

#[test]
fn every_name_is_read_and_says_itself() {
    for name in NAMES {
        let text = format!(r#"{{"kind":"{name}","milliseconds":7}}"#);
        let fault = read(name).or_else(|_| read(&text)).unwrap();
        assert_eq!(fault.name(), name);
    }
}

#[test]
fn reads_what_a_fault_takes_and_nothing_else() {
    assert_eq!(read("reset"), Ok(Fault::reset()));
    assert_eq!(read(r#"{"kind":"reset","after_effect":true}"#), Ok(Fault::reset().after_effect()));
    assert_eq!(read(r#"{"kind":"html","status":200}"#), Ok(Fault::html(200)));
    assert_eq!(
        read(r#"{"kind":"throttled","milliseconds":1500}"#),
        Ok(Fault::throttled_for(Duration::from_millis(1500)))
    );
    for (text, said) in [
        ("delay", "fault delay needs milliseconds"),
        (r#"{"kind":"reset","milliseconds":1}"#, "fault reset takes no milliseconds"),
        (r#"{"kind":"reset","status":500}"#, "fault reset takes no status"),
        (r#"{"kind":"html","status":99}"#, "status 99 is not within 200 to 599"),
        (r#"{"kind":"html","stats":99}"#, "unknown field `stats`"),
        ("rest", "there is no fault `rest`; known are throttled, server-error"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(said), "{error}");
    }
}

#[test]
fn a_status_that_is_none_counts_as_500() {
    assert_eq!(Fault::html(99), Fault::html(500));
    assert_eq!(Fault::html(600), Fault::html(500));
    assert_ne!(Fault::html(599), Fault::html(500));
}

#[test]
fn effect_is_before_the_fault_only_where_that_can_be() {
    let window = Duration::from_secs(900);
    assert!(!Fault::reset().takes_effect(window));
    assert!(Fault::reset().after_effect().takes_effect(window));
    assert!(!Fault::throttled().after_effect().takes_effect(window));
    assert!(Fault::cut().takes_effect(window));
    assert!(Fault::clock_ahead(window).takes_effect(window));
    assert!(!Fault::clock_behind(window + Duration::from_secs(1)).takes_effect(window));
}
