//! Modules of a package depend on each other in one direction: no cycle, at the top level and within each folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The path of a module or an item within its crate, from the root.
type ItemPath = Vec<String>;

/// The source files of a package, and what their `use` declarations and paths name.
#[derive(Default)]
struct Package {
    /// Every module that has a file, with that file.
    modules: BTreeMap<ItemPath, String>,
    /// Modules that exist in tests only.
    test_modules: BTreeSet<ItemPath>,
    /// Names that a module imports or re-exports, with what they stand for.
    imports: BTreeMap<(ItemPath, String), ItemPath>,
    /// From the module of a file to the path that it names.
    uses: Vec<(ItemPath, ItemPath)>,
}

impl Package {
    /// Reads files: their paths within `src`, and their texts.
    fn of(files: &[(String, String)]) -> Self {
        let mut package = Self::default();
        for (file, text) in files {
            let module = module_of(file);
            let tokens: TokenStream = text.parse().unwrap();
            package.walk(&tokens.into_iter().collect::<Vec<_>>(), &module, &module);
            package.modules.insert(module, file.clone());
        }
        package
    }

    /// Collects the paths in the tokens of the module `scope`, which is the module of the file or inside it.
    fn walk(&mut self, tokens: &[TokenTree], file: &ItemPath, scope: &ItemPath) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match (word(token).as_str(), token) {
                ("#", _) if tokens.get(at + 1).is_some_and(is_cfg_test) => {
                    let length = item_length(&tokens[at..]);
                    let item: Vec<String> = tokens[at..at + length].iter().map(word).collect();
                    if let Some([_, name, _]) = item.windows(3).find(|words| words[0] == "mod" && words[2] == ";") {
                        self.test_modules.insert(joined(scope, name));
                    }
                    at += length;
                }
                ("mod", _) if tokens.get(at + 2).is_some_and(is_braces) => {
                    let inner = joined(scope, &word(&tokens[at + 1]));
                    self.walk(&inside(&tokens[at + 2]), file, &inner);
                    at += 3;
                }
                ("use", _) => {
                    let length = tokens[at..].iter().position(|token| word(token) == ";").unwrap_or(1);
                    let mut names = Vec::new();
                    named(&tokens[at + 1..at + length], scope, &mut names);
                    for (path, name) in names {
                        self.imports.insert((scope.clone(), name), path.clone());
                        self.uses.push((file.clone(), path));
                    }
                    at += length;
                }
                // The first word of a path.
                ("crate" | "super", _)
                    if tokens.get(at + 1).is_some_and(|next| word(next) == ":")
                        && tokens[..at].last().is_none_or(|before| word(before) != ":") =>
                {
                    let mut names = Vec::new();
                    named(&tokens[at..], scope, &mut names);
                    self.uses.extend(names.into_iter().map(|(path, _)| (file.clone(), path)));
                    at += 1;
                }
                (_, TokenTree::Group(_)) => {
                    self.walk(&inside(token), file, scope);
                    at += 1;
                }
                _ => at += 1,
            }
        }
    }

    /// What a path names, where it goes through a re-export.
    fn resolved(&self, path: &ItemPath) -> ItemPath {
        let mut path = path.clone();
        // A re-export may lead to another one.
        for _ in 0..5 {
            let Some(depth) = (0..path.len()).find(|depth| !self.modules.contains_key(&path[..=*depth])) else { break };
            let Some(target) = self.imports.get(&(path[..depth].to_vec(), path[depth].clone())) else { break };
            path = target.iter().chain(&path[depth + 1..]).cloned().collect();
        }
        path
    }

    /// The cycles among the modules directly below each module.
    fn cycles(&self) -> Vec<String> {
        let is_test = |path: &ItemPath| self.test_modules.iter().any(|module| path.starts_with(module));
        let parents: BTreeSet<&[String]> =
            self.modules.keys().filter_map(|module| module.split_last()).map(|(_, parent)| parent).collect();
        let mut cycles = Vec::new();
        for parent in parents {
            let child = |path: &ItemPath| {
                let name = path.strip_prefix(parent)?.first()?;
                self.modules.contains_key(&joined(parent, name)).then(|| name.clone())
            };
            let mut graph: Graph = BTreeMap::new();
            for (from, to) in self.uses.iter().filter(|(from, _)| !is_test(from)) {
                if let (Some(user), Some(used)) = (child(from), child(&self.resolved(to)))
                    && user != used
                {
                    graph.entry(user).or_default().entry(used).or_insert_with(|| self.modules[from].clone());
                }
            }
            cycles.extend(cycle(&graph));
        }
        cycles
    }
}

/// Modules with those that they use, and a file that does so.
type Graph = BTreeMap<String, BTreeMap<String, String>>;

/// The first cycle of a graph: its modules, and the files that use the next one.
fn cycle(graph: &Graph) -> Option<String> {
    fn from(graph: &Graph, module: &str, path: &mut Vec<String>, done: &mut BTreeSet<String>) -> Option<String> {
        if let Some(start) = path.iter().position(|passed| passed == module) {
            let mut names = path.split_off(start);
            names.push(module.to_owned());
            let files: Vec<&str> = names.windows(2).map(|pair| graph[&pair[0]][&pair[1]].as_str()).collect();
            return Some(format!("{} ({})", names.join(" -> "), files.join(", ")));
        }
        if done.contains(module) {
            return None;
        }
        path.push(module.to_owned());
        for used in graph.get(module).into_iter().flat_map(BTreeMap::keys) {
            if let Some(found) = from(graph, used, path, done) {
                return Some(found);
            }
        }
        path.pop();
        done.insert(module.to_owned());
        None
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|module| from(graph, module, &mut Vec::new(), &mut done))
}

/// The absolute paths that a path or a `use` tree names, each with the name that it introduces.
fn named(tokens: &[TokenTree], scope: &ItemPath, names: &mut Vec<(ItemPath, String)>) {
    let mut path = scope.clone();
    let mut last = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match word(token).as_str() {
            "crate" => path.clear(),
            "super" => _ = path.pop(),
            "self" | ":" => {}
            "as" => {
                last = tokens.get(at + 1).map(word).unwrap_or_default();
                break;
            }
            _ if is_braces(token) => {
                for part in inside(token).split(|token| word(token) == ",").filter(|part| !part.is_empty()) {
                    named(part, &path, names);
                }
                return;
            }
            _ if matches!(token, TokenTree::Ident(_)) => {
                last = word(token);
                path.push(last.clone());
            }
            _ => break,
        }
        // A name ends the path, unless `::` or `as` follows.
        let is_end = matches!(token, TokenTree::Ident(_))
            && tokens.get(at + 1).is_none_or(|next| !matches!(word(next).as_str(), ":" | "as"));
        if is_end {
            break;
        }
        at += 1;
    }
    names.push((path, last));
}

fn module_of(file: &str) -> ItemPath {
    let mut module: ItemPath = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    module.pop_if(|last| matches!(last.as_str(), "lib" | "main" | "mod"));
    module
}

fn joined(path: &[String], name: &str) -> ItemPath {
    path.iter().cloned().chain([name.to_owned()]).collect()
}

/// An identifier or a punctuation mark; empty for anything else.
fn word(token: &TokenTree) -> String {
    match token {
        TokenTree::Ident(_) | TokenTree::Punct(_) => token.to_string(),
        _ => String::new(),
    }
}

fn inside(token: &TokenTree) -> Vec<TokenTree> {
    match token {
        TokenTree::Group(group) => group.stream().into_iter().collect(),
        _ => Vec::new(),
    }
}

fn is_braces(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

fn is_cfg_test(token: &TokenTree) -> bool {
    token.to_string().replace(' ', "") == "[cfg(test)]"
}

/// The number of tokens of an item: up to its `;` or its braces.
fn item_length(tokens: &[TokenTree]) -> usize {
    let end = tokens.iter().position(|token| is_braces(token) || word(token) == ";");
    end.map_or(tokens.len(), |end| end + 1)
}

/// Every source file below a folder, by its path within it.
fn sources(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            sources(&path, &format!("{prefix}{name}/"), files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push((format!("{prefix}{name}"), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn no_module_depends_on_itself() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = ")).unwrap();
    let mut wrong = Vec::new();
    for package in members.split('"').skip(1).step_by(2) {
        let mut files = Vec::new();
        sources(&root.join(package).join("src"), "", &mut files);
        assert!(!files.is_empty(), "{package}");
        let cycles = Package::of(&files).cycles();
        wrong.extend(cycles.into_iter().map(|cycle| format!("{package}: {cycle}")));
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn a_cycle_is_found_and_named() {
    let cycles = |files: &[(&str, &str)]| {
        let files: Vec<_> = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        Package::of(&files).cycles()
    };
    let root = ("lib.rs", "mod a; mod b; mod c; pub use b::{Thing, Other as Another};");
    // One direction, whatever a test uses.
    let tests = "#[cfg(test)] mod tests { use crate::a; } #[cfg(test)] mod only_in_tests;";
    let files = [
        root,
        ("a.rs", "use crate::{b, c::C}; fn f() { crate::b::g() }"),
        ("b.rs", &format!("use crate::c; {tests}")),
        ("b/only_in_tests.rs", "use crate::a;"),
        ("c.rs", "use std::fmt; use super::c; fn f(_: crate::Nothing) {}"),
    ];
    assert_eq!(cycles(&files), [""; 0]);
    // Through three modules, of which one is named in an expression and one by a re-export.
    for back in ["fn f() { crate::a::f(); }", "use super::a as b;", "use crate::{a::{self, A}};", "use crate::a::*;"] {
        let files = [root, ("a.rs", "use crate::Another;"), ("b.rs", "use crate::c::C;"), ("c.rs", back)];
        assert_eq!(cycles(&files), ["a -> b -> c -> a (a.rs, b.rs, c.rs)"], "{back}");
    }
    // Within a folder, and between a folder and a module beside it.
    let files = [
        root,
        ("a.rs", "mod x; mod y;"),
        ("a/x.rs", "use super::y::Y; use crate::b;"),
        ("a/y.rs", "use crate::a::x::X;"),
        ("b.rs", "use crate::a::A;"),
    ];
    assert_eq!(cycles(&files), ["a -> b -> a (a/x.rs, b.rs)", "x -> y -> x (a/x.rs, a/y.rs)"]);
}
