//! Reference pages become operations.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use aliyun_api_formats::{File, Imported, NoteKind, Options, import_pages};
use aliyun_api_spec::SourceFile;
use serde_json::{Value, json};

const LIST: &str = include_str!("pages/ListMessages.md");
const DROP: &str = include_str!("pages/DropMessage.en.md");

fn import(text: &str, options: &Options) -> Imported {
    import_pages(&[SourceFile { path: "page.md", text }], options)
}

/// The file of an operation, and that the whole folder passes the check.
fn file(imported: &Imported, path: &str) -> Value {
    let files: Vec<SourceFile<'_>> =
        imported.files.iter().map(|file| SourceFile { path: &file.path, text: &file.text }).collect();
    assert_eq!(aliyun_api_spec::parse(&files).faults, []);
    let found = imported.files.iter().find(|file| file.path == path);
    serde_json::from_str(&found.unwrap_or_else(|| panic!("no {path}: {:?}", imported.refused)).text).unwrap()
}

fn refusal(text: &str) -> String {
    let imported = import(
        text,
        &Options { version: Some("2020-02-02".to_owned()), product: Some("Mailroom".to_owned()), ..Options::default() },
    );
    assert!(imported.files.is_empty(), "{:?}", imported.files);
    let refused: Vec<String> = imported.refused.iter().map(ToString::to_string).collect();
    refused.join("\n")
}

fn notes(imported: &Imported) -> Vec<String> {
    imported.notes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_page_becomes_an_operation() {
    let imported = import(LIST, &Options::default());
    assert_eq!(
        (imported.operations.as_slice(), imported.refused.as_slice()),
        (["ListMessages".to_owned()].as_slice(), [].as_slice())
    );
    let operation = file(&imported, "operations/ListMessages.json");
    assert_eq!(
        operation["parameters"],
        json!({
            "BoxId": { "type": "string", "required": true, "example": "box-1" },
            "PageNumber": { "type": "int32", "default": 1, "minimum": 1, "maximum": 100,
                "guessed": ["minimum", "maximum", "default"], "example": 1 },
            "Kind": { "type": "string", "enum": { "A": "", "B": "" }, "guessed": ["enum"], "example": "A" },
            "Tag": { "type": "array", "items": "ListMessagesTag", "style": "flat" },
            "Id": { "type": "array", "items": { "type": "string", "example": "1" }, "style": "flat" },
            "Weight": { "type": "ListMessagesWeight", "style": "flat" }
        })
    );
    assert_eq!(
        operation["response"],
        json!({
            "Extra": { "type": "ListMessagesExtra", "style": "json" },
            "Messages": { "type": "ListMessagesMessages" },
            "Names": { "type": "array", "items": { "type": "string", "example": "a" }, "style": "json" },
            "Total": { "type": "int64", "example": 1 }
        })
    );
    let types = operation["types"].as_object().unwrap();
    let fields = |name: &str| types[name]["fields"].clone();
    assert_eq!(
        fields("ListMessagesTag"),
        json!({ "Key": { "type": "string", "example": "colour" }, "Value": { "type": "string", "example": "a|b" } })
    );
    assert_eq!(
        fields("ListMessagesExtra"),
        json!({ "size": { "type": "int64", "example": 1 }, "parts": { "type": "ListMessagesExtraParts" } })
    );
    assert_eq!(fields("ListMessagesExtraParts"), json!({ "title": { "type": "string" } }));
    assert_eq!(
        fields("ListMessagesMessages"),
        json!({ "Message": { "type": "array", "items": "ListMessagesMessagesMessage" } })
    );
    assert_eq!(
        fields("ListMessagesMessagesMessage"),
        json!({
            "From": { "type": "string", "example": "ada" },
            "Stamps": { "type": "ListMessagesMessagesMessageStamps" },
            "To": { "type": "string", "example": "bob" },
            "Late": { "type": "boolean", "example": true }
        })
    );
    // 2.5 is no integer.
    assert_eq!(
        fields("ListMessagesMessagesMessageStampsStamp"),
        json!({ "Price": { "type": "number", "example": 2 } })
    );
    assert_eq!(
        operation["pagination"],
        json!({ "page": "PageNumber", "total": "Total", "guessed": true, "items": "Messages.Message" })
    );
    let request = json!({ "BoxId": "box-1", "Tag": [{ "Key": "colour", "Value": "a|b" }] });
    assert_eq!((&operation["examples"][0]["request"], operation["examples"][0]["xml"].is_string()), (&request, true));
    assert_eq!(operation["examples"][1]["response"]["Code"], "NoSuchBox");
    // A page does not say that it only reads.
    assert_eq!((&operation["operationType"], operation.get("summary")), (&json!("write"), None));
    let service = file(&imported, "service.json");
    assert_eq!((&service["product"], &service["version"]), (&json!("Mailroom"), &json!("2020-02-02")));
    assert_eq!(service["envelope"]["success"], json!(["OK"]));
    assert_eq!(
        service["errors"],
        json!({ "NoSuchBox": { "status": "4xx" }, "Broken": { "kind": "transient" }, "InvalidBox.*": { "status": "4xx" } }),
        "the codes of the gateway are known"
    );
}

#[test]
fn whatever_was_guessed_or_contradicts_itself_has_a_position() {
    let imported = import(LIST, &Options::default());
    let expected = [
        "page.md:1:1: guess: ListMessages: a page does not say whether it only reads; it is taken for a write that must not be sent twice, so a person should look at it",
        "page.md:1:1: guess: ListMessages: its pages were guessed from the names of its parameters",
        "page.md:24:1: guess: PageNumber: the default 1 was read from prose",
        "page.md:24:1: guess: PageNumber: the range 1 to 100 was read from prose",
        "page.md:29:1: guess: Kind: the values A, B were read from prose",
        "page.md:49:1: guess: the codes of success are OK, as prose says",
        "page.md:52:1: guess: Extra: 2 of its members are only in the list of its description; they are taken for strings",
        "page.md:52:1: guess: Extra: it is documented as a string, and contains JSON; its members are taken from the example",
        "page.md:74:1: contradiction: Names: it is documented as a string, and contains JSON; its members are taken from the example",
        "page.md:111:1: guess: ListMessages: Messages.Message.Late: only the example has it",
        "page.md:111:1: contradiction: ListMessages: Messages.Message.Stamps.Stamp.Price: it is documented as int32, and the example needs number",
    ];
    assert_eq!(notes(&imported), expected);
}

#[test]
fn an_english_page_of_the_older_kind_is_read_too() {
    let options =
        Options { product: Some("Mailroom".to_owned()), version: Some("2020-02-02".to_owned()), ..Options::default() };
    let imported = import(DROP, &options);
    let operation = file(&imported, "operations/DropMessage.json");
    assert_eq!(
        operation["parameters"],
        json!({
            "MessageId": { "type": "string", "required": true },
            "Reason": { "type": "string", "enum": { "LATE": "", "LOST": "" }, "guessed": ["enum"] },
            "Force": { "type": "boolean", "default": false, "guessed": ["default"] }
        })
    );
    assert_eq!(operation["response"], json!({ "Dropped": { "type": "boolean" } }));
    assert_eq!(operation["examples"][0]["request"], json!({ "MessageId": "m-1" }));
}

#[test]
fn descriptions_are_kept_only_if_asked() {
    let options = Options { keep_descriptions: true, ..Options::default() };
    let operation = file(&import(LIST, &options), "operations/ListMessages.json");
    assert_eq!(operation["summary"], "列出一个邮箱里的信件。");
    assert_eq!(operation["description"], "每页最多五十封。");
    assert_eq!(operation["parameters"]["BoxId"]["description"], "邮箱。");
    assert_eq!(operation["parameters"]["Kind"]["enum"], json!({ "A": "信", "B": "包裹" }));
    assert_eq!(operation["types"]["ListMessagesExtra"]["fields"]["size"]["description"], "大小。");
}

#[test]
fn pages_are_added_to_a_folder_and_what_people_wrote_is_kept() {
    let mut folder = import(LIST, &Options::default()).files;
    // A person judges and writes.
    let path = "operations/ListMessages.json";
    let judged = |files: &mut Vec<File>| {
        let file = files.iter_mut().find(|file| file.path == path).unwrap();
        let mut operation: Value = serde_json::from_str(&file.text).unwrap();
        operation["operationType"] = "read".into();
        operation["summary"] = "Lists messages.".into();
        operation["parameters"]["BoxId"]["description"] = "The box.".into();
        operation["parameters"]["BoxId"]["sensitive"] = true.into();
        operation["parameters"]["PageNumber"].as_object_mut().unwrap().remove("guessed");
        operation["types"]["Letter"] = operation["types"]["ListMessagesMessagesMessage"].take();
        operation["types"].as_object_mut().unwrap().remove("ListMessagesMessagesMessage");
        operation["types"]["ListMessagesMessages"]["fields"]["Message"]["items"] = "Letter".into();
        file.text = aliyun_api_spec::format(path, &operation.to_string()).unwrap();
    };
    judged(&mut folder);
    let before = folder.clone();
    let again = import(LIST, &Options { existing: folder.clone(), ..Options::default() });
    assert_eq!(again.refused, []);
    assert!(again.files.iter().all(|file| file.path == "service.json"), "{:?}", again.files);
    // A fact that changed is taken over, and everything else stays.
    let changed = LIST
        .replace("|BoxId|String|是|", "|BoxId|Long|否|")
        .replace("|box-1|", "|7|")
        .replace("BoxId=box-1", "BoxId=7");
    let merged = import(&changed, &Options { existing: folder, ..Options::default() });
    let operation: Value =
        serde_json::from_str(&merged.files.iter().find(|file| file.path == path).unwrap().text).unwrap();
    assert_eq!(
        operation["parameters"]["BoxId"],
        json!({ "type": "int64", "sensitive": true, "example": 7, "description": "The box." })
    );
    assert_eq!((&operation["summary"], &operation["operationType"]), (&json!("Lists messages."), &json!("read")));
    assert!(
        operation["types"].get("Letter").is_some() && operation["types"].get("ListMessagesMessagesMessage").is_none()
    );
    // Another page takes product, version and envelope from the folder.
    let second = import(DROP, &Options { existing: before, ..Options::default() });
    assert_eq!(
        (second.operations.as_slice(), second.refused.as_slice()),
        (["DropMessage".to_owned()].as_slice(), [].as_slice())
    );
}

#[test]
fn what_is_not_a_page_is_refused_with_a_reason() {
    let page = |section: &str| format!("# DropMessage\n\nDrops.\n\n{section}");
    for (text, expected) in [
        (String::new(), "page.md:1:1: this is not a reference page in Markdown: it has no heading"),
        ("no heading at all\n".to_owned(), "page.md:1:1: this is not a reference page in Markdown: it has no heading"),
        ("{\"a\": 1}".to_owned(), "page.md:1:1: this is not a reference page in Markdown: it has no heading"),
        (
            "# 简介\n".to_owned(),
            "page.md:1:1: the heading \"简介\" is not the name of an operation, such as CancelCall",
        ),
        (page(""), "page.md:1:1: DropMessage: there is no section with the request parameters"),
        (
            page(
                "## Request parameters\n\nThese are the parameters, and this is a long text without any table at all.\n",
            ),
            "page.md:5:1: DropMessage: there is no table of request parameters",
        ),
        (
            page(
                "## 请求语法\n\n```\nPOST /openapi/boxes HTTP/1.1\n```\n\n## 请求参数\n\n|名称|类型|\n|--|--|\n|A|String|\n",
            ),
            "page.md:7:1: DropMessage: its path is /openapi/boxes; an RPC operation has the path /",
        ),
        (
            page("## 请求参数\n\n|名称|类型|位置|\n|--|--|--|\n|A|String|Body|\n"),
            "page.md:9:1: DropMessage: its parameter A is in the body; only query and form can be expressed",
        ),
    ] {
        assert_eq!(refusal(&text), expected, "{text}");
    }
    // What the page does not name is asked for.
    for (options, expected) in [
        (
            Options::default(),
            "page.md:1:1: DropMessage: the page names neither product nor version; give --product and --version",
        ),
        (
            Options { product: Some("Mailroom".to_owned()), ..Options::default() },
            "page.md:1:1: DropMessage: the page names no version; give --version, or import into a folder that has one",
        ),
        (
            Options { version: Some("2020-02-02".to_owned()), ..Options::default() },
            "page.md:1:1: DropMessage: the page names no product; give --product",
        ),
    ] {
        assert_eq!(import(DROP, &options).refused[0].to_string(), expected);
    }
    let other = Options { product: Some("Other".to_owned()), ..Options::default() };
    assert_eq!(
        import(LIST, &other).refused[0].to_string(),
        "page.md:1:1: ListMessages: its product is Mailroom, and not Other; import it into another folder"
    );
}

/// A page with one table of parameters.
fn with_rows(header: &str, rows: &str) -> Imported {
    let text = format!("# DropMessage\n\nDrops.\n\n## 请求参数\n\n{header}\n{rows}\n");
    import(
        &text,
        &Options { version: Some("2020-02-02".to_owned()), product: Some("Mailroom".to_owned()), ..Options::default() },
    )
}

#[test]
fn a_flawed_table_is_read_as_far_as_it_goes() {
    const HEADER: &str = "|名称|类型|是否必选|示例值|描述|\n|--|--|--|--|--|";
    for (rows, names, note) in [
        (
            "|A|String|是|\n|B|Long|否|1|x.|\n",
            &["A", "B"][..],
            "contradiction: the row has too few cells; those that are there are read in their order",
        ),
        (
            "|A|String|是|1|x.|y|\n|B|Long|否|1|x.|\n",
            &["A", "B"],
            "contradiction: the row has too many cells; those that are there are read in their order",
        ),
        ("|A|String|是|a\\|b|x.|\n", &["A"], ""),
        ("|A|String|是|a\\\\|x.|\n", &["A"], ""),
        (
            "|A|String|是|1|x.|\n|A|String|是|1|x.|\n",
            &["A"],
            "loss: the parameter A is listed twice; both are the same",
        ),
        (
            "|A|String|是|1|x.|\n|A|Long|否|1|y.|\n",
            &["A"],
            "contradiction: the parameter A is listed twice, and differently; the first one is taken",
        ),
        ("|A|Integer|是|一|x.|\n", &["A"], "loss: A: the example \"一\" is not of the type int32"),
        ("|A|String|可能|1|x.|\n", &["A"], "guess: A: required is \"可能\"; it is taken for optional"),
        ("||String|是|1|x.|\n|B|String|是|1|x.|\n", &["B"], "loss: a row has no name"),
        ("|A b|String|是|1|x.|\n|B|String|是|1|x.|\n", &["B"], "loss: \"A b\" is not the name of a field"),
        (
            "|A|Strange thing|是|1|x.|\n",
            &["A"],
            "guess: A: the type \"Strange thing\" is unknown; it is taken for a structure",
        ),
        ("|A|String|是|“x”，|取值：“a”，“b”。|\n", &["A"], ""),
    ] {
        let imported = with_rows(HEADER, rows);
        let operation = file(&imported, "operations/DropMessage.json");
        let found: Vec<&String> = operation["parameters"].as_object().unwrap().keys().collect();
        assert_eq!(found, names, "{rows}");
        if note.is_empty() {
            let other = imported
                .notes
                .iter()
                .filter(|note| note.kind != NoteKind::Guess && !note.to_string().contains("response"));
            assert_eq!(other.count(), 0, "{rows}: {:?}", imported.notes);
        } else {
            assert!(notes(&imported).iter().any(|line| line.ends_with(note)), "{rows}: {:#?}", notes(&imported));
        }
    }
    let two = with_rows(HEADER, "|A|String|是|1|x.|\n\n|名称|类型|\n|--|--|\n|B|String|\n");
    assert!(notes(&two).iter().any(|line| line.ends_with("loss: a second table of fields in the section is not read")));
    let unknown = with_rows("|nom|genre|\n|--|--|", "|A|String|\n");
    assert!(unknown.files.is_empty());
    assert!(
        notes(&unknown).iter().any(|line| line.ends_with("loss: the table has none of the known columns: nom, genre"))
    );
}

#[test]
fn an_example_that_is_not_json_is_a_loss() {
    let text = LIST.replace("\"Code\": \"OK\",\n  \"RequestId\"", "\"Code\": \"OK\"\n  \"RequestId\"");
    let imported = import(&text, &Options::default());
    let operation = file(&imported, "operations/ListMessages.json");
    assert!(
        notes(&imported)
            .iter()
            .any(|note| note.contains("loss: ListMessages: the example is not JSON: expected `,` or `}` at line 3"))
    );
    assert!(operation["examples"][0].get("response").is_none() && operation["examples"][0]["xml"].is_string());
}

#[test]
fn depth_marks_that_were_lost_are_rebuilt_from_the_example() {
    let marked = file(&import(LIST, &Options::default()), "operations/ListMessages.json");
    let lost = file(&import(&LIST.replace('└', ""), &Options::default()), "operations/ListMessages.json");
    assert_eq!(lost["types"], marked["types"]);
    assert_eq!(lost["response"], marked["response"]);
}

const REPORT: &str = include_str!("pages/BoxReport.md");

fn of_mailroom(existing: Vec<File>) -> Options {
    let (product, version) = (Some("Mailroom".to_owned()), Some("2020-02-02".to_owned()));
    Options { product, version, existing, ..Options::default() }
}

#[test]
fn a_page_of_a_receipt_becomes_a_kind_of_receipt() {
    let imported = import(REPORT, &of_mailroom(Vec::new()));
    assert_eq!((imported.receipts.as_slice(), imported.operations.len()), (["BoxReport".to_owned()].as_slice(), 0));
    assert_eq!(
        file(&imported, "receipts/BoxReport.json"),
        json!({
            "kind": "BoxReport",
            "key": ["box_id", "call_id", "out_id", "weight", "callee"],
            "id": "call_id",
            "ownId": "out_id",
            "fields": {
                "box_id": { "type": "string", "example": "box-1" },
                "call_id": { "type": "string", "example": "100^200" },
                "out_id": { "type": "string", "example": "order-1" },
                "weight": { "type": "int32", "example": 120 },
                "callee": { "type": "string", "sensitive": true, "example": "13000000000" }
            },
            "examples": [{ "name": "documented", "receipt": {
                "box_id": "box-1", "call_id": "100^200", "out_id": "order-1", "weight": 120, "callee": "13000000000"
            } }]
        })
    );
    assert_eq!(
        notes(&imported),
        [
            "page.md:1:1: guess: BoxReport: a page does not say what identifies a receipt; all its fields together are taken, so a person should look at `key`, `id` and `ownId`"
        ]
    );
}

#[test]
fn the_receipts_that_a_page_shows_are_its_examples() {
    let page = |block: &str| format!("{REPORT}\n```json\n{block}\n```\n");
    let examples = |block: &str| {
        let imported = import(&page(block), &of_mailroom(Vec::new()));
        (file(&imported, "receipts/BoxReport.json")["examples"].clone(), notes(&imported))
    };
    let (shown, _) = examples(r#"[{"call_id":"1","weight":"7"},{"call_id":"2","new":{"a":1}}]"#);
    assert_eq!(
        shown,
        json!([
            { "name": "documented", "receipt": { "call_id": "1", "weight": "7" } },
            { "name": "documented 2", "receipt": { "call_id": "2", "new": { "a": 1 } } }
        ])
    );
    // What cannot be read is a loss, and the values of the table are the example.
    for (block, loss) in
        [(r#"{"call_id":"1" "weight":7}"#, "the example is not JSON"), ("[7]", "the example is not an object")]
    {
        let (shown, notes) = examples(block);
        assert_eq!(shown[0]["receipt"]["box_id"], "box-1", "{block}");
        assert!(notes.iter().any(|note| note.contains(loss)), "{notes:?}");
    }
}

#[test]
fn a_receipt_is_added_to_a_folder_and_what_people_wrote_is_kept() {
    let known = import(LIST, &Options::default());
    let first = import(REPORT, &Options { existing: known.files.clone(), ..Options::default() });
    let paths: Vec<&str> = first.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["receipts/BoxReport.json"], "{:?}", first.refused);

    let written = first.files[0].text.replace(
        r#""weight": { "type": "int32", "example": 120 }"#,
        r#""weight": { "type": "int64", "unit": "seconds", "description": "Weight." }, "only_here": { "type": "string" }"#,
    );
    assert_ne!(written, first.files[0].text);
    let written =
        written.replace(r#""key": ["box_id", "call_id", "out_id", "weight", "callee"]"#, r#""key": ["call_id"]"#);
    let mut existing = known.files;
    existing.push(File { path: "receipts/BoxReport.json".to_owned(), text: written });
    let page = REPORT.replace("|Integer|", "|String|").replace("|out\\_id|", "|out\\_no|");
    let again = import(&page, &Options { existing, ..Options::default() });
    let text = &again.files.iter().find(|file| file.path == "receipts/BoxReport.json").unwrap().text;
    let receipt: Value = serde_json::from_str(text).unwrap();
    assert_eq!(receipt["key"], json!(["call_id"]));
    // A page says of a number that it is a text, and lists the fields of one case.
    assert_eq!(receipt["fields"]["weight"]["type"], "int64");
    assert_eq!(receipt["fields"]["weight"]["description"], "Weight.");
    let names: Vec<&String> = receipt["fields"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["box_id", "call_id", "out_id", "weight", "only_here", "callee", "out_no"]);
}

#[test]
fn a_page_without_a_request_is_a_receipt_only_if_it_says_so() {
    let nameless = REPORT.replace("BoxReport", "EmptyBox").replace("receipt", "message").replace("Subscribe", "Listen");
    assert_eq!(refusal(&nameless), "page.md:1:1: EmptyBox: there is no section with the request parameters");
    let empty = "# BoxReport\n\nThere is no table.\n";
    assert_eq!(
        refusal(empty),
        "page.md:1:1: BoxReport: there is neither a section with the request parameters nor a table of the fields of a receipt"
    );
}

/// An alias of the folder is the same field under the name of the page.
#[test]
fn another_spelling_in_the_source_is_the_field_that_has_it_as_an_alias() {
    let known = import(LIST, &Options::default());
    let text = &known.files.iter().find(|file| file.path == "operations/ListMessages.json").unwrap().text;
    let mut operation: Value = serde_json::from_str(text).unwrap();
    let response = operation["response"].as_object_mut().unwrap();
    let names: Vec<String> = response.keys().cloned().collect();
    let first = names[0].clone();
    let mut field = response.shift_remove(&first).unwrap();
    field["aliases"] = json!([first]);
    response.insert("Renamed".to_owned(), field);
    operation.as_object_mut().unwrap().remove("pagination");
    let mut existing = known.files.clone();
    for file in &mut existing {
        if file.path == "operations/ListMessages.json" {
            file.text = operation.to_string();
        }
    }
    let again = import(LIST, &Options { existing, ..Options::default() });
    assert_eq!(again.refused, []);
    let text = &again.files.iter().find(|file| file.path == "operations/ListMessages.json").unwrap().text;
    let again: Value = serde_json::from_str(text).unwrap();
    assert_eq!(again["response"]["Renamed"]["aliases"], json!([first]));
    assert_eq!(again["response"].get(&first), None);
}
