//! Credentials, and a signed call of an operation that only reads.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aliyun_api_spec::model::{Operation, OperationType};
use aliyun_runtime::credentials::Context;
use aliyun_runtime::{BoxFuture, Credentials, CredentialsError, CredentialsProvider};
use dyvmsapi::{Error, ErrorKind};
use jiff::Timestamp;

use super::Check;
use crate::failure::Failure;
use crate::language::{Language, pick, text};
use crate::request::Request;
use crate::slots::Response;
use crate::{explain, spec};

pub(super) const CALL: &str = "call";
pub(super) const PERMISSION: &str = "permission";
pub(super) const CREDENTIALS: &str = "credentials";

/// The request to try: of a read operation that needs no parameters, the one with the fewest.
pub(super) fn request() -> Option<Request> {
    let is_harmless = |operation: &&Operation| {
        let reads = operation.operation_type == OperationType::Read && operation.reaches.is_none();
        reads && operation.signed && operation.parameters.iter().all(|field| !field.required)
    };
    let operations = spec::service().operations.iter().filter(is_harmless);
    let operation = operations.min_by_key(|operation| (operation.parameters.len(), operation.action.as_str()))?;
    Some(Request::typed(operation, Vec::new()))
}

/// What a provider of credentials said.
type Seen = Result<Found, String>;

/// Credentials, without what is secret.
#[derive(Debug)]
struct Found {
    place: String,
    access_key: String,
    expiration: Option<SystemTime>,
}

/// Where credentials come from, in Chinese. The client says it in English; what is not known of it stays so.
fn in_chinese(place: &str) -> String {
    const PARTS: &[(&str, &str)] = &[
        (
            "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET of the environment",
            "环境变量 ALIBABA_CLOUD_ACCESS_KEY_ID 和 ALIBABA_CLOUD_ACCESS_KEY_SECRET",
        ),
        (", with a security token", "，带安全令牌"),
        ("the CLI profile ", "阿里云 CLI 的 "),
        ("the credentials file ", "凭证文件 "),
        ("the OIDC role ", " OIDC 角色 "),
        ("the ECS RAM role at ", " ECS 实例的 RAM 角色，"),
        ("the credentials URI ", "凭证 URI "),
        ("the emulator", "模拟器"),
        (", profile ", " 中的凭证配置 "),
        (", section ", " 中的 "),
    ];
    let chinese = PARTS.iter().fold(place.to_owned(), |text, (english, chinese)| text.replace(english, chinese));
    match chinese.rsplit_once(" (line ") {
        Some((before, line)) => format!("{before}（第 {} 行）", line.trim_end_matches(')')),
        None => chinese,
    }
}

/// A provider whose answer is kept.
pub(super) struct Observed {
    provider: Arc<dyn CredentialsProvider>,
    seen: Mutex<Option<Seen>>,
}

impl Observed {
    /// The provider for the client, and the same one for its answer.
    pub(super) fn new(provider: Arc<dyn CredentialsProvider>) -> (Arc<Self>, Arc<Self>) {
        let observed = Arc::new(Self { provider, seen: Mutex::default() });
        (Arc::clone(&observed), observed)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Option<Seen>) -> T) -> T {
        work(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether there are credentials.
    pub(super) fn is_found(&self) -> bool {
        self.with(|seen| matches!(seen, Some(Ok(_))))
    }

    /// Whether there are credentials, and where they come from.
    pub(super) fn check(&self) -> Check {
        let remedy = pick(
            "`dyvms configure add NAME` sets up a profile; --profile NAME selects one",
            Some("可用 `dyvms configure add NAME` 添加凭证配置，用 --profile NAME 选择凭证配置"),
        );
        self.with(|seen| match seen {
            Some(Ok(Found { place, access_key, expiration })) => {
                let until = expiration.and_then(|time| Timestamp::try_from(time).ok());
                let until =
                    until.map(|time| text!(", valid until {time:.0}", "，有效期至 {time:.0}")).unwrap_or_default();
                let what = match Language::current() {
                    Language::English => format!("access key {access_key} of {place}{until}"),
                    Language::Chinese => format!("AccessKey {access_key}，来自{}{until}", in_chinese(place)),
                };
                Check::passed(CREDENTIALS, what)
            }
            Some(Err(why)) => Check::failed(CREDENTIALS, text!("{why}", "没有可用的凭证：{why}"), remedy),
            None => {
                let why = pick("the source of credentials did not answer in time", Some("凭证的来源未及时应答"));
                Check::failed(CREDENTIALS, why, remedy)
            }
        })
    }
}

impl CredentialsProvider for Observed {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(async move {
            let answer = self.provider.credentials(context).await;
            let seen = match &answer {
                Ok(credentials) => Ok(Found {
                    place: self.provider.place().unwrap_or_else(|| "the emulator".to_owned()),
                    access_key: credentials.redacted_access_key_id(),
                    expiration: credentials.expiration(),
                }),
                Err(error) => Err(error.to_string()),
            };
            self.with(|kept| *kept = Some(seen));
            answer
        })
    }

    fn invalidate(&self, credentials: &Credentials) {
        self.provider.invalidate(credentials);
    }
}

/// Whether the signed call succeeded, and whether it is allowed.
pub(super) fn checks(
    request: &Request,
    outcome: Result<Response, Failure>,
    has_credentials: bool,
    is_reached: bool,
) -> [Check; 2] {
    let action = request.action();
    let error = match outcome {
        Ok(_) => {
            let allowed = text!("{} is allowed", "允许 {}", policy_action(action));
            let succeeded = text!("{action} succeeded", "{action} 成功");
            return [Check::passed(CALL, succeeded), Check::passed(PERMISSION, allowed)];
        }
        Err(_) if !has_credentials => {
            let why = pick("there are no credentials to sign with", Some("没有可用于签名的凭证"));
            return [Check::not_checked(CALL, why), Check::not_checked(PERMISSION, why)];
        }
        Err(_) if !is_reached => {
            let why = pick("there is no connection", Some("没有连接"));
            return [Check::not_checked(CALL, why), Check::not_checked(PERMISSION, why)];
        }
        Err(Failure::Call { error, .. }) => error,
        // Sending has no other failures.
        Err(_) => {
            let why = text!("{action} failed", "{action} 失败");
            let remedy = pick("run `dyvms call`", Some("请运行 `dyvms call`"));
            let failed = pick("the call failed", Some("调用失败"));
            return [Check::failed(CALL, why, remedy), Check::not_checked(PERMISSION, failed)];
        }
    };
    if error.is_denied() {
        let accepted = pick("the service accepted the signature", Some("服务接受了签名"));
        return [Check::passed(CALL, accepted), denied(action, &error)];
    }
    let remedy = match error.kind() {
        // The advice is part of the error, in English.
        ErrorKind::Service if error.advice().is_some() => {
            error.code().map(explain::in_chinese).unwrap_or_default().concat()
        }
        ErrorKind::Service => {
            let code = error.code().unwrap_or("CODE");
            text!("`dyvms explain {code}` may say more", "`dyvms explain {code}` 可能有更多说明")
        }
        ErrorKind::Timeout => pick("try again with a longer --timeout", Some("请增大 --timeout 后再试")).to_owned(),
        _ => {
            let chinese = "请运行 `dyvms call` 并加上 -v，查看每次尝试";
            pick("run `dyvms call` with -v to see each attempt", Some(chinese)).to_owned()
        }
    };
    [
        Check::failed(CALL, text!("{error}", "调用失败：{error}"), remedy),
        Check::not_checked(PERMISSION, pick("the call failed for another reason", Some("调用因其他原因失败"))),
    ]
}

/// Which action was denied, and which policy allows it.
fn denied(action: &str, error: &Error) -> Check {
    let named = error.message().and_then(named_action).unwrap_or_else(|| policy_action(action));
    let code = error.code().unwrap_or_default();
    let policy = format!(r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"{named}","Resource":"*"}}]}}"#);
    let remedy = text!(
        "attach a RAM policy that allows it to the user or role, such as {policy}",
        "请为 RAM 用户或角色授予允许该操作的权限策略，例如 {policy}"
    );
    Check::failed(PERMISSION, text!("{named} is denied ({code})", "{named} 被拒绝（{code}）"), remedy)
}

/// The name of an operation in RAM policies: there, the product has no `api` at its end.
fn policy_action(action: &str) -> String {
    let product = spec::service().product.to_lowercase();
    format!("{}:{action}", product.strip_suffix("api").unwrap_or(&product))
}

/// The action that a message names, such as `dyvms:QueryRobotTaskCallList`.
fn named_action(message: &str) -> Option<String> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, ':' | '-');
    let is_name = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.contains(':');
    message.split(|character| !is_part(character)).find_map(|word| {
        let (product, action) = word.split_once(':')?;
        let fits = is_name(product) && is_name(action) && action.starts_with(|c: char| c.is_ascii_uppercase());
        fits.then(|| word.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_to_try_reads_and_needs_nothing() {
        assert_eq!(request().unwrap().action(), "QueryRobotv2AllList");
    }

    #[test]
    fn the_denied_action_is_that_of_the_message_or_of_the_operation() {
        assert_eq!(policy_action("QueryRobotv2AllList"), "dyvms:QueryRobotv2AllList");
        for (message, expected) in [
            (
                "user is not authorized to perform dyvms:QueryRobotv2AllList on acs:dyvms:*",
                Some("dyvms:QueryRobotv2AllList"),
            ),
            ("Action: dyvms:SingleCallByTts.", Some("dyvms:SingleCallByTts")),
            ("You are not authorized to do this action. Time: 12:30", None),
            ("on acs:dyvms::1:task/x", None),
        ] {
            assert_eq!(named_action(message).as_deref(), expected, "{message}");
        }
    }
}
