//! Operations for tests, with features that the embedded ones do not have.

use std::sync::LazyLock;

use aliyun_api_spec::SourceFile;
use aliyun_api_spec::model::{Operation, Service};

const SERVICE: &str = r#"{
  "product": "Specimens", "version": "2026-01-01", "title": "Specimens",
  "endpoints": { "default": "localhost" },
  "envelope": { "fields": { "RequestId": { "type": "string" } }, "requestId": "RequestId" },
  "groups": { "all": "All." }
}"#;

const OPERATION: &str = r#"{
  "action": "Specimen", "group": "all", "operationType": "write", "reaches": { "by": "call", "whom": "CalledNumber" },
  "limits": { "perSecond": 5, "perNumber": ["1/min", "5/h"] },
  "summary": "Calls one number.",
  "parameters": {
    "CalledNumber": { "type": "string", "required": true, "sensitive": true, "description": "The number." },
    "Start": { "type": "int32", "required": true, "description": "Rows skipped." },
    "Secret": { "type": "int32", "sensitive": true, "description": "A number." },
    "Timeout": { "type": "int64", "unit": "seconds", "description": "How long it rings." }
  },
  "response": { "List": { "type": "array", "items": "string" } },
  "pagination": { "offset": "Start", "items": "List", "set": { "Timeout": 30 } },
  "examples": [ {
    "name": "a long one",
    "request": { "CalledNumber": "13000000000", "Start": 0, "Secret": 123456789, "Timeout": 1234567890123 },
    "response": { "RequestId": "1", "List": [] }
  } ]
}"#;

const PAGED_BY_RECORD: &str = r#"{
  "action": "PagedByRecord", "group": "all", "operationType": "read",
  "summary": "Lists numbers; the page is a member of a JSON parameter.",
  "parameters": { "Pager": { "type": "Pager", "style": "json", "description": "The page." } },
  "response": { "List": { "type": "array", "items": "string" } },
  "types": { "Pager": { "fields": { "PageIndex": { "type": "int32" }, "PageSize": { "type": "int32" } } } },
  "pagination": { "page": "Pager.PageIndex", "size": "Pager.PageSize", "items": "List" }
}"#;

static SPECIMENS: LazyLock<Service> = LazyLock::new(|| {
    let files = [
        SourceFile { path: "service.json", text: SERVICE },
        SourceFile { path: "operations/PagedByRecord.json", text: PAGED_BY_RECORD },
        SourceFile { path: "operations/Specimen.json", text: OPERATION },
    ];
    let loaded = aliyun_api_spec::parse(&files);
    assert_eq!(loaded.faults, []);
    loaded.service.unwrap()
});

/// Calls a number, and has pages whose start is a required parameter.
pub(crate) fn operation() -> &'static Operation {
    SPECIMENS.operation("Specimen").unwrap()
}

/// Has pages whose number is in a JSON parameter.
pub(crate) fn paged_by_record() -> &'static Operation {
    SPECIMENS.operation("PagedByRecord").unwrap()
}
