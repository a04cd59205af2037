//! A service of which the tests know the envelope and nothing else.

use aliyun_runtime::{EnvelopeFacts, Service, ServiceFacts};

pub(crate) enum Voice {}

impl Service for Voice {
    const FACTS: &'static ServiceFacts = &ServiceFacts::new(
        "Voice",
        "2017-05-25",
        "voice.example.com",
        EnvelopeFacts::new("Code", "Message", "RequestId", &["OK"], ""),
        &[],
    );
}
