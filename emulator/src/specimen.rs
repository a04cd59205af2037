//! A small specification for unit tests.

use aliyun_api_spec::model::{
    Endpoints, Envelope, Field, Kind, Limits, Method, Operation, OperationType, Position, Service, Shape,
};

pub(crate) fn shape(kind: Kind) -> Shape {
    Shape::of(kind)
}

pub(crate) fn field(name: &str, shape: Shape) -> Field {
    Field {
        wire_name: name.to_owned(),
        rust_name: name.to_lowercase(),
        shape,
        position: Position::Query,
        required: false,
        filled_by_region: false,
        aliases: Vec::new(),
        deprecated: None,
        description: None,
    }
}

pub(crate) fn operation(action: &str) -> Operation {
    Operation {
        action: action.to_owned(),
        group: "test".to_owned(),
        operation_type: OperationType::Read,
        idempotent: true,
        reaches: None,
        id: None,
        method: Method::Post,
        name: action.to_owned(),
        signed: true,
        envelope: None,
        limits: Limits::default(),
        summary: String::new(),
        summary_zh: None,
        description: None,
        deprecated: None,
        parameters: Vec::new(),
        at_least_one: Vec::new(),
        at_most_one: Vec::new(),
        response: Vec::new(),
        types: Vec::new(),
        pagination: None,
        examples: Vec::new(),
        file: format!("operations/{action}.json"),
    }
}

pub(crate) fn service() -> Service {
    let text = |name| field(name, shape(Kind::String));
    Service {
        product: "Specimen".to_owned(),
        version: "2020-01-01".to_owned(),
        title: "Specimen".to_owned(),
        endpoints: Endpoints { default: Some("specimen.example.com".to_owned()), ..Endpoints::default() },
        envelope: Envelope {
            fields: vec![text("Code"), text("Message"), text("RequestId"), field("Success", shape(Kind::Boolean))],
            code: Some("Code".to_owned()),
            message: Some("Message".to_owned()),
            request_id: Some("RequestId".to_owned()),
            success: vec!["OK".to_owned(), "200".to_owned()],
            ok: Some("Success".to_owned()),
        },
        common_parameters: Vec::new(),
        time_zone: "+08:00".to_owned(),
        groups: Vec::new(),
        wording: Vec::new(),
        types: Vec::new(),
        errors: Vec::new(),
        operations: Vec::new(),
        receipts: Vec::new(),
    }
}
