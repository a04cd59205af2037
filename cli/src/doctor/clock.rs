//! Whether the clock of this machine is right, by that of the server.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::Check;
use crate::language::{pick, text};

pub(super) const NAME: &str = "clock";

/// A larger difference is wrong. The service refuses requests from about 15 minutes on.
const LARGEST: Duration = Duration::from_secs(300);

/// Compares the clock with the `Date` of a response.
pub(super) fn check(date: Option<&str>, is_reached: bool) -> Check {
    match date {
        Some(date) => compared(date, SystemTime::now()),
        None if is_reached => Check::not_checked(NAME, pick("the response has no Date", Some("响应没有 Date 头"))),
        None => Check::not_checked(NAME, pick("there is no response to compare it with", Some("没有可供比较的响应"))),
    }
}

fn compared(date: &str, now: SystemTime) -> Check {
    let times = jiff::fmt::rfc2822::parse(date).ok().map(|date| date.timestamp()).zip(Timestamp::try_from(now).ok());
    let Some((server, here)) = times else {
        let why = pick("the Date of the response is not a time", Some("响应的 Date 头不是时间"));
        return Check::not_checked(NAME, why);
    };
    let difference = here.duration_since(server);
    let size = difference.unsigned_abs();
    // The date has whole seconds.
    let detail = match size.as_secs() {
        0..=1 => pick("as that of the server", Some("与服务器一致")).to_owned(),
        seconds if difference.is_negative() => {
            text!("{seconds} seconds behind that of the server", "比服务器慢 {seconds} 秒")
        }
        seconds => text!("{seconds} seconds ahead of that of the server", "比服务器快 {seconds} 秒"),
    };
    if size > LARGEST {
        let remedy = pick(
            "set the clock of this machine, preferably by NTP: signed requests are refused as expired",
            Some("请校准本机时钟，建议使用 NTP：否则签名的请求会因过期被拒绝"),
        );
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
