//! The guides. The examples of docs/testing.md: those in Rust run here, and all stand there as they are in their files.
//! Those in other languages are run by `tests/official/run`. The tutorial of docs/dialect.md, docs/cli.md, and all links.

#[path = "../official/examples/in_process.rs"]
mod in_process;
#[path = "../official/examples/over_http.rs"]
mod over_http;
#[cfg(unix)]
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const GUIDE: &str = include_str!("../../docs/testing.md");

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
        assert!(GUIDE.contains(&block), "docs/testing.md does not show tests/official/examples/{file} as it is");
        assert!(GUIDE.contains(&format!("tests/official/examples/{file}")), "docs/testing.md does not name {file}");
    }
}

#[test]
fn the_guide_depends_on_packages_by_their_names_and_folders() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut packages = Vec::new();
    for line in GUIDE.lines() {
        let Some((name, rest)) = line.split_once(" = { path = \"../dyvmsapi-rust/") else { continue };
        let folder = rest.split('"').next().unwrap();
        let manifest = fs::read_to_string(root.join(folder).join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("\nname = \"{name}\"\n")), "{line}");
        packages.push(name.replace('-', "_"));
    }
    // The application depends on the client already.
    assert_eq!(packages, ["dyvmsapi_emulator"]);
    assert!(GUIDE.contains("use dyvmsapi_emulator::"));
    assert!(!GUIDE.contains("use aliyun_emulator::"));
}

const DIALECT: &str = include_str!("../../docs/dialect.md");
const ADDING: &str = include_str!("../../docs/adding-an-operation.md");
const AT_A_SHELL: &str = include_str!("../../docs/cli.md");
const EXPLORER: &str = include_str!("../../docs/explorer.md");

/// A block of code of a guide: its language, its content, and the paragraph above it.
struct Block<'g> {
    language: &'g str,
    content: &'g str,
    above: &'g str,
}

fn blocks(guide: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = guide;
    while let Some((before, after)) = rest.split_once("\n```") {
        // A block that shows fences has longer ones itself.
        let more = after.len() - after.trim_start_matches('`').len();
        let (language, after) = after[more..].split_once('\n').unwrap();
        let (content, end) = after.split_once(&format!("{}\n", "`".repeat(3 + more))).unwrap();
        let above = before.trim_end().rsplit("\n\n").next().unwrap();
        blocks.push(Block { language, content, above });
        rest = end;
    }
    blocks
}

impl Block<'_> {
    /// The file that the paragraph above names last.
    fn file(&self) -> Option<&str> {
        let is_file = |name: &&str| ["json", "jsonl", "md"].iter().any(|end| has_end(name, end));
        self.above.split('`').skip(1).step_by(2).filter(is_file).last()
    }

    /// The commands of a block, each with what it prints.
    fn commands(&self) -> impl Iterator<Item = (&str, &str)> {
        let commands = self.content.split("$ ").filter(|command| !command.is_empty());
        commands.map(|command| command.split_once('\n').unwrap())
    }
}

fn has_end(name: &str, end: &str) -> bool {
    Path::new(name).extension().is_some_and(|own| own == end)
}

/// The commands, built once. They are in the folder of this test's executable.
fn executable(name: &str) -> PathBuf {
    static BUILT: std::sync::Once = std::sync::Once::new();
    BUILT.call_once(|| {
        let cargo = option_env!("CARGO").unwrap_or("cargo");
        let packages = ["-p", "aliyun-codegen", "-p", "dyvms", "-p", "other-product"];
        let built = Command::new(cargo).args(["build", "--quiet", "--locked"]).args(packages).status().unwrap();
        assert!(built.success());
    });
    let folder = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_path_buf();
    folder.join(name)
}

/// What a command of a guide prints, standard error first, in a folder of its own.
fn output(command: &str, folder: &Path) -> String {
    let words = command.strip_prefix("cargo run --quiet ").unwrap_or(command);
    let (name, arguments) = match words {
        "-p other-product" => ("other-product", ""),
        words if words.starts_with("-p aliyun-codegen -- ") => {
            ("aliyun-codegen", &words["-p aliyun-codegen -- ".len()..])
        }
        words => ("dyvms", words.strip_prefix("-- ").or_else(|| words.strip_prefix("dyvms ")).unwrap()),
    };
    let arguments = shlex::split(arguments).unwrap();
    let mut command = Command::new(executable(name));
    command.args(arguments).current_dir(folder).env("LANG", "C").env_remove("LC_ALL").env_remove("LC_MESSAGES");
    let output = command.output().unwrap();
    [output.stderr, output.stdout].map(|text| String::from_utf8(text).unwrap()).concat()
}

/// Does what a guide says, from its beginning to its end: writes its files, and runs its commands, which print what it
/// shows.
fn follow(guide: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    std::os::unix::fs::symlink(root.join("api-spec"), folder.path().join("api-spec")).unwrap();
    let mut commands = 0;
    let mut last = String::new();
    let mut file: Option<String> = None;
    for block in blocks(guide) {
        let Block { language, content, above } = block;
        match language {
            "json" | "jsonl" | "markdown" => {
                file = block.file().map(str::to_owned).or(file);
                let path = folder.path().join(file.as_ref().unwrap());
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, content).unwrap();
            }
            "console" => {
                for (command, expected) in block.commands() {
                    // A reader has a terminal, where a table is the default.
                    let table = if expected.starts_with('|') { " -o table" } else { "" };
                    last = output(&format!("{command}{table}"), folder.path());
                    commands += 1;
                    // A command without output prints more than a guide can show.
                    if !expected.is_empty() {
                        assert_eq!(last, expected, "{command}");
                    }
                }
            }
            "text" if above.contains("output") || content.starts_with("    pub struct") => {
                assert!(last.contains(content), "{last}");
            }
            "rust" => {
                let named = above.split('`').find(|name| has_end(name, "rs")).unwrap();
                let source = std::fs::read_to_string(root.join("examples/other_product").join(named)).unwrap();
                assert_eq!(content, source);
            }
            "text" => {}
            other => assert_eq!(other, "", "a block without a language, or with an unknown one"),
        }
    }
    commands
}

#[test]
fn the_commands_of_the_tutorial_print_what_it_shows() {
    assert_eq!(follow(DIALECT), 5);
}

#[test]
fn the_commands_at_a_shell_print_what_the_guide_shows() {
    assert_eq!(follow(AT_A_SHELL), 16);
}

#[test]
fn the_guide_of_the_explorer_writes_the_document_that_it_names() {
    assert_eq!(follow(EXPLORER), 1);
}

#[test]
fn an_operation_is_added_as_the_guide_says() {
    assert_eq!(follow(ADDING), 8);
}

#[test]
fn every_link_of_the_guides_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = [
        ".",
        "docs",
        "api-spec",
        "codegen",
        "codegen/macros",
        "formats",
        "runtime",
        "dyvmsapi",
        "receipts",
        "emulator",
        "dyvmsapi-emulator",
        "cli",
    ];
    let mut links = 0;
    for folder in folders.map(|folder| root.join(folder)) {
        let guides = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let guides: Vec<PathBuf> = guides.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
        assert!(!guides.is_empty(), "{} has no README.md", folder.display());
        for guide in guides {
            let text = fs::read_to_string(&guide).unwrap();
            for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let path = link.split('#').next().unwrap();
                if path.is_empty() || path.starts_with("http") {
                    continue;
                }
                links += 1;
                assert!(folder.join(path).exists(), "{} links to {link}", guide.display());
            }
        }
    }
    assert!(links > 50, "{links}");
}
