//! The account behind the operation that issues keys for queues.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::json;

use super::Queues;
use crate::account::{Account, Members, Problem, ValidRequest};
use crate::service::EmulatedService;

/// The service that issues keys for queues; `None` if its specification has faults, which a test rules out.
pub(crate) fn service(queues: &Arc<Queues>) -> Option<EmulatedService> {
    let specification = aliyun_api_spec::service("dybaseapi")?.service?;
    let queues = Arc::clone(queues);
    let account = move |settings: crate::account::AccountSettings| -> Box<dyn Account> {
        Box::new(Tokens { queues: Arc::clone(&queues), seed: settings.seed })
    };
    Some(EmulatedService::new(specification).account(account))
}

struct Tokens {
    queues: Arc<Queues>,
    seed: u64,
}

impl Account for Tokens {
    fn answer(&mut self, request: ValidRequest<'_>) -> Option<Result<Members, Problem>> {
        if request.operation().action != "QueryTokenForMnsQueue" {
            return None;
        }
        // Each key opens every queue: nobody has found out for which queues a token of the service is good.
        let key = self.queues.issue(self.seed, request.now());
        let token = json!({
            "AccessKeyId": key.id,
            "AccessKeySecret": key.secret,
            "SecurityToken": key.token,
            "CreateTime": local(request.now()),
            "ExpireTime": local(key.expires),
        });
        Some(Ok(vec![("MessageTokenDTO", token)]))
    }

    fn pending(&self, _: SystemTime) -> Option<String> {
        None
    }
}

/// The wall-clock time in UTC+8; one outside the calendar shows as 1970.
fn local(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::tz::offset(8).to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_in_china() {
        assert_eq!(local(SystemTime::UNIX_EPOCH + Duration::from_secs(1_773_021_600)), "2026-03-09 10:00:00");
    }

    #[test]
    fn the_specification_is_embedded() {
        assert!(service(&Arc::new(Queues::new(crate::queue::QueueSettings::default()))).is_some());
    }
}
