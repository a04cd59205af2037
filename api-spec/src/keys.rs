//! The keys of the dialect, in the order in which files have them. The check of files, their layout and the JSON Schema for
//! editors are all made from this list.

use crate::model::{By, Method, RefusalKind};

/// The form that a value must have.
#[derive(Debug)]
pub(crate) enum Form {
    /// A text that is not empty.
    Text,
    /// A text that is not empty, and is copied into documentation.
    Prose,
    /// A text that is copied into documentation, and may be empty.
    Note,
    /// A Chinese text on one line.
    Chinese,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// An integer.
    Integer,
    /// An integer that is not negative.
    Count,
    /// A number.
    Number,
    /// Any value.
    Any,
    /// An object with any members.
    AnyObject,
    /// A list.
    List(&'static Form),
    /// An object with names of the author's choice, whose values all have this form.
    Table(&'static Form, Lines),
    /// An object with these keys.
    Object(&'static Object),
    /// A text, or an object with these keys.
    TextOr(&'static Object),
}

/// How an object is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// One member per line.
    Each,
    /// On one line. If it is too long, `description` starts a second line.
    One,
    /// The table that is the last member starts on the first line.
    Open,
    /// On one line if it fits, otherwise one member per line.
    Fit,
}

/// An object with known keys.
#[derive(Debug)]
pub(crate) struct Object {
    /// What it describes, with an article.
    pub(crate) what: &'static str,
    pub(crate) lines: Lines,
    pub(crate) keys: &'static [Key],
}

/// A key of an object.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) form: Form,
    /// Its meaning, for editors.
    pub(crate) meaning: &'static str,
}

const fn must(name: &'static str, form: Form, meaning: &'static str) -> Key {
    Key { name, required: true, form, meaning }
}

const fn may(name: &'static str, form: Form, meaning: &'static str) -> Key {
    Key { name, required: false, form, meaning }
}

/// The keys of a field that a tool may read from prose.
pub(crate) const GUESSES: &[&str] = &["enum", "default", "minimum", "maximum", "minLength", "maxLength", "maxItems"];

/// Types that are not declared in `types`.
pub(crate) const BUILT_IN: &[&str] = &["string", "int32", "int64", "number", "boolean", "any", "array", "map"];

/// `service.json`.
pub(crate) static SERVICE: Object = Object {
    what: "a service",
    lines: Lines::Each,
    keys: &[
        must("product", Form::Text, "Product code, such as Dyvmsapi."),
        must("version", Form::Text, "API version, such as 2017-05-25."),
        must("title", Form::Prose, "Display name of the product."),
        may("style", Form::OneOf(&["RPC"]), "Style of the protocol. Only RPC is supported."),
        must("endpoints", Form::Object(&ENDPOINTS), "Host names of the product."),
        must("envelope", Form::Object(&ENVELOPE), "The members of every response, and which of them state success."),
        may("commonParameters", FIELDS, "Parameters that every operation accepts. Request types do not have them."),
        may("timeZone", Form::Text, "Time zone of `time` patterns, +08:00 by default."),
        must(
            "groups",
            Form::Table(&Form::Note, Lines::Each),
            "Groups of operations: the id of each, with a one-line description, which may be empty.",
        ),
        may(
            "groupsZh",
            Form::Table(&Form::Chinese, Lines::Each),
            "Chinese descriptions of groups, by the id of the group.",
        ),
        may("wording", Form::Object(&WORDING), "What errors say of operations that reach a person."),
        may("types", TYPES, "Types that several operations use."),
        may("errors", Form::Table(&Form::Object(&ERROR), Lines::Each), "Known error codes."),
    ],
};

static WORDING: Object = Object {
    what: "the wording",
    lines: Lines::Each,
    keys: &[
        may("call", Form::Object(&WORDS), "Of operations that call somebody."),
        may("message", Form::Object(&WORDS), "Of operations that send a message."),
    ],
};

static WORDS: Object = Object {
    what: "the words",
    lines: Lines::Fit,
    keys: &[
        must(
            "maybe",
            Form::Prose,
            "If somebody may have been reached: what may be, and what to do; such as `a phone may be ringing, so look the call up`.",
        ),
        must("nobody", Form::Prose, "If nobody was reached, such as `no phone rings`."),
    ],
};

static ENDPOINTS: Object = Object {
    what: "the endpoints",
    lines: Lines::Fit,
    keys: &[
        may("default", Form::Text, "The host without a region. Absent if every region has its own."),
        may("defaultServesAll", Form::Flag, "Whether the default host also serves regions that are not listed."),
        may("regions", HOSTS, "Hosts by region id."),
        may("vpc", HOSTS, "Hosts for use inside a VPC, by region id."),
    ],
};

const HOSTS: Form = Form::Table(&Form::Text, Lines::Fit);

static ENVELOPE: Object = Object {
    what: "the envelope",
    lines: Lines::Each,
    keys: &[
        must("fields", FIELDS, "The members of every response."),
        may("code", Form::Text, "Member that contains the code."),
        may("message", Form::Text, "Member that contains the message for the code."),
        may("requestId", Form::Text, "Member that contains the request id."),
        may(
            "success",
            Form::List(&Form::Text),
            "Codes that mean success; every other code means failure. Without them a code means nothing.",
        ),
        may("ok", Form::Text, "Boolean member; true means success and false means failure, whatever the code."),
    ],
};

/// Of one operation.
static RULE: Object = Object {
    what: "the envelope of an operation",
    lines: Lines::Fit,
    keys: &[
        may("code", Form::Text, "Member that contains the code."),
        may("message", Form::Text, "Member that contains the message for the code."),
        may("requestId", Form::Text, "Member that contains the request id."),
        may(
            "success",
            Form::List(&Form::Text),
            "Codes that mean success; every other code means failure. Without them a code means nothing.",
        ),
        may("ok", Form::Text, "Boolean member; true means success and false means failure, whatever the code."),
    ],
};

static ERROR: Object = Object {
    what: "an error",
    lines: Lines::One,
    keys: &[
        may("aliases", Form::List(&Form::Text), "Other spellings of the code."),
        may("status", Form::OneOf(&["4xx"]), "HTTP statuses with which the code is a refusal, 2xx and 4xx by default."),
        may("advice", Form::Prose, "What the caller can do."),
        may("adviceZh", Form::Chinese, "The same in Chinese."),
        may(
            "kind",
            Form::OneOf(RefusalKind::NAMES),
            "How the client classifies it. Absent if the request itself is wrong.",
        ),
        may("description", Form::Prose, "What it means."),
        may("descriptionZh", Form::Chinese, "The same in Chinese."),
    ],
};

/// A file of `operations/`.
pub(crate) static OPERATION: Object = Object {
    what: "an operation",
    lines: Lines::Each,
    keys: &[
        must("action", Form::Text, "Name of the operation and of its file."),
        may("name", Form::Text, "Name of the request in Rust, where the action cannot be that."),
        must("group", Form::Text, "One of the groups of service.json."),
        must("operationType", Form::OneOf(&["read", "write"]), "Whether it changes anything."),
        may(
            "idempotent",
            Form::Flag,
            "Whether a retry has no further effect. True by default for a read that reaches nobody.",
        ),
        may("reaches", Form::Object(&REACH), "Whom it reaches, by a call or a message. Absent if it reaches nobody."),
        may("id", Form::Text, "The response member with the id of what was started. Every success has it."),
        may("method", Form::OneOf(Method::NAMES), "HTTP method, POST by default."),
        may(
            "signed",
            Form::Flag,
            "Whether requests are signed, true by default. Without a signature no credentials are needed.",
        ),
        may("limits", Form::Object(&LIMITS), "Documented limits."),
        may("summary", Form::Prose, "One sentence."),
        may("summaryZh", Form::Chinese, "The same in Chinese."),
        may("description", Form::Prose, "Details, as Markdown."),
        may("deprecated", Form::Prose, "Why it should not be used any more, and what to use instead."),
        must("parameters", FIELDS, "Parameters of the operation, by wire name."),
        may("atLeastOne", NAME_SETS, "Sets of parameters. A request needs at least one of each set."),
        may("atMostOne", NAME_SETS, "Sets of parameters. A request may have at most one of each set."),
        must("response", FIELDS, "Members of the response, by wire name, without the envelope."),
        may("envelope", Form::Object(&RULE), "Which members state success, in place of the service's."),
        may("types", TYPES, "Types of this operation."),
        may("pagination", Form::Object(&PAGINATION), "How to request one page after another."),
        may("examples", Form::List(&Form::Object(&EXAMPLE)), "Requests with their responses. They are run as tests."),
    ],
};

/// A file of `receipts/`.
pub(crate) static RECEIPT: Object = Object {
    what: "a receipt",
    lines: Lines::Each,
    keys: &[
        must("kind", Form::Text, "Name of the kind of receipt, and of its file."),
        must(
            "key",
            Form::List(&Form::Text),
            "Fields that together identify a receipt: a second one with the same values is a duplicate.",
        ),
        may("id", Form::Text, "The field with the id of what was started."),
        may("ownId", Form::Text, "The field with the caller's own id."),
        may("summary", Form::Prose, "One sentence."),
        may("description", Form::Prose, "Details, as Markdown."),
        must("fields", FIELDS, "Fields of the receipt, by wire name."),
        may("types", TYPES, "Types of this receipt."),
        may(
            "examples",
            Form::List(&Form::Object(&RECEIPT_EXAMPLE)),
            "Receipts as they arrive. They are read as tests.",
        ),
    ],
};

static RECEIPT_EXAMPLE: Object = Object {
    what: "an example",
    lines: Lines::Each,
    keys: &[
        must("name", Form::Text, "What the example shows."),
        must("receipt", Form::AnyObject, "The whole receipt."),
    ],
};

const TEXTS: Form = Form::Table(&Form::Text, Lines::Fit);

static REACH: Object = Object {
    what: "the person who is reached",
    lines: Lines::Fit,
    keys: &[
        must("by", Form::OneOf(By::NAMES), "By a call or by a message."),
        must("whom", Form::Text, "The parameter that says who is reached."),
        may("when", TEXTS, "Parameter values with which the operation reaches somebody. Always, if absent."),
    ],
};

const NAME_SETS: Form = Form::List(&Form::List(&Form::Text));

static LIMITS: Object = Object {
    what: "the limits",
    lines: Lines::Fit,
    keys: &[
        may("perSecond", Form::Count, "Requests per second of one account."),
        may("perNumber", Form::List(&Form::Text), "Calls to one number, such as 1/min, 5/h, 20/24h."),
    ],
};

static PAGINATION: Object = Object {
    what: "a pagination",
    lines: Lines::Fit,
    keys: &[
        may("page", Form::Text, "Parameter with the page number."),
        may("offset", Form::Text, "Parameter with the number of rows to skip."),
        may("token", Form::Text, "Parameter with the page token."),
        may("size", Form::Text, "Parameter with the number of items per page."),
        may("total", Form::Text, "Response member with the total number of items."),
        may("next", Form::Text, "Response member with the token of the next page."),
        may("first", Form::Integer, "Value for the first page. By default 1 for page and 0 for offset."),
        may("set", Form::AnyObject, "Parameters that paging sets, with their values."),
        may("guessed", Form::Flag, "Whether a tool guessed it and nobody has confirmed it yet."),
        must("items", Form::Text, "Response member with the items of the page."),
    ],
};

static EXAMPLE: Object = Object {
    what: "an example",
    lines: Lines::Each,
    keys: &[
        must("name", Form::Text, "What the example shows."),
        must("request", Form::AnyObject, "Parameters, by wire name."),
        may("response", Form::AnyObject, "The whole response as JSON, with the envelope."),
        may("xml", Form::Text, "The whole response as XML."),
    ],
};

const TYPES: Form = Form::Table(&Form::Object(&TYPE), Lines::Each);

static TYPE: Object = Object {
    what: "a type",
    lines: Lines::Open,
    keys: &[
        may("description", Form::Prose, "One sentence."),
        may("type", Form::OneOf(&["string", "int32", "int64"]), "Type of the values of an enum, string by default."),
        may(
            "enum",
            Form::Table(&Form::Object(&VALUE), Lines::Each),
            "Known values. The set is open: a service may send others.",
        ),
        may("fields", FIELDS, "Fields of the type, by wire name."),
    ],
};

static VALUE: Object = Object {
    what: "a value",
    lines: Lines::One,
    keys: &[
        must("name", Form::Text, "Name of the value in Rust."),
        may("description", Form::Prose, "What it means."),
        may("descriptionZh", Form::Chinese, "The same in Chinese."),
    ],
};

const FIELDS: Form = Form::Table(&Form::Object(&FIELD), Lines::Each);

/// Makes the keys of a field and of an item. An item has no name, so it has only the keys that describe values.
macro_rules! field_keys {
    ([$($of_parameter:expr,)*], [$($of_name:expr,)*], [$($last:expr,)*]) => {
        &[
            must("type", Form::Text, "string, int32, int64, number, boolean, any, array, map or the name of a type."),
            may("items", Form::TextOr(&ITEM), "Type of the items of an array or the values of a map, or an object like a field."),
            may("style", Form::OneOf(&["flat", "json", "simple"]), "How a structured value is sent: flat as Name.1.Key, json as a JSON text, simple joined by commas."),
            $($of_parameter,)*
            $($of_name,)*
            may("enum", Form::Table(&Form::Note, Lines::Fit), "Known values and their meanings. Other values are accepted."),
            may("default", Form::Any, "The value that the service assumes if it is absent."),
            may("minimum", Form::Number, "Smallest value."),
            may("maximum", Form::Number, "Largest value."),
            may("minLength", Form::Count, "Smallest number of characters."),
            may("maxLength", Form::Count, "Largest number of characters."),
            may("maxItems", Form::Count, "Largest number of items."),
            may("time", Form::Text, "Format of a time: unix-s, unix-ms or a pattern such as yyyy-MM-dd HH:mm:ss."),
            may("unit", Form::OneOf(&["milliseconds", "seconds", "minutes", "hours"]), "Unit of a number."),
            may("sensitive", Form::Flag, "Whether it must not be shown: phone numbers, spoken texts, secrets."),
            may("guessed", Form::List(&Form::OneOf(GUESSES)), "Keys that a tool read from prose and nobody has confirmed yet. They are not enforced."),
            $($last,)*
        ]
    };
}

/// A parameter, a member of a response or a field of a type.
pub(crate) static FIELD: Object = Object {
    what: "a field",
    lines: Lines::One,
    keys: field_keys!(
        [
            may(
                "in",
                Form::OneOf(&["query", "formData"]),
                "Where a parameter is declared to be sent, query by default."
            ),
            may("required", Form::Flag, "Whether a request must have it."),
            may("fill", Form::OneOf(&["region"]), "What the client sends if the request does not have it: its region."),
        ],
        [
            may("name", Form::Text, "Name in Rust and in the command, where the derived name is taken."),
            may("aliases", Form::List(&Form::Text), "Other names under which a response may have it."),
        ],
        [
            may("deprecated", Form::Prose, "Why it should not be used any more."),
            may("example", Form::Any, "A value of the type."),
            may("description", Form::Prose, "One sentence."),
        ]
    ),
};

/// An item of an array or a value of a map, where the name of a type is not enough.
static ITEM: Object = Object {
    what: "an item",
    lines: Lines::One,
    keys: field_keys!([], [], [may("example", Form::Any, "A value of the type."),]),
};
