//! The examples of TESTING.md: those in Rust run here, and all stand there as they are in their files. Those in other
//! languages are run by `tests/official/run`.

#[path = "../official/examples/in_process.rs"]
mod in_process;
#[path = "../official/examples/over_http.rs"]
mod over_http;

const GUIDE: &str = include_str!("../../TESTING.md");

#[test]
fn the_guide_shows_its_examples_as_they_are() {
    for (language, file, text) in [
        ("rust", "in_process.rs", include_str!("../official/examples/in_process.rs")),
        ("rust", "over_http.rs", include_str!("../official/examples/over_http.rs")),
        ("json", "rules.json", include_str!("../official/examples/rules.json")),
        ("python", "test_alert.py", include_str!("../official/examples/test_alert.py")),
        ("javascript", "alert.test.cjs", include_str!("../official/examples/alert.test.cjs")),
    ] {
        let block = format!("```{language}\n{text}```\n");
        assert!(GUIDE.contains(&block), "TESTING.md does not show tests/official/examples/{file} as it is");
        assert!(GUIDE.contains(&format!("tests/official/examples/{file}")), "TESTING.md does not name {file}");
    }
}
