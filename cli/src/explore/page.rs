//! The files of the page: Swagger UI from its crate, and what this command adds to it.

use std::sync::Arc;

use aliyun_api_formats::{OpenApiOptions, OpenApiVersion, openapi};
use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use utoipa_swagger_ui::{Config, SwaggerFile};

use super::gateway;
use super::guard::Guard;
use super::journal::Journal;
use super::problem;
use super::target::Target;
use crate::catalogue;
use crate::json::Json;
use crate::language::{Language, pick};
use crate::spec;

/// The page. `{{...}}` stands for what differs from run to run.
const INDEX: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/explorer.css");
const SEARCH: &str = include_str!("page/search.js");
const CALLS: &str = include_str!("page/calls.js");

/// What the page is made of.
pub(crate) struct Page {
    index: String,
    document: String,
    journal: Arc<Journal>,
    config: Arc<Config<'static>>,
}

impl Page {
    pub(crate) fn new(guard: &Guard, journal: Arc<Journal>, is_live: bool) -> Self {
        let server = |target: Target, what: &str| (format!("/{}", target.name()), what.to_owned());
        let mut servers =
            vec![server(Target::Emulator, pick("The emulator: it calls nobody", Some("模拟器：不会拨打任何电话")))];
        if is_live {
            let what = pick("The service itself: calls are real", Some("真实服务：会真正拨打电话并产生费用"));
            servers.push(server(Target::Live, what));
        }
        // Swagger UI reads a document of 3.1 with another parser, which takes the browser much longer.
        let document = openapi(spec::service(), &OpenApiOptions { version: OpenApiVersion::V3_0, servers });
        Self {
            index: index(guard.token()),
            document: document.to_string(),
            journal,
            config: Arc::new(Config::from("/openapi.json")),
        }
    }

    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route("/", get(async |State(page): State<Arc<Self>>| file("text/html", page.index.clone())))
            .route(
                "/openapi.json",
                get(async |State(page): State<Arc<Self>>| file("application/json", page.document.clone())),
            )
            .route("/explorer.css", get(async || file("text/css", STYLE)))
            .route("/search.js", get(async || file("text/javascript", SEARCH)))
            .route("/calls.js", get(async || file("text/javascript", CALLS)))
            .route("/ui/{file}", get(swagger_ui))
            .route("/search", get(search))
            .route(
                "/calls",
                get(async |State(page): State<Arc<Self>>| problem::json(StatusCode::OK, &page.journal.json())),
            )
            .with_state(Arc::new(self))
    }
}

fn file(kind: &str, text: impl Into<String>) -> Response {
    ([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], text.into()).into_response()
}

/// A file of Swagger UI.
async fn swagger_ui(State(page): State<Arc<Page>>, name: Result<Path<String>, PathRejection>) -> Response {
    let found = name.ok().and_then(|Path(name)| utoipa_swagger_ui::serve(&name, Arc::clone(&page.config)).ok()?);
    let Some(SwaggerFile { bytes, content_type, gzpipped, .. }) = found else {
        return gateway::nothing_here().await.into_response();
    };
    let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "max-age=3600".to_owned())];
    let compressed = gzpipped.then_some([(header::CONTENT_ENCODING, "gzip")]);
    (headers, compressed, bytes.into_owned()).into_response()
}

/// The longest text that is searched, in characters. The page's field takes no more: each word costs time, and a page of
/// another site can ask, too.
const LONGEST: usize = 200;

/// The operations that have all words, as for `dyvms operations`; without words, all of them.
async fn search(Query(query): Query<Vec<(String, String)>>) -> Response {
    let words = query.into_iter().find(|(name, _)| name == "words").map(|(_, words)| words).unwrap_or_default();
    let words: String = words.chars().take(LONGEST).collect();
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let found = catalogue::ranked(spec::service(), &words);
    let results = found.iter().map(|operation| {
        let member = |name: &str, text: &str| (name.to_owned(), Json::Text(text.to_owned()));
        Json::Object(vec![
            member("operation", &operation.action),
            member("group", &operation.group),
            member("what", pick(&operation.summary, operation.summary_zh.as_deref())),
        ])
    });
    let answer = vec![
        ("words".to_owned(), Json::List(words.iter().cloned().map(Json::Text).collect())),
        ("results".to_owned(), Json::List(results.collect())),
    ];
    problem::json(StatusCode::OK, &Json::Object(answer))
}

/// The page itself.
fn index(token: &str) -> String {
    let service = spec::service();
    let language = match Language::current() {
        Language::English => "en",
        Language::Chinese => "zh",
    };
    let placeholders = [
        ("{{language}}", language),
        ("{{token}}", token),
        ("{{title}}", service.title.as_str()),
        ("{{product}}", service.product.as_str()),
        ("{{version}}", service.version.as_str()),
        (
            "{{unofficial}}",
            pick("unofficial, neither made nor endorsed by Alibaba Cloud", Some("非官方工具，与阿里云无关")),
        ),
        (
            "{{search}}",
            pick(
                "Search names, words, codes: busy, 占线, 200002",
                Some("搜索名称、关键词、状态码，例如 busy、占线、200002"),
            ),
        ),
        ("{{calls}}", pick("Calls since start", Some("启动以来的调用"))),
        ("{{no-calls}}", pick("No calls yet.", Some("暂无调用。"))),
        (
            "{{call-columns}}",
            pick("Time|Target|Operation|Outcome|Request id|ms", Some("时间|目标|接口|结果|请求 ID|毫秒")),
        ),
        ("{{running}}", pick("in progress", Some("进行中"))),
        ("{{unknown}}", pick("outcome unknown", Some("结果未知"))),
        ("{{found}}", pick("operations", Some("个接口"))),
        ("{{none}}", pick("no operation has these words", Some("没有匹配的接口"))),
        ("{{snippets}}", pick("The same call elsewhere", Some("同一调用的代码"))),
        ("{{copy}}", pick("Copy", Some("复制"))),
        ("{{copied}}", pick("Copied", Some("已复制"))),
        (
            "{{confirm}}",
            pick("This is a real call, which costs money. It reaches", Some("这是真实调用，会产生费用。将呼叫")),
        ),
    ];
    placeholders.iter().fold(INDEX.to_owned(), |page, (name, text)| page.replace(name, &escaped(text)))
}

/// A text in HTML, also within quotation marks.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_no_placeholder_left_and_loads_from_this_server_only() {
        let page = index("0123");
        assert!(page.contains(r#"content="0123""#) && !page.contains("{{"), "{page}");
        for text in [page.as_str(), STYLE, SEARCH, CALLS] {
            assert!(!text.contains("http://") && !text.contains("https://"), "{text}");
        }
        assert_eq!(escaped(r#"<a b="&">"#), "&lt;a b=&quot;&amp;&quot;&gt;");
    }
}
