//! Imports descriptions of Alibaba Cloud's RPC operations into specifications: reference pages in Markdown, and the public
//! metadata of a product.
//!
//! An import reads sources into drafts, makes types wide enough for the documented examples, proposes names, and writes the
//! files of a service folder. It checks what it writes: an operation that does not pass the check is refused by name, and
//! the rest is written. Whatever was guessed, contradicts itself or was lost is a [`Note`] with its position.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod diff;
mod draft;
mod envelope;
mod folder;
mod import;
mod merge;
mod metadata;
mod names;
mod note;
mod openapi;
mod page;
mod pages;
mod prose;
mod widen;
mod write;

pub use diff::{Change, diff};
pub use folder::{File, Imported, Options};
pub use import::{import_metadata, import_pages};
pub use note::{Note, NoteKind};
pub use openapi::{OpenApiOptions, OpenApiVersion, openapi};

/// The code of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
