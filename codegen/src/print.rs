//! Formats tokens as source text.
//!
//! prettyplease formats everything except for the arguments of macros, since it does not know their grammar. Here they are
//! lists, so each entry is written on its own line.

use std::iter::Peekable;

use proc_macro2::token_stream::IntoIter;
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use quote::quote;
use syn::{File, Item, LitStr};

/// Replaces the arguments of a macro while prettyplease formats the code around them.
const PLACEHOLDER: &str = "__list";

/// One level of indentation, as in prettyplease.
const STEP: &str = "    ";

pub(crate) fn source(tokens: TokenStream) -> syn::Result<String> {
    let mut file: File = syn::parse2(tokens)?;
    let mut lists = Vec::new();
    take_lists(&mut file.items, &mut lists);
    let mut lists = lists.into_iter();
    let mut source = String::new();
    for line in prettyplease::unparse(&file).lines() {
        if let Some((before, after)) = line.split_once(PLACEHOLDER) {
            let depth = (line.len() - line.trim_start().len()) / STEP.len();
            source.push_str(before);
            let mut list = List { source: &mut source, depth, before: Before::Tight };
            list.tokens(lists.next().unwrap_or_default(), true);
            source.push_str(after);
        } else {
            source.push_str(line);
        }
        source.push('\n');
    }
    Ok(source)
}

/// Removes the arguments of all macros and returns them in their order.
fn take_lists(items: &mut [Item], lists: &mut Vec<TokenStream>) {
    for item in items {
        match item {
            Item::Mod(module) => {
                if let Some((_, items)) = &mut module.content {
                    take_lists(items, lists);
                }
            }
            Item::Macro(item) => {
                let placeholder = PLACEHOLDER.parse().unwrap_or_default();
                lists.push(std::mem::replace(&mut item.mac.tokens, placeholder));
            }
            _ => {}
        }
    }
}

/// The kind of token that was written last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A line break, after which indentation follows.
    Line,
    /// A token without a space after it.
    Tight,
    /// A name, a literal, or the end of a group.
    Operand,
    /// A token with a space after it.
    Operator,
}

struct List<'s> {
    source: &'s mut String,
    depth: usize,
    before: Before,
}

impl List<'_> {
    /// With `lines`, each entry that ends with `,` or `;` is on its own line.
    fn tokens(&mut self, tokens: TokenStream, lines: bool) {
        let mut tokens = tokens.into_iter().peekable();
        let mut in_pipes = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.group(&group, lines),
                TokenTree::Ident(_) | TokenTree::Literal(_) => self.write(&token.to_string(), true, Before::Operand),
                TokenTree::Punct(punct) => match punct.as_char() {
                    '#' if lines => self.attribute(&mut tokens),
                    '|' => {
                        in_pipes = !in_pipes;
                        self.write("|", in_pipes, if in_pipes { Before::Tight } else { Before::Operator });
                    }
                    first => {
                        let second = second(punct.spacing(), first, &mut tokens);
                        self.punctuation(first, second);
                        if lines && matches!(first, ',' | ';') {
                            self.end_line();
                        }
                    }
                },
            }
        }
    }

    fn punctuation(&mut self, first: char, second: Option<char>) {
        let text: String = [first].into_iter().chain(second).collect();
        let (space, before) = match text.as_str() {
            "," | ";" | ":" => (false, Before::Operator),
            "." | "::" | "<" => (false, Before::Tight),
            ">" => (false, Before::Operand),
            "&" | "-" => (true, Before::Tight),
            _ => (true, Before::Operator),
        };
        self.write(&text, space, before);
    }

    fn group(&mut self, group: &Group, lines: bool) {
        let tokens = group.stream();
        match group.delimiter() {
            Delimiter::Brace if tokens.is_empty() => self.write("{}", true, Before::Operand),
            Delimiter::Brace => {
                self.write("{", true, Before::Operator);
                self.end_line();
                self.depth += 1;
                self.tokens(tokens, true);
                self.end_line();
                self.depth -= 1;
                self.write("}", true, Before::Operand);
            }
            Delimiter::Parenthesis => self.enclosed("(", tokens, ")"),
            Delimiter::Bracket => self.enclosed("[", tokens, "]"),
            Delimiter::None => self.tokens(tokens, lines),
        }
    }

    /// A group without a space before it is the argument of the name before it.
    fn enclosed(&mut self, open: &str, tokens: TokenStream, close: &str) {
        self.write(open, self.before != Before::Operand, Before::Tight);
        self.tokens(tokens, false);
        self.write(close, false, Before::Operand);
    }

    /// Writes documentation as a comment, and any other attribute unchanged.
    fn attribute(&mut self, tokens: &mut Peekable<IntoIter>) {
        let Some(TokenTree::Group(group)) = tokens.next() else { return };
        let documentation =
            syn::parse2::<syn::MetaNameValue>(group.stream()).ok().filter(|meta| meta.path.is_ident("doc"));
        if let Some(text) = documentation.map(|meta| meta.value) {
            let text = syn::parse2::<LitStr>(quote!(#text)).map(|text| text.value()).unwrap_or_default();
            self.write(&format!("///{text}"), true, Before::Operand);
        } else {
            self.write("#", true, Before::Tight);
            self.group(&group, false);
        }
        self.end_line();
    }

    fn write(&mut self, text: &str, space: bool, before: Before) {
        match self.before {
            Before::Line => self.source.push_str(&STEP.repeat(self.depth)),
            Before::Operand | Before::Operator if space => self.source.push(' '),
            Before::Tight | Before::Operand | Before::Operator => {}
        }
        self.source.push_str(text);
        self.before = before;
    }

    fn end_line(&mut self) {
        if self.before != Before::Line {
            self.source.push('\n');
            self.before = Before::Line;
        }
    }
}

/// Whether a token is the second half of `::`, `->` or `=>`.
fn second(spacing: Spacing, first: char, tokens: &mut Peekable<IntoIter>) -> Option<char> {
    let TokenTree::Punct(next) = tokens.peek()? else { return None };
    let second = next.as_char();
    let is_one = spacing == Spacing::Joint && matches!((first, second), (':', ':') | ('-' | '=', '>'));
    is_one.then(|| {
        tokens.next();
        second
    })
}
