//! The keys of the dialect, in the order in which files carry them: the one list that the checker, the layout and
//! the JSON Schema for editors read.

use crate::model::RefusalKind;

/// What a value has to look like.
#[derive(Debug)]
pub(crate) enum Form {
    /// A text that is not empty.
    Text,
    /// A text that is not empty and becomes documentation.
    Prose,
    /// Such a text, perhaps empty.
    Note,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A truth value.
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
    Object,
    /// A list.
    List(&'static Form),
    /// An object whose names are free.
    Table(&'static Form, Lines),
    /// An object of these keys.
    Record(&'static Record),
    /// A text, or an object of these keys.
    TextOr(&'static Record),
}

/// How an object is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// One member a line.
    Each,
    /// On one line, which is broken once before `description` when it is too long.
    One,
    /// The last member's table opens on the first line.
    Open,
    /// On one line where it fits, else one member a line.
    Fit,
}

/// An object of known keys.
#[derive(Debug)]
pub(crate) struct Record {
    /// What it is, with an article.
    pub(crate) what: &'static str,
    pub(crate) lines: Lines,
    pub(crate) keys: &'static [Key],
}

/// A key of a record.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) form: Form,
    /// What it says, for editors.
    pub(crate) meaning: &'static str,
}

const fn must(name: &'static str, form: Form, meaning: &'static str) -> Key {
    Key { name, required: true, form, meaning }
}

const fn may(name: &'static str, form: Form, meaning: &'static str) -> Key {
    Key { name, required: false, form, meaning }
}

/// Types that need no entry in `types`.
pub(crate) const BUILT_IN: &[&str] = &["string", "int32", "int64", "number", "boolean", "any", "array", "map"];

/// `service.json`.
pub(crate) static SERVICE: Record = Record {
    what: "a service",
    lines: Lines::Each,
    keys: &[
        must("product", Form::Text, "Product code, such as Dyvmsapi."),
        must("version", Form::Text, "API version, such as 2017-05-25."),
        must("title", Form::Prose, "Name for people."),
        may("style", Form::OneOf(&["RPC"]), "Style of the protocol; RPC is the only one."),
        must("endpoints", Form::Record(&ENDPOINTS), "Where the product is reached."),
        must("envelope", Form::Record(&ENVELOPE), "What every answer shares, and how failure shows."),
        may("commonParameters", FIELDS, "Parameters that every operation accepts and no request type carries."),
        may("timeZone", Form::Text, "Zone of `time` patterns, as +08:00 (the default)."),
        must("groups", Form::Table(&Form::Prose, Lines::Each), "Groups of operations: id and one line about it."),
        may("types", TYPES, "Types that operations share."),
        may("errors", Form::Table(&Form::Record(&ERROR), Lines::Each), "Known error codes."),
    ],
};

static ENDPOINTS: Record = Record {
    what: "the endpoints",
    lines: Lines::Fit,
    keys: &[
        must("default", Form::Text, "The host used when nothing else is said."),
        may("regions", HOSTS, "Host by region id."),
        may("vpc", HOSTS, "Host inside a VPC by region id."),
    ],
};

const HOSTS: Form = Form::Table(&Form::Text, Lines::Fit);

static ENVELOPE: Record = Record {
    what: "the envelope",
    lines: Lines::Each,
    keys: &[
        must("fields", FIELDS, "The shared members."),
        may("code", Form::Text, "Member with the service's code."),
        may("message", Form::Text, "Member with the code in words."),
        must("requestId", Form::Text, "Member with the request id."),
        may("success", Form::List(&Form::Text), "Codes that mean success; any other means failure."),
        may("ok", Form::Text, "Boolean member whose false means failure."),
    ],
};

static ERROR: Record = Record {
    what: "an error",
    lines: Lines::One,
    keys: &[
        may("aliases", Form::List(&Form::Text), "Other spellings of the code."),
        may(
            "status",
            Form::OneOf(&["4xx"]),
            "HTTP statuses with which the code is a refusal; 2xx and 4xx unless said.",
        ),
        must("advice", Form::Prose, "What to do."),
        may("kind", Form::OneOf(RefusalKind::NAMES), "What a client makes of it; a request that is wrong has none."),
        must("description", Form::Prose, "What it means."),
    ],
};

/// A file of `operations/`.
pub(crate) static OPERATION: Record = Record {
    what: "an operation",
    lines: Lines::Each,
    keys: &[
        must("action", Form::Text, "Name of the operation, and of its file."),
        must("group", Form::Text, "One of the groups of service.json."),
        must("operationType", Form::OneOf(&["read", "write"]), "Whether it changes anything."),
        may("idempotent", Form::Flag, "Whether it may be repeated without harm; true for read unless said."),
        may("dials", Form::Text, "The parameter that says who is rung; absent where nobody is."),
        may("dialsWhen", TEXTS, "Parameters with the only values under which it rings anybody."),
        may("id", Form::Text, "The response member that every success carries: the id of what was started."),
        may("method", Form::OneOf(&["POST", "GET"]), "HTTP method, POST unless said."),
        may("limits", Form::Record(&LIMITS), "Documented limits."),
        must("summary", Form::Prose, "One sentence."),
        may("description", Form::Prose, "More, as Markdown."),
        may("deprecated", Form::Prose, "Why it should no longer be used, and what instead."),
        must("parameters", FIELDS, "Business parameters by wire name."),
        may("atLeastOne", NAME_SETS, "Of each of these sets at least one parameter is needed."),
        may("atMostOne", NAME_SETS, "Of each of these sets at most one parameter is accepted."),
        must("response", FIELDS, "Members of the answer by wire name, without the envelope."),
        may("types", TYPES, "Types of this operation."),
        may("pagination", Form::Record(&PAGINATION), "How its pages are turned."),
        may("examples", Form::List(&Form::Record(&EXAMPLE)), "Requests with their answers; they are tests."),
    ],
};

const TEXTS: Form = Form::Table(&Form::Text, Lines::Fit);

const NAME_SETS: Form = Form::List(&Form::List(&Form::Text));

static LIMITS: Record = Record {
    what: "the limits",
    lines: Lines::Fit,
    keys: &[
        may("perSecond", Form::Count, "Queries per second of one account."),
        may("perNumber", Form::List(&Form::Text), "Calls to one value of `dials`, such as 1/min, 5/h, 20/24h."),
    ],
};

static PAGINATION: Record = Record {
    what: "a pagination",
    lines: Lines::Fit,
    keys: &[
        may("page", Form::Text, "Parameter with the number of the page."),
        may("offset", Form::Text, "Parameter with the number of rows skipped."),
        may("token", Form::Text, "Parameter with the token of the page."),
        may("size", Form::Text, "Parameter with the number of items on a page."),
        may("total", Form::Text, "Answer member with the number of all items."),
        may("next", Form::Text, "Answer member with the next page's token."),
        may("first", Form::Integer, "Value of the first page: 1 for page, 0 for offset unless said."),
        may("set", Form::Object, "Parameters set while paging."),
        must("items", Form::Text, "Answer member with the items of the page."),
    ],
};

static EXAMPLE: Record = Record {
    what: "an example",
    lines: Lines::Each,
    keys: &[
        must("name", Form::Text, "What it shows."),
        must("request", Form::Object, "Parameters by wire name."),
        may("response", Form::Object, "The whole JSON answer, with envelope."),
        may("xml", Form::Text, "The whole XML answer."),
    ],
};

const TYPES: Form = Form::Table(&Form::Record(&TYPE), Lines::Each);

static TYPE: Record = Record {
    what: "a type",
    lines: Lines::Open,
    keys: &[
        may("description", Form::Prose, "One sentence."),
        may("type", Form::OneOf(&["string", "int32", "int64"]), "What the values of an enum are, string unless said."),
        may("enum", Form::Table(&Form::Record(&VALUE), Lines::Each), "Known values of an open set."),
        may("fields", FIELDS, "Members by wire name."),
    ],
};

static VALUE: Record = Record {
    what: "a value",
    lines: Lines::One,
    keys: &[must("name", Form::Text, "Name of the value in Rust."), may("description", Form::Prose, "What it means.")],
};

const FIELDS: Form = Form::Table(&Form::Record(&FIELD), Lines::Each);

/// Makes the keys of a field and of an item: an item has those that speak of values, and not those of a name.
macro_rules! field_keys {
    ([$($of_parameter:expr,)*], [$($of_name:expr,)*], [$($last:expr,)*]) => {
        &[
            must("type", Form::Text, "string, int32, int64, number, boolean, any, array, map or the name of a type."),
            may("items", Form::TextOr(&ITEM), "What an array or a map holds: a type, or an object like a field."),
            may("style", Form::OneOf(&["flat", "json", "simple"]), "How a structured value travels."),
            $($of_parameter,)*
            $($of_name,)*
            may("enum", Form::Table(&Form::Note, Lines::Fit), "Known values and their meanings; never enforced."),
            may("default", Form::Any, "The value assumed when absent."),
            may("minimum", Form::Number, "Smallest value."),
            may("maximum", Form::Number, "Largest value."),
            may("minLength", Form::Count, "Shortest text."),
            may("maxLength", Form::Count, "Longest text."),
            may("maxItems", Form::Count, "Most items."),
            may("time", Form::Text, "unix-s, unix-ms or a pattern such as yyyy-MM-dd HH:mm:ss."),
            may("unit", Form::OneOf(&["milliseconds", "seconds", "minutes", "hours"]), "Unit of a number."),
            may("sensitive", Form::Flag, "Whether it must never be shown: numbers of people, spoken texts, secrets."),
            $($last,)*
        ]
    };
}

/// A parameter, a member of an answer or a member of a type.
pub(crate) static FIELD: Record = Record {
    what: "a field",
    lines: Lines::One,
    keys: field_keys!(
        [
            may("in", Form::OneOf(&["query", "formData"]), "Where a parameter travels, query unless said."),
            may("required", Form::Flag, "Whether a request must carry it."),
        ],
        [
            may("name", Form::Text, "Name in Rust and at the command, to end a clash."),
            may("aliases", Form::List(&Form::Text), "Other spellings that a reader takes."),
        ],
        [
            may("deprecated", Form::Prose, "Why it should no longer be used."),
            may("example", Form::Any, "A value of the type."),
            may("description", Form::Prose, "One sentence."),
        ]
    ),
};

/// What an array or a map holds, where a type alone does not say it.
static ITEM: Record = Record {
    what: "an item",
    lines: Lines::One,
    keys: field_keys!([], [], [may("example", Form::Any, "A value of the type."),]),
};
