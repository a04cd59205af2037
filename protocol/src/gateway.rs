//! The codes of Alibaba's gateway, which every product may answer with, and what is known of any code.
//!
//! The codes of the gateway are not in the metadata of products. They were collected from the error centre of the RPC
//! gateway and from recorded responses.

use crate::RefusalKind;

/// What is known of a code with which a service or its gateway refuses requests.
#[derive(Debug, Clone, Copy)]
pub struct ErrorFacts {
    /// The code and its other spellings. One that ends with `*` stands for every code with this prefix that is not listed
    /// itself.
    pub codes: &'static [&'static str],
    /// What a client makes of it; `None` if the request itself is wrong.
    pub kind: Option<RefusalKind>,
    /// What to do; empty if nothing is known.
    pub advice: &'static str,
    /// What to do, in Chinese; empty if there is no Chinese text.
    pub advice_zh: &'static str,
    /// Whether it is a refusal only with an HTTP status of 4xx.
    pub only_4xx: bool,
}

impl ErrorFacts {
    /// A code that is a refusal with HTTP statuses 2xx and 4xx.
    #[must_use]
    pub const fn new(codes: &'static [&'static str], kind: Option<RefusalKind>, advice: &'static str) -> Self {
        Self { codes, kind, advice, advice_zh: "", only_4xx: false }
    }

    /// What to do, in Chinese.
    #[must_use]
    pub const fn advice_zh(mut self, advice: &'static str) -> Self {
        self.advice_zh = advice;
        self
    }

    /// It is a refusal only with HTTP status 4xx.
    #[must_use]
    pub const fn only_4xx(mut self) -> Self {
        self.only_4xx = true;
        self
    }

    /// The length of the longest family that a code belongs to.
    fn family(&self, code: &str) -> Option<usize> {
        let families = self.codes.iter().filter_map(|family| family.strip_suffix('*'));
        families.filter(|family| code.starts_with(family)).map(str::len).max()
    }
}

/// What is known of a code, and whether it is listed itself. Otherwise it belongs to a family, the one with the longest
/// prefix. The codes of the service come before those of the gateway.
#[must_use]
pub fn find<'f>(of_service: &'f [ErrorFacts], code: &str) -> Option<(&'f ErrorFacts, bool)> {
    let all = || of_service.iter().chain(CODES);
    if let Some(exact) = all().find(|facts| facts.codes.contains(&code)) {
        return Some((exact, true));
    }
    let families = all().filter_map(|facts| Some((facts.family(code)?, facts)));
    // The first of several with the same length.
    let longest = families.reduce(|best, next| if next.0 > best.0 { next } else { best });
    longest.map(|(_, facts)| (facts, false))
}

const REQUEST: &str = "Compare the parameter that the message names with the description of the operation.";
const REQUEST_ZH: &str = "对照接口说明，检查错误消息中指出的参数。";
const MISSING: &str = "Add the parameter that the message names.";
const MISSING_ZH: &str = "补上错误消息中指出的参数。";
const WAIT: &str = "Wait, and send it again with increasing delays.";
const WAIT_ZH: &str = "稍后重试，并逐次延长间隔。";
const DENIED: &str = "Read the message: it says what the account or its user may not do.";
const DENIED_ZH: &str = "查看错误消息，其中说明了账号或用户缺少什么权限。";
const SUPPORT: &str = "If it persists, contact Alibaba's support with the request id.";
const SUPPORT_ZH: &str = "如果持续出现，请携带请求 ID 联系阿里云技术支持。";
const REPLAYED: &str = "Something on the way sent the same request twice: find out the outcome of the first one, and look for a proxy that resends requests.";
const REPLAYED_ZH: &str = "传输途中有环节把同一请求发送了两次：先查清第一次请求的结果，再排查会重发请求的代理。";

/// The codes of the gateway.
pub const CODES: &[ErrorFacts] = &[
    ErrorFacts::new(
        &[
            "MissingParameter",
            "MissingAccessKeyId",
            "MissingAction",
            "MissingVersion",
            "MissingTimestamp",
            "MissingSignature",
            "MissingSignatureNonce",
        ],
        None,
        MISSING,
    )
    .advice_zh(MISSING_ZH),
    ErrorFacts::new(&["InvalidParameter"], None, REQUEST).advice_zh(REQUEST_ZH),
    ErrorFacts::new(
        &["InvalidApi.NotFound", "InvalidAction.NotFound"],
        Some(RefusalKind::NotFound),
        "Check the name of the operation, its capital letters and the version.",
    )
    .advice_zh("检查接口名称及其大小写，以及 API 版本。"),
    ErrorFacts::new(&["InvalidVersion"], None, "Check the version of the product.").advice_zh("检查产品的 API 版本。"),
    ErrorFacts::new(&["InvalidProduct.NotFound"], None, "Check the endpoint.").advice_zh("检查接入点。"),
    ErrorFacts::new(&["InvalidProtocol.NeedSsl"], None, "Use an https endpoint.").advice_zh("改用 https 接入点。"),
    ErrorFacts::new(&["UnsupportedHTTPMethod"], None, "Use the HTTP method of the operation.")
        .advice_zh("改用该接口支持的 HTTP 方法。"),
    ErrorFacts::new(
        &["InvalidAccessKeyId.NotFound"],
        Some(RefusalKind::Credentials),
        "Check the access key id, and that it belongs to the right account and site.",
    )
    .advice_zh("检查 AccessKey ID，并确认它属于正确的账号和站点。"),
    ErrorFacts::new(
        &["InvalidAccessKeyId.Inactive"],
        Some(RefusalKind::Credentials),
        "Enable the access key in the RAM console, or use another one.",
    )
    .advice_zh("在 RAM 控制台启用该 AccessKey，或换用另一个。"),
    ErrorFacts::new(
        &["InvalidSecurityToken.Expired"],
        Some(RefusalKind::Expired),
        "Get new temporary credentials, and send it again.",
    )
    .advice_zh("重新获取临时凭证，然后重试。"),
    ErrorFacts::new(
        &["MissingSecurityToken"],
        Some(RefusalKind::Credentials),
        "Send the security token together with the temporary access key that it belongs to.",
    )
    .advice_zh("使用临时 AccessKey 时，同时发送与它配套的安全令牌（SecurityToken）。"),
    ErrorFacts::new(
        &["InvalidSecurityToken.Malformed", "InvalidSecurityToken.MismatchWithAccessKey"],
        Some(RefusalKind::Credentials),
        "Take access key id, secret and token from one response of STS, unchanged.",
    )
    .advice_zh("AccessKey ID、AccessKey Secret 和安全令牌要取自同一次 STS 响应，并原样使用。"),
    ErrorFacts::new(&["InvalidTimeStamp.Format"], None, "Write the time stamp in UTC, such as 2026-01-31T12:00:00Z.")
        .advice_zh("时间戳使用 UTC 时间，格式如 2026-01-31T12:00:00Z。"),
    ErrorFacts::new(&["InvalidTimeStamp.Expired"], None, "Set the clock of this machine, preferably by NTP.")
        .advice_zh("校准本机时钟，最好启用 NTP 同步。"),
    ErrorFacts::new(&["SignatureNonceUsed"], Some(RefusalKind::Replayed), REPLAYED).advice_zh(REPLAYED_ZH),
    ErrorFacts::new(&["IncompleteSignature"], None, "Send all parameters or headers of the signature.")
        .advice_zh("补全签名所需的参数或请求头。"),
    ErrorFacts::new(&["InvalidSignatureMethod"], None, "Sign with HMAC-SHA1 (version 1.0) or ACS3-HMAC-SHA256.")
        .advice_zh("使用 HMAC-SHA1（签名版本 1.0）或 ACS3-HMAC-SHA256 签名。"),
    ErrorFacts::new(
        &["SignatureDoesNotMatch"],
        Some(RefusalKind::Credentials),
        "Check the access key secret first; if it is right, compare the string to sign in the message with your own.",
    )
    .advice_zh("先检查 AccessKey Secret；如果无误，再将错误消息中的待签名字符串与自己生成的比较。"),
    ErrorFacts::new(
        &[
            "Throttling",
            "Throttling.User",
            "Throttling.Api",
            "RequestLimitExceeded",
            "TooManyRequests",
            "RateLimitExceeded",
            "QpsLimitExceeded",
        ],
        Some(RefusalKind::Throttled),
        WAIT,
    )
    .advice_zh(WAIT_ZH),
    ErrorFacts::new(&["Forbidden"], Some(RefusalKind::Denied), DENIED).advice_zh(DENIED_ZH),
    ErrorFacts::new(
        &["Forbidden.RAM", "NoPermission"],
        Some(RefusalKind::Denied),
        "Grant the action that the message names to the user or role.",
    )
    .advice_zh("为该 RAM 用户或角色授予错误消息中指出的操作权限。"),
    ErrorFacts::new(&["Forbidden.RiskControl"], Some(RefusalKind::Denied), SUPPORT).advice_zh(SUPPORT_ZH),
    ErrorFacts::new(
        &["Forbidden.UserVerification"],
        Some(RefusalKind::Denied),
        "Finish the verification of the account in the console.",
    )
    .advice_zh("在控制台完成账号的实名认证。"),
    ErrorFacts::new(&["InsufficientBalance"], Some(RefusalKind::Quota), "Top up the account.")
        .advice_zh("为账号充值。"),
    ErrorFacts::new(&["InternalError", "InternalError.*"], Some(RefusalKind::Transient), SUPPORT).advice_zh(SUPPORT_ZH),
    ErrorFacts::new(&["ServiceUnavailable", "ServiceUnavailable.*"], Some(RefusalKind::Transient), SUPPORT)
        .advice_zh(SUPPORT_ZH),
    ErrorFacts::new(&["Missing*"], None, MISSING).advice_zh(MISSING_ZH).only_4xx(),
    ErrorFacts::new(&["Invalid*"], None, REQUEST).advice_zh(REQUEST_ZH).only_4xx(),
    ErrorFacts::new(&["Forbidden*"], Some(RefusalKind::Denied), DENIED).advice_zh(DENIED_ZH).only_4xx(),
    ErrorFacts::new(&["Throttling*"], Some(RefusalKind::Throttled), WAIT).advice_zh(WAIT_ZH).only_4xx(),
];

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &[ErrorFacts] = &[
        ErrorFacts::new(&["isv.A", "isv.B"], None, "own"),
        ErrorFacts::new(&["Throttling.User"], Some(RefusalKind::Quota), "own"),
        ErrorFacts::new(&["Invalid*"], Some(RefusalKind::NotFound), "own family"),
        ErrorFacts::new(&["isv.*"], None, "short"),
        ErrorFacts::new(&["isv.Long.*"], None, "long"),
    ];

    #[test]
    fn the_service_comes_before_the_gateway_and_a_code_before_its_family() {
        for (code, expected) in [
            ("isv.B", Some(("own", true))),
            ("isv.C", Some(("short", false))),
            ("isv.Long.C", Some(("long", false))),
            ("Throttling.User", Some(("own", true))),
            ("Throttling.Api", Some((WAIT, true))),
            ("Throttling.Other", Some((WAIT, false))),
            // Both have this family.
            ("InvalidThing", Some(("own family", false))),
            // The gateway's own code is more specific than the service's family.
            ("InvalidVersion", Some(("Check the version of the product.", true))),
            ("InternalError.Deep", Some((SUPPORT, false))),
            ("internalerror", None),
            ("isp.A", None),
            ("", None),
        ] {
            let found = find(SERVICE, code).map(|(facts, exactly)| (facts.advice, exactly));
            assert_eq!(found, expected, "{code}");
        }
    }

    #[test]
    fn every_service_knows_throttling_and_expired_tokens() {
        let kind = |code| find(&[], code).and_then(|(facts, _)| facts.kind);
        assert_eq!(kind("Throttling.User"), Some(RefusalKind::Throttled));
        assert_eq!(kind("InvalidSecurityToken.Expired"), Some(RefusalKind::Expired));
        assert_eq!(kind("SignatureNonceUsed"), Some(RefusalKind::Replayed));
    }

    #[test]
    fn every_advice_is_also_chinese() {
        for facts in CODES {
            let is_han = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
            assert!(facts.advice_zh.contains(is_han) && facts.advice_zh.ends_with('。'), "{:?}", facts.codes);
        }
        // The same advice has the same translation.
        for (one, other) in CODES.iter().flat_map(|one| CODES.iter().map(move |other| (one, other))) {
            assert_eq!(
                one.advice == other.advice,
                one.advice_zh == other.advice_zh,
                "{:?} {:?}",
                one.codes,
                other.codes
            );
        }
    }

    #[test]
    fn no_code_is_listed_twice() {
        let mut codes: Vec<&str> = CODES.iter().flat_map(|facts| facts.codes).copied().collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
