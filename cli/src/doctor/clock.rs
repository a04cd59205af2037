//! Whether the clock of this machine is right, by that of the server.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::Check;

const NAME: &str = "clock";

/// A larger difference is wrong. The service refuses requests from about 15 minutes on.
const LARGEST: Duration = Duration::from_secs(300);

/// Compares the clock with the `Date` of a response.
pub(super) fn check(date: Option<&str>, is_reached: bool) -> Check {
    match date {
        Some(date) => compared(date, SystemTime::now()),
        None if is_reached => Check::not_checked(NAME, "the response has no Date"),
        None => Check::not_checked(NAME, "there is no response to compare it with"),
    }
}

fn compared(date: &str, now: SystemTime) -> Check {
    let times = jiff::fmt::rfc2822::parse(date).ok().map(|date| date.timestamp()).zip(Timestamp::try_from(now).ok());
    let Some((server, here)) = times else { return Check::not_checked(NAME, "the Date of the response is not a time") };
    let difference = here.duration_since(server);
    let (size, direction) = (difference.unsigned_abs(), if difference.is_negative() { "behind" } else { "ahead" });
    // The date has whole seconds.
    let detail = match size.as_secs() {
        0..=1 => "as that of the server".to_owned(),
        seconds => format!("{seconds} seconds {direction} of that of the server"),
    };
    let detail = detail.replace("behind of", "behind");
    if size > LARGEST {
        let remedy = "set the clock of this machine, preferably by NTP: signed requests are refused as expired";
        return Check::failed(NAME, detail, remedy);
    }
    Check::passed(NAME, detail)
}

#[cfg(test)]
mod tests {
    use super::super::CheckResult;
    use super::*;

    #[test]
    fn a_clock_may_differ_by_five_minutes() {
        // 1994-11-06T08:49:37Z
        let server = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let seconds = Duration::from_secs;
        let compared = |now| {
            let Check { result, detail, .. } = compared("Sun, 06 Nov 1994 08:49:37 GMT", now);
            (result, detail)
        };
        for (now, result, detail) in [
            (server, CheckResult::Passed, "as that of the server"),
            (server - seconds(1), CheckResult::Passed, "as that of the server"),
            (server + seconds(300), CheckResult::Passed, "300 seconds ahead of that of the server"),
            (server + seconds(301), CheckResult::Failed, "301 seconds ahead of that of the server"),
            (server - seconds(300), CheckResult::Passed, "300 seconds behind that of the server"),
            (server - seconds(301), CheckResult::Failed, "301 seconds behind that of the server"),
        ] {
            assert_eq!(compared(now), (result, detail.to_owned()));
        }
    }

    #[test]
    fn a_date_that_is_not_one_is_not_compared() {
        assert_eq!(check(Some("yesterday"), true).result, CheckResult::NotChecked);
        assert_eq!(check(None, true).detail, "the response has no Date");
        assert_eq!(check(None, false).detail, "there is no response to compare it with");
    }
}
