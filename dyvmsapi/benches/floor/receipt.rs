//! The floor of reading a receipt: serde derives with a field of the same type for each, and the text, which a receipt keeps.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[allow(dead_code, reason = "the members are read to be measured")]
pub(crate) struct DerivedReceipt {
    call_id: Option<String>,
    status_code: Option<String>,
    out_id: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    duration: Option<String>,
    smart_status_code: Option<String>,
    status_msg: Option<String>,
    caller: Option<String>,
    callee: Option<String>,
    hangup_direction: Option<String>,
    toll_type: Option<String>,
    originate_time: Option<String>,
    ring_time: Option<String>,
    b_originate_time: Option<String>,
    b_ring_time: Option<String>,
    b_start_time: Option<String>,
    b_end_time: Option<String>,
    b_duration: Option<i64>,
    voice_type: Option<String>,
    extend: Option<String>,
    dtmf: Option<String>,
    early_media_code: Option<String>,
    parallel_leg_hangup_cause: Option<String>,
    dialog_id: Option<String>,
    a_originate_time: Option<String>,
    a_ring_time: Option<String>,
    a_start_time: Option<String>,
    a_end_time: Option<String>,
    a_duration: Option<i64>,
    caller_show_num: Option<String>,
    callee_show_num: Option<String>,
    #[serde(skip)]
    raw: Box<str>,
}

pub(crate) fn read(text: &str) -> serde_json::Result<DerivedReceipt> {
    let mut receipt: DerivedReceipt = serde_json::from_str(text)?;
    receipt.raw = text.into();
    Ok(receipt)
}
