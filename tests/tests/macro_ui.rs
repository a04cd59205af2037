//! What the macro says of a wrong call and of a wrong specification, as the compiler shows it: the message, and the word
//! that it stands at. The macro's work is called as a function here, because a second compiler would first have to build
//! the client a second time; that the real macro compiles, and refuses to, the examples in `src/lib.rs` show.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use proc_macro2::{Span, TokenStream, TokenTree};

mod voice {
    aliyun_codegen_macros::client!(dyvmsapi, operations = [QueryRobotTaskCallList]);
}

#[test]
fn some_operations_are_a_client_too() {
    let request = voice::robot::QueryRobotTaskCallList::new().page_no(1);
    assert_eq!(request.page_no, Some(1));
}

#[test]
fn a_path_without_a_folder() {
    check("bad_path");
}

#[test]
fn one_fault() {
    let generated = check("one_fault").to_string();
    assert!(generated.contains("pub struct Fine {"), "what has no fault is generated all the same");
    assert!(!generated.contains("pub struct Typo"), "{generated}");
}

#[test]
fn two_faults() {
    let generated = check("two_faults").to_string();
    assert!(generated.contains("pub struct Fine {"), "what has no fault is generated all the same");
}

#[test]
fn an_unknown_service() {
    check("unknown_service");
}

#[test]
fn an_unknown_operation() {
    check("unknown_operation");
}

#[test]
fn an_unknown_option() {
    check("unknown_option");
}

#[test]
fn examples_name_the_module_of_the_client() {
    let generated = |input: &str| {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        aliyun_codegen::client(input.parse().unwrap(), package, Some("main")).to_string()
    };
    assert!(generated("dybaseapi").contains("use main::token::QueryTokenForMnsQueue;"));
    assert!(generated("dybaseapi, module = base").contains("use main::base::token::QueryTokenForMnsQueue;"));
}

/// Compares the errors of `ui/CASE.rs` with `ui/CASE.stderr`, and gives what the macro made.
fn check(case: &str) -> TokenStream {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = format!("ui/{case}.rs");
    let source = fs::read_to_string(package.join(&name)).unwrap();
    let file = syn::parse_file(&source).unwrap();
    let [syn::Item::Macro(call)] = &file.items[..] else { panic!("{name} is one call of the macro") };
    let made = aliyun_codegen::client(call.mac.tokens.clone(), package, Some("main"));

    let mut errors = Vec::new();
    collect(made.clone(), &mut errors);
    let shown: Vec<String> = errors.iter().map(|(span, message)| show(&name, &source, *span, message)).collect();
    let expected = fs::read_to_string(package.join(format!("ui/{case}.stderr"))).unwrap();
    assert_eq!(shown.join("\n"), expected, "{name}");
    made
}

/// The errors of all `compile_error! { "message" }`, each at the place that the compiler would point at.
fn collect(tokens: TokenStream, errors: &mut Vec<(Span, String)>) {
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "compile_error" => {
                let exclamation = tokens.next();
                assert!(matches!(&exclamation, Some(TokenTree::Punct(sign)) if sign.as_char() == '!'));
                let Some(TokenTree::Group(message)) = tokens.next() else { panic!("compile_error! without a message") };
                let message: syn::LitStr = syn::parse2(message.stream()).unwrap();
                errors.push((word.span(), message.value()));
            }
            TokenTree::Group(group) => collect(group.stream(), errors),
            _ => {}
        }
    }
}

/// The error in the compiler's layout.
fn show(name: &str, source: &str, span: Span, message: &str) -> String {
    let (start, end) = (span.start(), span.end());
    let line = source.lines().nth(start.line - 1).unwrap();
    let mut shown = String::new();
    writeln!(shown, "error: {message}").unwrap();
    writeln!(shown, " --> {name}:{}:{}", start.line, start.column + 1).unwrap();
    writeln!(shown, "  |").unwrap();
    writeln!(shown, "{} | {line}", start.line).unwrap();
    writeln!(shown, "  | {}{}", " ".repeat(start.column), "^".repeat(end.column - start.column)).unwrap();
    shown
}
