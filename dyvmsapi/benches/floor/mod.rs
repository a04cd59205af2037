//! What calls are measured against, here and beside other clients: bare `reqwest`, a constant body and serde derives. And
//! the request that all of them send.

pub(crate) mod receipt;

use std::error::Error;
use std::time::Duration;

use dyvmsapi::robot::QueryRobotTaskCallList;
use serde::Deserialize;

/// All ten parameters.
pub(crate) fn request() -> QueryRobotTaskCallList {
    QueryRobotTaskCallList::new()
        .task_id("1045001")
        .called("13000000000")
        .call_result("200002")
        .hangup_direction("1")
        .dialog_count_from("0")
        .dialog_count_to("5")
        .duration_from("0")
        .duration_to("60")
        .page_no(1)
        .page_size(20)
}

/// The floor of decoding: each member as the wire has it, numbers in quotes as text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code, reason = "the members are read to be measured")]
pub(crate) struct DerivedResponse {
    code: String,
    message: String,
    request_id: String,
    data: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "the members are read to be measured")]
pub(crate) struct DerivedCall {
    task_id: Option<i64>,
    call_id: Option<String>,
    caller: Option<String>,
    called: Option<String>,
    call_result: Option<String>,
    call_start_time: Option<String>,
    call_end_time: Option<String>,
    duration: Option<String>,
    label: Option<String>,
    dialog_count: Option<String>,
    hangup_direction: Option<String>,
    transfer_result: Option<String>,
    transfer_number: Option<String>,
    transfer_fail_reason: Option<String>,
    recall_cur_times: Option<i64>,
    sure_count: Option<i64>,
    deny_count: Option<i64>,
    reject_count: Option<i64>,
    custom_count: Option<i64>,
    #[serde(alias = "konwledgeCount")]
    knowledge_count: Option<i64>,
    default_count: Option<i64>,
    knowledge_business_count: Option<i64>,
    knowledge_common_count: Option<i64>,
}

/// The calls of a page, in two steps.
pub(crate) fn decode(body: &[u8]) -> serde_json::Result<Vec<DerivedCall>> {
    let response: DerivedResponse = serde_json::from_slice(body)?;
    decode_calls(&response.data)
}

/// The calls in a JSON text.
pub(crate) fn decode_calls(text: &str) -> serde_json::Result<Vec<DerivedCall>> {
    serde_json::from_str(text)
}

/// Posts a body that was signed before.
pub(crate) async fn call(
    http: &reqwest::Client,
    url: &str,
    body: impl Into<reqwest::Body>,
) -> Result<Vec<DerivedCall>, Box<dyn Error + Send + Sync>> {
    let request = http
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "application/json")
        .header("user-agent", "floor")
        .timeout(Duration::from_secs(10))
        .body(body);
    Ok(decode(&request.send().await?.bytes().await?)?)
}
