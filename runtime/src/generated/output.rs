//! The type that a response is read into.

use std::any::Any;

use crate::generated::field::Member;
use crate::generated::slot::Slot;

/// A type that a response is read into: a generated response type, or a free JSON value.
pub trait Output: Slot + Member + Any + Send + Sync {}

impl<T: Slot + Member + Any + Send + Sync> Output for T {}
