//! Reading: the places that a response is written to.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::generated::field::{Entry, Fields};

/// The place of one value: the reader matches once and writes straight into it.
pub enum Place<'a> {
    /// A text that is empty when absent.
    Text(&'a mut String),
    /// A text.
    OptionalText(&'a mut Option<String>),
    /// A Boolean that is always present.
    Bool(&'a mut bool),
    /// A Boolean.
    OptionalBool(&'a mut Option<bool>),
    /// A 32-bit integer that is always present.
    Int32(&'a mut i32),
    /// A 32-bit integer.
    OptionalInt32(&'a mut Option<i32>),
    /// A 64-bit integer that is always present.
    Int64(&'a mut i64),
    /// A 64-bit integer.
    OptionalInt64(&'a mut Option<i64>),
    /// A floating point number that is always present.
    Float(&'a mut f64),
    /// A floating point number.
    OptionalFloat(&'a mut Option<f64>),
    /// Any JSON value, `null` when absent.
    Value(&'a mut Value),
    /// Any JSON value.
    OptionalValue(&'a mut Option<Value>),
    /// A value of an open set.
    Choice(&'a mut dyn Choice),
    /// A record.
    Record(&'a mut dyn Record),
    /// A record or a value of an open set, created when there is a value for it.
    Made(&'a mut dyn Make),
    /// A list.
    List(&'a mut dyn Grow),
    /// Text keys and values.
    Map(&'a mut dyn Keyed),
}

/// A field that has a place.
pub trait Slot {
    /// Its place.
    fn place(&mut self) -> Place<'_>;

    /// Takes the JSON text of the response that was read into it. Only a type that shows a response as it was received
    /// keeps it.
    fn keep(&mut self, _text: &str) {}
}

/// Something with named members that can be read.
pub trait Record: Fields {
    /// Lends the members to a filler, all at once.
    fn fill(&mut self, filler: &mut dyn Filler);
}

/// What fills members.
pub trait Filler {
    /// Takes the members in the order of their rows; rows beyond the members are aliases.
    fn fill(&mut self, table: &'static [Entry], slots: &mut [&mut dyn Slot]);
}

/// A value of an open set.
pub trait Choice {
    /// Takes the wire value; `false` if the set is one of integers and the value is not an integer.
    fn choose(&mut self, wire: &str) -> bool;
}

impl<T: Record> Slot for T {
    #[inline]
    fn place(&mut self) -> Place<'_> {
        Place::Record(self)
    }
}

/// A generated type that can be created empty.
pub trait Blank: Slot {
    /// An empty value.
    fn blank() -> Self;
}

impl<T: Record + Default> Blank for T {
    #[inline]
    fn blank() -> Self {
        T::default()
    }
}

/// Creates a value that was absent.
pub trait Make {
    /// The place of the value.
    fn make(&mut self) -> Place<'_>;
}

/// A list that grows.
pub trait Grow {
    /// Removes all items.
    fn clear(&mut self);
    /// The place of a new item.
    fn grow(&mut self) -> Place<'_>;
    /// Memory of an item, in bytes.
    fn item_size(&self) -> usize;
}

/// Values under keys.
pub trait Keyed {
    /// Removes all entries.
    fn clear(&mut self);
    /// The place of the value under a new key.
    fn under(&mut self, key: String) -> Place<'_>;
    /// Memory of an entry, in bytes.
    fn item_size(&self) -> usize;
}

macro_rules! slots {
    ($($type:ty => $place:ident;)*) => {$(
        impl Slot for $type {
            #[inline]
            fn place(&mut self) -> Place<'_> {
                Place::$place(self)
            }
        }
    )*};
}

slots! {
    String => Text;
    Option<String> => OptionalText;
    bool => Bool;
    Option<bool> => OptionalBool;
    i32 => Int32;
    Option<i32> => OptionalInt32;
    i64 => Int64;
    Option<i64> => OptionalInt64;
    f64 => Float;
    Option<f64> => OptionalFloat;
    Value => Value;
    Option<Value> => OptionalValue;
}

impl<T: Blank> Slot for Option<T> {
    #[inline]
    fn place(&mut self) -> Place<'_> {
        Place::Made(self)
    }
}

impl<T: Blank> Make for Option<T> {
    fn make(&mut self) -> Place<'_> {
        self.insert(T::blank()).place()
    }
}

impl<T: Slot + Item> Slot for Vec<T> {
    #[inline]
    fn place(&mut self) -> Place<'_> {
        Place::List(self)
    }
}

impl<T: Slot + Item> Slot for Option<Vec<T>> {
    #[inline]
    fn place(&mut self) -> Place<'_> {
        Place::Made(self)
    }
}

impl<T: Slot + Item> Make for Option<Vec<T>> {
    fn make(&mut self) -> Place<'_> {
        Place::List(self.insert(Vec::new()))
    }
}

impl<T: Slot + Item> Grow for Vec<T> {
    fn clear(&mut self) {
        Vec::clear(self);
    }

    fn grow(&mut self) -> Place<'_> {
        self.push(T::empty());
        match self.last_mut() {
            Some(item) => item.place(),
            None => unreachable!("an item was pushed in the line above"),
        }
    }

    fn item_size(&self) -> usize {
        size_of::<T>()
    }
}

impl<T: Slot + Item> Slot for BTreeMap<String, T> {
    #[inline]
    fn place(&mut self) -> Place<'_> {
        Place::Map(self)
    }
}

impl<T: Slot + Item> Slot for Option<BTreeMap<String, T>> {
    #[inline]
    fn place(&mut self) -> Place<'_> {
        Place::Made(self)
    }
}

impl<T: Slot + Item> Make for Option<BTreeMap<String, T>> {
    fn make(&mut self) -> Place<'_> {
        Place::Map(self.insert(BTreeMap::new()))
    }
}

impl<T: Slot + Item> Keyed for BTreeMap<String, T> {
    fn clear(&mut self) {
        BTreeMap::clear(self);
    }

    fn under(&mut self, key: String) -> Place<'_> {
        let value = self.entry(key).or_insert_with(T::empty);
        *value = T::empty();
        value.place()
    }

    fn item_size(&self) -> usize {
        size_of::<String>() + size_of::<T>()
    }
}

/// An item of a list or a value of a map.
pub trait Item {
    /// An empty value.
    fn empty() -> Self;
}

impl<T: Blank> Item for T {
    fn empty() -> Self {
        T::blank()
    }
}

macro_rules! items {
    ($([$($generic:tt)*] $type:ty)*) => {$(
        impl<$($generic)*> Item for $type {
            fn empty() -> Self {
                Self::default()
            }
        }
    )*};
}

items! { [] String [] bool [] i32 [] i64 [] f64 [] Value [T: Slot + Item] Vec<T> [T: Slot + Item] BTreeMap<String, T> }
