//! `dyvms explore`: the gateway and its page, as other programs meet them. `tests/explorer/run` drives the page in a browser.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{ServerProcess, Stalling, command, outcome, refused, with_key};

/// An explorer in a process of its own, with its token.
struct Explorer {
    server: ServerProcess,
    token: String,
}

impl Explorer {
    fn start(options: &[&str]) -> Self {
        Self::of(&[&["explore"], options].concat())
    }

    /// The whole command line, except where it listens.
    fn of(arguments: &[&str]) -> Self {
        let arguments = [arguments, &["--port", "0", "--no-open"]].concat();
        let server = ServerProcess::of(with_key(&arguments, "testid", "testsecret"));
        let (status, page) = server.http("GET", "/", "", "");
        assert_eq!(status, 200, "{page}");
        let token = page.split(r#"name="dyvms-token" content=""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(token.len(), 32);
        Self { server, token }
    }

    fn headers(&self) -> String {
        format!("Content-Type: application/json\r\nX-Dyvms-Token: {}\r\n", self.token)
    }

    fn post(&self, path: &str, body: &str) -> (u16, Value) {
        self.post_with(path, "", body)
    }

    fn post_with(&self, path: &str, more: &str, body: &str) -> (u16, Value) {
        let (status, body) = self.server.http("POST", path, &(self.headers() + more), body);
        (status, serde_json::from_str(&body).unwrap_or_else(|_| panic!("{body}")))
    }

    fn call(&self, action: &str, body: &Value) -> (u16, Value) {
        self.post(&format!("/emulator/v1/{action}"), &body.to_string())
    }

    fn calls(&self) -> Vec<Value> {
        let (_, calls) = self.server.http("GET", "/calls", "", "");
        serde_json::from_str(&calls).unwrap()
    }

    /// The newest call, when it has ended.
    fn ended(&self) -> Value {
        loop {
            let newest = self.calls().swap_remove(0);
            if newest.get("outcome").is_some() {
                return newest;
            }
        }
    }
}

const LIST: &str = "QueryRobotTaskCallList";

#[test]
fn a_call_is_answered_by_the_emulator_and_redacted() {
    let explorer = Explorer::start(&[]);
    let (status, response) = explorer.call(LIST, &json!({ "TaskId": "1045001", "PageSize": 20 }));
    assert_eq!((status, &response["Code"]), (200, &json!("OK")));
    let calls = response["Data"].as_array().unwrap();
    assert_eq!((calls.len(), &calls[0]["called"]), (20, &json!("***")));
    assert!(!response.to_string().contains("1300000"), "{response}");
    let newest = &explorer.calls()[0];
    let shown = ["target", "action", "outcome", "requestId", "message"].map(|name| &newest[name]);
    assert_eq!(shown, [&json!("emulator"), &json!(LIST), &json!("OK"), &response["RequestId"], &json!("")]);
    // Both spellings of a parameter, texts for numbers, and no body at all.
    let (_, again) = explorer.call(LIST, &json!({ "task-id": "1045001", "page-size": "20" }));
    assert_eq!(again["Data"], response["Data"]);
    assert_eq!(explorer.post(&format!("/emulator/v1/{LIST}"), "").0, 200);

    let open = Explorer::start(&["--show-numbers"]);
    let (_, response) = open.call(LIST, &json!({ "TaskId": "1045001" }));
    assert!(response["Data"][0]["called"].as_str().unwrap().starts_with("1300000"), "{response}");
}

#[test]
fn the_page_has_what_a_browser_needs_to_be_strict() {
    let explorer = Explorer::start(&[]);
    let host = format!("Host: {}\r\n", explorer.server.address());
    for path in ["/", "/openapi.json", "/search.js", "/calls.js", "/explorer.css", "/calls", "/ui/oauth2-redirect.html"]
    {
        let mut stream = explorer.server.send("GET", path, &host, "");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let head = answer.split("\r\n\r\n").next().unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
        assert!(head.contains("content-security-policy: default-src 'self'; "), "{head}");
        assert!(
            head.contains("x-content-type-options: nosniff\r\n") && head.contains("x-frame-options: DENY"),
            "{head}"
        );
        assert!(!answer.contains("testsecret") && (path == "/" || !answer.contains(&explorer.token)), "{path}");
        assert_eq!(head.contains("cache-control: no-store"), !path.starts_with("/ui/"), "{path}: {head}");
    }
    let (_, document) = explorer.server.http("GET", "/openapi.json", "", "");
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["servers"].as_array().unwrap().len(), 1, "the service itself is not offered");
    assert_eq!(document["paths"].as_object().unwrap().len(), 159);
}

#[test]
fn the_search_is_that_of_the_command() {
    let explorer = Explorer::start(&[]);
    let names = |path: &str| {
        let (_, found) = explorer.server.http("GET", path, "", "");
        let found: Value = serde_json::from_str(&found).unwrap();
        let results = found["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["operation"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let listed = |words: &[&str]| {
        let listed = outcome(command(&[&["operations", "-o", "json"], words].concat()));
        let listed: Vec<Value> = serde_json::from_str(&listed.output).unwrap();
        listed.iter().map(|row| row["operation"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("/search?words=busy"), listed(&["busy"]));
    assert_eq!(names("/search?words=%E5%8D%A0%E7%BA%BF"), listed(&["占线"]));
    assert_eq!(names("/search?words=robot+Task"), listed(&["robot", "task"]));
    assert_eq!(names("/search").len(), 159);
    assert_eq!(names("/search?words=nowhere-to-be-found"), [""; 0]);
    // What is longer than the page's field is not read: each word costs time.
    let (long, rest) = ("a ".repeat(100).replace(' ', "+"), "nowhere-to-be-found+".repeat(2_000));
    assert_eq!(names(&format!("/search?words={long}{rest}")), names("/search?words=a"));
}

#[test]
fn requests_of_other_pages_and_without_the_token_are_refused() {
    let explorer = Explorer::start(&[]);
    let address = explorer.server.address().to_owned();
    let (json, token) = ("Content-Type: application/json\r\n", format!("X-Dyvms-Token: {}\r\n", explorer.token));
    let host = format!("Host: {address}\r\n");
    let status = |method: &str, headers: &str| {
        let path = format!("/emulator/v1/{LIST}");
        let (head, body) = explorer.server.exchange(method, &path, headers, "{}");
        let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(head.contains("content-security-policy: "), "{head}");
        (status, body)
    };
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for (headers, expected, why) in [
        (format!("Host: evil.example\r\n{json}{token}"), 403, "the Host is not this server"),
        (format!("{host}Origin: http://evil.example\r\n{json}{token}"), 403, "comes from another page"),
        (format!("{host}Origin: null\r\n{json}{token}"), 403, "comes from another page"),
        (format!("{host}{json}"), 403, "X-Dyvms-Token is missing"),
        (format!("{host}{json}X-Dyvms-Token: {}\r\n", "0".repeat(32)), 403, "not that of this run"),
        (format!("{host}{form}{token}"), 415, "Content-Type: application/json"),
        (format!("{host}{token}"), 415, "Content-Type: application/json"),
    ] {
        let (status, body) = status("POST", &headers);
        assert!(status == expected && body.contains(why), "{headers}: {status} {body}");
        assert!(body.contains(r#""sent":"No""#) && !body.contains(&explorer.token), "{body}");
    }
    assert_eq!(status("GET", &host).0, 405);
    assert_eq!(status("GET", &format!("{host}Origin: http://evil.example\r\n")).0, 403);
    assert_eq!(status("OPTIONS", &format!("{host}Origin: http://evil.example\r\n")).0, 403);
    assert_eq!(explorer.calls(), [] as [Value; 0], "nothing was called");
    let own = format!("Origin: http://{address}\r\n");
    assert_eq!(explorer.post_with(&format!("/emulator/v1/{LIST}"), &own, "{}").0, 200);
}

#[test]
fn what_cannot_be_sent_is_refused_with_its_place() {
    let explorer = Explorer::start(&[]);
    let long = format!(r#"{{"TaskId":"{}"}}"#, "1".repeat(1024 * 1024));
    for (action, body, expected, why) in [
        (LIST, "{", 400, "the body: expected an object of parameters: EOF while parsing an object at line 1 column 1"),
        (LIST, "[]", 400, "the body: expected an object of parameters, such as"),
        (LIST, "\"TaskId=1\"", 400, "the body: expected an object of parameters, such as"),
        (LIST, r#"{"TaskID":"1"}"#, 400, "has no parameter \"TaskID\"; did you mean TaskId?"),
        (LIST, r#"{"PageNo":"one"}"#, 400, "PageNo: expected a 32-bit integer, found \"one\""),
        (LIST, r#"{"TaskId":"1","TaskId":"2"}"#, 400, "is given twice"),
        (LIST, &long, 413, "the body is longer than 1 MiB"),
        ("SingleCallByTts", "{}", 400, "requires CalledNumber and TtsCode"),
        ("QueryRobotTaskCallLists", "{}", 404, "did you mean QueryRobotTaskCallList?"),
        ("nothing%2F..%2Fat%20all", "{}", 404, "the specification has no action"),
    ] {
        let (status, problem) = explorer.post(&format!("/emulator/v1/{action}"), body);
        let message = problem["message"].as_str().unwrap();
        assert!(status == expected && message.contains(why), "{action} {why}: {status} {message}");
        assert_eq!((&problem["sent"], &problem["outcomeUnknown"]), (&json!("No"), &json!(false)));
    }
    let body = r#"{"TaskId":"1045001"}"#;
    let padded = |length: usize| body.to_owned() + &" ".repeat(length - body.len());
    for (length, expected) in [(1024 * 1024, 200), (1024 * 1024 + 1, 413)] {
        assert_eq!(explorer.post(&format!("/emulator/v1/{LIST}"), &padded(length)).0, expected, "{length}");
    }
    // Values that are sensitive are not in an error.
    let body = json!({ "CalledNumber": { "a": 13_000_000_000_u64 }, "TtsCode": "TTS_1" });
    let (_, problem) = explorer.call("SingleCallByTts", &body);
    assert!(!problem.to_string().contains("13000000000"), "{problem}");
    // Nor is a number in the place of a name.
    for path in [format!("/emulator/v1/{LIST}"), format!("/emulator/snippets/{LIST}")] {
        let (_, problem) = explorer.post(&path, r#"{"13000000000":1}"#);
        assert!(problem["message"].as_str().unwrap().contains(r#"has no parameter "***""#), "{problem}");
    }
    let (status, problem) = explorer.post("/elsewhere/v1/CancelCall", "{}");
    assert!(status == 404 && problem["message"].as_str().unwrap().contains("/emulator or /live"), "{problem}");
    assert_eq!(explorer.post("/nowhere", "{}").0, 404);
    for path in ["/emulator/v1/%ff", "/%ff/v1/CancelCall", "/emulator/snippets/%ff"] {
        let (status, problem) = explorer.post(path, "{}");
        assert_eq!((status, &problem["kind"]), (404, &json!("NotFound")), "{path}");
    }
    assert_eq!(explorer.server.http("GET", "/ui/%ff", "", "").0, 404);
    // A name that no operation can have is not compared with all of them.
    assert_eq!(explorer.post(&format!("/emulator/v1/{}", "A".repeat(60_000)), "{}").0, 404);
    assert_eq!(explorer.server.http("GET", "/ui/../../etc/passwd", "", "").0, 404);
    assert_eq!(explorer.server.http("GET", "/ui/%2e%2e%2fetc%2fpasswd", "", "").0, 404);
}

#[test]
fn an_error_of_the_service_is_explained_as_by_the_command() {
    let explorer = Explorer::start(&[]);
    let body = json!({ "CalledNumber": "13000000000 ", "TtsCode": "TTS_0" });
    let (status, problem) = explorer.call("SingleCallByTts", &body);
    assert_eq!(
        (status, &problem["kind"], &problem["outcomeUnknown"]),
        (422, &json!("Service"), &json!(false)),
        "{problem}"
    );
    let code = problem["code"].as_str().unwrap();
    let explained = outcome(command(&["explain", code, "-o", "json"]));
    let explained: Value = serde_json::from_str(&explained.output).unwrap();
    assert_eq!(problem["explanations"], explained);
    let newest = explorer.ended();
    assert_eq!((&newest["outcome"], &newest["explanations"]), (&json!(code), &explained));
    assert_eq!(newest["requestId"], problem["requestId"]);
    assert!(!newest.to_string().contains("13000000000"), "{newest}");
}

#[test]
fn a_real_call_to_somebody_is_confirmed_first() {
    let service = ServerProcess::start(&["--quiet"]);
    let body = r#"{"CalledNumber":"13000000000","TtsCode":"TTS_10001"}"#;
    let closed = Explorer::start(&["--endpoint", &service.url]);
    let (status, problem) = closed.post("/live/v1/SingleCallByTts", body);
    assert!(status == 404 && problem["message"].as_str().unwrap().contains("dyvms explore --live"), "{problem}");

    let explorer = Explorer::start(&["--live", "--endpoint", &service.url]);
    let (_, document) = explorer.server.http("GET", "/openapi.json", "", "");
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["servers"][1]["url"], "/live");
    let call = |action: &str, header: &str, body: &str| explorer.post_with(&format!("/live/v1/{action}"), header, body);
    for header in ["", "X-Dyvms-Confirm-Dial: no\r\n", "X-Dyvms-Confirm-Dial:\r\n"] {
        let (status, problem) = call("SingleCallByTts", header, body);
        assert_eq!(
            (status, &problem["kind"], &problem["sent"]),
            (428, &json!("NotConfirmed"), &json!("No")),
            "{header}"
        );
    }
    assert_eq!(explorer.calls().len(), 0);
    let (status, response) = call("SingleCallByTts", "X-Dyvms-Confirm-Dial: yes\r\n", body);
    assert_eq!(status, 200, "{response}");
    assert_eq!((&explorer.ended()["target"], &explorer.ended()["outcome"]), (&json!("live"), &json!("OK")));
    // What calls nobody needs no confirmation, nor does an operation that calls somebody with another value only.
    assert_eq!(call(LIST, "", "{}").0, 200);
    let (_, problem) = call("ExecuteCallTask", "", r#"{"TaskId":1,"Status":"STOP"}"#);
    assert_ne!(problem["kind"], "NotConfirmed", "{problem}");
    for status in ["RUNNING", "running", " RUNNING "] {
        let body = json!({ "task-id": 1, "status": status }).to_string();
        assert_eq!(call("ExecuteCallTask", "", &body).0, 428, "{status}");
    }
}

#[test]
fn a_missing_key_is_an_error_of_the_call_and_not_of_the_page() {
    let mut command = command(&["explore", "--live", "--port", "0", "--no-open", "--endpoint", "127.0.0.1:9"]);
    command.env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let server = ServerProcess::of(command);
    let (_, page) = server.http("GET", "/", "", "");
    let token = page.split(r#"name="dyvms-token" content=""#).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let explorer = Explorer { server, token };
    let (status, problem) = explorer.post(&format!("/live/v1/{LIST}"), "{}");
    assert_eq!((status, &problem["kind"], &problem["sent"]), (503, &json!("Credentials"), &json!("No")), "{problem}");
    assert_eq!(explorer.call(LIST, &json!({})).0, 200, "the emulator needs no key");
}

#[test]
fn a_call_whose_browser_is_gone_is_in_the_log() {
    let service = Stalling::serve(Vec::new());
    let explorer = Explorer::start(&["--live", "--endpoint", &service.url]);
    let headers = format!("Host: {}\r\n{}", explorer.server.address(), explorer.headers());
    let browser = explorer.server.send("POST", &format!("/live/v1/{LIST}"), &headers, "{}");
    let mut request = service.stalled();
    assert_eq!(explorer.calls()[0].get("outcome"), None, "it is in progress");
    drop(browser);
    // The server notices at the latest when this is answered.
    assert_eq!(explorer.call(LIST, &json!({})).0, 200);
    let body = r#"{"Code":"OK","RequestId":"1A","Data":"[]"}"#;
    write!(request, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let ended = loop {
        let calls = explorer.calls();
        if calls[1].get("outcome").is_some() {
            break calls[1].clone();
        }
    };
    assert_eq!(
        (&ended["target"], &ended["outcome"], &ended["requestId"]),
        (&json!("live"), &json!("OK"), &json!("1A"))
    );
}

#[test]
fn an_outcome_that_is_not_known_is_told_as_such() {
    let service = Stalling::serve(Vec::new());
    let explorer = Explorer::start(&["--live", "--endpoint", &service.url, "--timeout", "0.5"]);
    let body = r#"{"CalledNumber":"13000000000","TtsCode":"TTS_10001"}"#;
    let (status, problem) = explorer.post_with("/live/v1/SingleCallByTts", "X-Dyvms-Confirm-Dial: yes\r\n", body);
    assert_eq!(
        (status, &problem["kind"], &problem["outcomeUnknown"]),
        (504, &json!("Timeout"), &json!(true)),
        "{problem}"
    );
    assert!(problem["message"].as_str().unwrap().contains("phone may be ringing"), "{problem}");
    assert_eq!(explorer.ended()["outcomeUnknown"], true);
}

#[test]
fn a_port_in_use_leads_to_the_next_one_and_two_explorers_do_not_mix() {
    let used = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = used.local_addr().unwrap().port();
    let notices = refused(&["explore", "--no-open", "--port", &port.to_string()]);
    let expected = format!("error: cannot listen on 127.0.0.1:{port}: the port is in use; --port ");
    assert!(notices.starts_with(&expected) && notices.contains(" is free"), "{notices}");

    let [one, other] = [Explorer::start(&[]), Explorer::start(&[])];
    assert_ne!(one.token, other.token);
    let headers = format!("Content-Type: application/json\r\nX-Dyvms-Token: {}\r\n", other.token);
    assert_eq!(one.server.http("POST", &format!("/emulator/v1/{LIST}"), &headers, "{}").0, 403);
    assert_eq!(other.call(LIST, &json!({})).0, 200);
    assert_eq!((one.calls().len(), other.calls().len()), (0, 1));
}

#[test]
fn an_option_without_sense_is_refused() {
    assert!(refused(&["explore", "--local"]).contains("leave it out"));
    assert!(refused(&["explore", "--port", "65536"]).contains("65536"));
}

#[test]
fn another_service_is_explored_by_its_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/other_product/spec");
    let explorer = Explorer::of(&["--spec", folder, "explore"]);
    let (_, found) = explorer.server.http("GET", "/search", "", "");
    let found: Value = serde_json::from_str(&found).unwrap();
    let first = found["results"][0]["operation"].as_str().unwrap();
    assert!(outcome(command(&["--spec", folder, "operations"])).output.contains(first));
    let (_, document) = explorer.server.http("GET", "/openapi.json", "", "");
    let document: Value = serde_json::from_str(&document).unwrap();
    let examples =
        &document["paths"][format!("/v1/{first}")]["post"]["requestBody"]["content"]["application/json"]["examples"];
    let request = examples.as_object().unwrap().values().next().unwrap()["value"].clone();
    let (status, response) = explorer.call(first, &request);
    assert_eq!(status, 200, "{response}");

    let faulty = tempfile::tempdir().unwrap();
    std::fs::write(faulty.path().join("service.json"), "{").unwrap();
    let notices = refused(&["--spec", faulty.path().to_str().unwrap(), "explore", "--no-open", "--port", "0"]);
    assert!(notices.contains("service.json:1:"), "{notices}");
}

#[test]
#[cfg(unix)]
fn the_same_call_at_a_shell_prints_the_same() {
    let explorer = Explorer::start(&[]);
    let request = json!({ "TaskId": "1045001", "PageNo": 2, "PageSize": 5 });
    let (_, response) = explorer.call(LIST, &request);
    let (status, snippets) = explorer.post(&format!("/emulator/snippets/{LIST}"), &request.to_string());
    assert_eq!(status, 200);
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_dyvms")).parent().unwrap();
    let mut shell = std::process::Command::new("/bin/sh");
    shell
        .args(["-c", snippets["dyvms"].as_str().unwrap()])
        .env("PATH", folder)
        .env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let shown = outcome(shell);
    let shown: Value = serde_json::from_str(&shown.output).unwrap_or_else(|_| panic!("{}", shown.notices));
    let ids = |response: &Value| {
        let calls = response["Data"].as_array().unwrap();
        calls.iter().map(|call| call["callId"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((ids(&shown).len(), ids(&shown)), (5, ids(&response)));
    let curl = snippets["curl"].as_str().unwrap();
    let expected = [
        format!("curl {}/emulator/v1/{LIST} \\", explorer.server.url),
        "    --header 'Content-Type: application/json' \\".to_owned(),
        format!("    --header 'x-dyvms-token: {}' \\", explorer.token),
        r#"    --data '{"TaskId":"1045001","PageNo":2,"PageSize":5}'"#.to_owned(),
    ];
    assert_eq!(curl.lines().collect::<Vec<_>>(), expected);
    let rust = snippets["rust"].as_str().unwrap();
    for line in [".task_id(\"1045001\")", ".page_no(2)", "Credentials::new(\"testid\", \"testsecret\")"] {
        assert!(rust.contains(line), "{rust}");
    }
}

#[test]
fn a_snippet_says_what_is_missing_and_confirms_what_is_real() {
    let explorer = Explorer::start(&["--live", "--region", "cn-shanghai"]);
    let snippets = |path: &str, body: &str| explorer.post(path, body).1;
    let incomplete = snippets("/emulator/snippets/SingleCallByTts", r#"{"TtsCode":"TTS_1"}"#);
    assert_eq!(incomplete["rust"], "// These parameters are required: CalledNumber.\n");
    assert!(snippets("/emulator/snippets/SingleCallByTts", "{").to_string().contains("EOF while parsing"));
    let body = r#"{"CalledNumber":"13000000000","TtsCode":"@it's"}"#;
    let real = snippets("/live/snippets/SingleCallByTts", body);
    let of = |name: &str| real[name].as_str().unwrap();
    assert!(of("curl").contains("--header 'x-dyvms-confirm-dial: yes'"), "{real}");
    assert!(of("dyvms").contains(r"--TtsCode '@@it'\''s' --region cn-shanghai"), "{real}");
    assert!(
        of("rust")
            .contains(".region(\"cn-shanghai\")\n        .credentials(dyvmsapi::credentials::DefaultChain::new())")
    );
    // A hyphen is that text, and not standard input.
    let body = r#"{"CalledNumber":"13000000000","TtsCode":"-","OutId":"-"}"#;
    let hyphens = snippets("/emulator/snippets/SingleCallByTts", body)["dyvms"].as_str().unwrap().to_owned();
    let input = r#"printf %s '{"OutId":"-","TtsCode":"-"}' | dyvms call SingleCallByTts "#;
    assert!(hyphens.contains(input) && hyphens.contains("--params -"), "{hyphens}");
}

#[test]
#[cfg(unix)]
fn an_interrupt_does_not_wait_for_a_connection_without_a_call() {
    let mut explorer = Explorer::start(&["--timeout", "86400"]);
    let mut stream = std::net::TcpStream::connect(explorer.server.address()).unwrap();
    let host = explorer.server.address().to_owned();
    // A whole request, whose response shows that the server has read this, and the start of another one.
    write!(stream, "GET /calls HTTP/1.1\r\nHost: {host}\r\n\r\nGET /calls HTTP/1.1\r\nHo").unwrap();
    assert_ne!(stream.read(&mut [0; 64]).unwrap(), 0);
    let id = explorer.server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(explorer.server.child.wait().unwrap().code(), Some(0));
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_it_after_calls_in_progress() {
    let service = Stalling::serve(Vec::new());
    let mut explorer = Explorer::start(&["--live", "--endpoint", &service.url]);
    let headers = format!("Host: {}\r\n{}", explorer.server.address(), explorer.headers());
    let mut browser = explorer.server.send("POST", &format!("/live/v1/{LIST}"), &headers, "{}");
    let mut request = service.stalled();
    let id = explorer.server.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let body = r#"{"Code":"OK","RequestId":"1A","Data":"[]"}"#;
    write!(request, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    browser.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    browser.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""RequestId":"1A""#), "{answer}");
    assert_eq!(explorer.server.child.wait().unwrap().code(), Some(0));
}
