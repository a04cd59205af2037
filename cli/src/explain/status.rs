//! HTTP statuses, as the gateway and what stands before it use them.

use super::Explained;
use crate::language::pick;

/// A status with what it means and what to do, in English and Chinese.
type Known = (u16, [&'static str; 2], [&'static str; 2]);

const KNOWN: &[Known] = &[
    (
        400,
        ["The gateway refuses the request: a parameter is missing or wrong.", "网关拒绝请求：缺少参数或参数有误。"],
        ["Look up the code of the error, which says more.", "请查看错误码，它说明了具体原因。"],
    ),
    (
        401,
        ["A proxy on the way wants a name and a password.", "途中的代理要求用户名和密码。"],
        [
            "Check the settings of the proxy; the gateway itself refuses keys with 403 or 404.",
            "检查代理设置；网关拒绝 AccessKey 时使用 403 或 404。",
        ],
    ),
    (
        403,
        [
            "The key has no permission for the operation, or the account is blocked.",
            "AccessKey 没有该接口的权限，或账号被限制。",
        ],
        [
            "Look up the code of the error; `dyvms doctor` checks the permissions.",
            "请查看错误码；`dyvms doctor` 可以检查权限。",
        ],
    ),
    (
        404,
        ["The gateway knows no such operation, version, key or resource.", "网关没有该接口、版本、AccessKey 或资源。"],
        ["Look up the code of the error; check the endpoint and the version.", "请查看错误码，并检查接入点和版本。"],
    ),
    (
        405,
        ["The operation does not accept this HTTP method.", "该接口不支持这种 HTTP 方法。"],
        ["Use POST, as the client does.", "使用 POST，客户端也是如此。"],
    ),
    (
        408,
        ["The request did not arrive in time.", "请求没有及时到达。"],
        ["Check the network; whether something was done is not known.", "检查网络；无法确定请求是否已被执行。"],
    ),
    (
        413,
        ["The request is too large.", "请求过大。"],
        ["Send fewer numbers or less text in one request.", "减少单次请求中的号码或文本。"],
    ),
    (
        429,
        ["Too many requests were sent.", "请求过于频繁。"],
        [
            "Wait, and send fewer requests per second; the client does both by itself.",
            "稍后重试并降低频率；客户端会自动处理。",
        ],
    ),
    (
        499,
        [
            "The other side believes that the connection was closed before its response.",
            "对端认为连接在响应之前已关闭。",
        ],
        [
            "Find out the outcome before you send it again; check timeouts of proxies.",
            "重发之前先查清结果，并检查代理的超时设置。",
        ],
    ),
    (
        500,
        ["The service failed.", "服务端出错。"],
        [
            "Find out the outcome before you send it again. If it persists, contact Alibaba's support with the request id.",
            "重发之前先查清结果；如果持续出现，请携带请求 ID 联系阿里云技术支持。",
        ],
    ),
    (
        502,
        ["A gateway or proxy got no usable response from the server behind it.", "网关或代理没有从后端得到有效响应。"],
        [
            "Find out the outcome before you send it again; check the proxy, if there is one.",
            "重发之前先查清结果；如有代理，请检查代理。",
        ],
    ),
    (
        503,
        ["The service is overloaded or being maintained.", "服务过载或正在维护。"],
        ["Wait, and find out the outcome before you send it again.", "稍后再试；重发之前先查清结果。"],
    ),
    (
        504,
        ["A gateway or proxy waited too long for the server behind it.", "网关或代理等待后端超时。"],
        ["Find out the outcome before you send it again.", "重发之前先查清结果。"],
    ),
];

/// An HTTP status: a number by itself, or one after a word that says so.
pub(super) fn explain(word: &str, before: Option<&str>, is_alone: bool) -> Option<Explained> {
    let says_so = |word: &str| {
        let word = word.to_ascii_lowercase();
        word.starts_with("http") || word.ends_with("status") || matches!(word.as_str(), "1.1" | "1.0" | "code")
    };
    let status: u16 = word.parse().ok().filter(|status| (400..600).contains(status) && word.len() == 3)?;
    if !is_alone && !before.is_some_and(says_so) {
        return None;
    }
    let known = KNOWN.iter().find(|(known, ..)| *known == status);
    let (meaning, advice) = known.map_or_else(|| of_class(status), |(_, meaning, advice)| (*meaning, *advice));
    let text = |[english, chinese]: [&'static str; 2]| pick(english, Some(chinese)).to_owned();
    Some(Explained {
        code: word.to_owned(),
        of: text(["an HTTP status", "HTTP 状态码"]),
        meaning: text(meaning),
        consequence: String::new(),
        advice: text(advice),
    })
}

/// What a status means that nobody listed.
fn of_class(status: u16) -> ([&'static str; 2], [&'static str; 2]) {
    if status < 500 {
        (
            ["The request is refused.", "请求被拒绝。"],
            ["Look up the code of the error, which says more.", "请查看错误码，它说明了具体原因。"],
        )
    } else {
        (
            ["The service, or something on the way to it, failed.", "服务端或途中的环节出错。"],
            ["Find out the outcome before you send it again.", "重发之前先查清结果。"],
        )
    }
}
