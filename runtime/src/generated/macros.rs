//! The lists of generated code, and what each becomes.
//!
//! Generated code is documented items and lists. The macros below turn a list into implementations, so that each name
//! stands in one list. Their rules are flat: a rule never calls itself for the rest of a list, which would cost compile
//! time.

/// The members of a record: field, wire name, flags. `: Record` after its name states that responses contain it;
/// `aliases` are other spellings in responses.
#[doc(hidden)]
#[macro_export]
macro_rules! members {
    ($name:ident { $($field:ident: $wire:literal $($flag:ident)*,)* }) => {
        #[allow(deprecated, reason = "an item may use itself")]
        const _: () = {
            const TABLE: &[$crate::generated::Entry] =
                &[$(($wire, $crate::generated::Flags::NONE$(.and($crate::generated::Flags::$flag))*)),*];

            $crate::members! { @shown $name { $($field)* } }
        };
    };
    ($name:ident: Record { $($field:ident: $wire:literal $($flag:ident)*,)* }) => {
        #[allow(deprecated, reason = "an item may use itself")]
        const _: () = {
            const TABLE: &[$crate::generated::Entry] =
                &[$(($wire, $crate::generated::Flags::NONE$(.and($crate::generated::Flags::$flag))*)),*];

            $crate::members! { @shown $name { $($field)* } }
            $crate::members! { @read $name { $($field)* } }
        };
    };
    ($name:ident: Record {
        $($field:ident: $wire:literal $($flag:ident)*,)*
    } aliases {
        $($alias:literal => $of:literal,)*
    }) => {
        #[allow(deprecated, reason = "an item may use itself")]
        const _: () = {
            const NAMES: &[&str] = &[$($wire),*];
            const TABLE: &[$crate::generated::Entry] = &[
                $(($wire, $crate::generated::Flags::NONE$(.and($crate::generated::Flags::$flag))*),)*
                $(($alias, $crate::generated::Flags::alias_of($crate::generated::index_of(NAMES, $of))),)*
            ];

            $crate::members! { @shown $name { $($field)* } }
            $crate::members! { @read $name { $($field)* } }
        };
    };
    (@shown $name:ident { $($field:ident)* }) => {
        impl $crate::generated::Fields for $name {
            #[inline]
            fn walk(&self, viewer: &mut dyn $crate::generated::Viewer) {
                $crate::generated::Viewer::members(viewer, stringify!($name), TABLE, &[$(&self.$field),*]);
            }
        }

        impl ::core::fmt::Debug for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::generated::debug(self, f)
            }
        }

        impl $crate::generated::serde::Serialize for $name {
            #[inline]
            fn serialize<S: $crate::generated::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::generated::serialize(self, serializer)
            }
        }
    };
    (@read $name:ident { $($field:ident)* }) => {
        impl $crate::generated::Record for $name {
            #[inline]
            fn fill(&mut self, filler: &mut dyn $crate::generated::Filler) {
                $crate::generated::Filler::fill(filler, TABLE, &mut [$(&mut self.$field),*]);
            }
        }
    };
}

/// The constructor of a record that requests contain, and its setters. `new` lists the members that the constructor
/// takes: argument and field, its type, the value of the field. `set` lists the others, with the documentation of the
/// setter.
#[doc(hidden)]
#[macro_export]
macro_rules! builder {
    ($name:ident $(set {
        $($(#[$meta:meta])* $field:ident($value:ident: $argument:ty) = $set:expr,)*
    })?) => {
        #[allow(deprecated, reason = "an item may use itself")]
        impl $name {
            /// One with nothing set.
            #[inline]
            #[must_use]
            pub fn new() -> Self {
                Default::default()
            }

            $($(
                $(#[$meta])*
                #[inline]
                #[must_use]
                pub fn $field(mut self, $value: $argument) -> Self {
                    self.$field = $set;
                    self
                }
            )*)?
        }
    };
    ($name:ident new {
        $($required:ident: $required_argument:ty = $required_value:expr,)*
    } $(set {
        $($(#[$meta:meta])* $field:ident($value:ident: $argument:ty) = $set:expr,)*
    })?) => {
        #[allow(deprecated, reason = "an item may use itself")]
        impl $name {
            /// One with what is required.
            #[allow(clippy::too_many_arguments, reason = "the service requires as many parameters")]
            #[inline]
            #[must_use]
            pub fn new($($required: $required_argument),*) -> Self {
                Self { $($required: $required_value,)* $($($field: Default::default(),)*)? }
            }

            $($(
                $(#[$meta])*
                #[inline]
                #[must_use]
                pub fn $field(mut self, $value: $argument) -> Self {
                    self.$field = $set;
                    self
                }
            )*)?
        }
    };
}

/// The operation of a request: its response type, its service, its facts, which are methods of [`Facts`].
#[doc(hidden)]
#[macro_export]
macro_rules! operation {
    ($name:ident -> $output:ident { service: $service:path, $($fact:ident $(($($value:expr),*))?,)* }) => {
        #[allow(deprecated, reason = "an item may use itself")]
        impl $crate::generated::Operation for $name {
            const FACTS: $crate::generated::Facts =
                $crate::generated::Facts::operation(stringify!($name))$(.$fact($($($value),*)?))*.of::<$service>();
            type Service = $service;
            type Output = $output;
        }
    };
}

/// How the pages of an operation are requested, and what they contain.
#[doc(hidden)]
#[macro_export]
macro_rules! paged {
    ($name:ident -> $item:ty {
        items: $items:literal = |$page:ident| $take:expr,
        position: $step:ident($first:literal) = |$request:ident| $position:expr,
        $(total: $total:literal,)?
        $(prepare: |$prepared:ident| $prepare:block,)?
    }) => {
        #[allow(deprecated, reason = "an item may use itself")]
        impl $crate::generated::Paged for $name {
            const PAGING: $crate::generated::Paging =
                $crate::generated::Paging::of($items, $crate::generated::Step::$step($first))$(.total($total))?;
            type Item = $item;

            $(
                #[inline]
                fn prepare(&mut self) {
                    let $prepared = self;
                    $prepare
                }
            )?

            #[inline]
            fn position(&mut self) -> $crate::generated::Place<'_> {
                let $request = self;
                $crate::generated::Slot::place($position)
            }

            #[inline]
            fn items($page: Self::Output) -> Vec<$item> {
                $take
            }
        }
    };
}

/// An open set of texts or integers: its values on the wire, and `Other` for any other value.
#[doc(hidden)]
#[macro_export]
macro_rules! open_set {
    ($(#[$meta:meta])* pub enum $name:ident: String {
        $($(#[$value_meta:meta])* $value:ident = $wire:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$value_meta])* $value,)*
            /// Any other value, as it is on the wire.
            Other(String),
        }

        impl $name {
            /// The value on the wire.
            #[inline]
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$value => $wire,)*
                    Self::Other(other) => other,
                }
            }
        }

        impl From<&str> for $name {
            #[inline]
            fn from(wire: &str) -> Self {
                match wire {
                    $($wire => Self::$value,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $name {
            #[inline]
            fn from(wire: String) -> Self {
                Self::from(wire.as_str())
            }
        }

        impl ::core::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::generated::serde::Serialize for $name {
            #[inline]
            fn serialize<S: $crate::generated::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::generated::Member for $name {
            #[inline]
            fn view(&self) -> $crate::generated::View<'_> {
                $crate::generated::View::Text(self.as_str())
            }
        }

        impl $crate::generated::Slot for $name {
            #[inline]
            fn place(&mut self) -> $crate::generated::Place<'_> {
                $crate::generated::Place::Choice(self)
            }
        }

        impl $crate::generated::Choice for $name {
            #[inline]
            fn choose(&mut self, wire: &str) -> bool {
                *self = Self::from(wire);
                true
            }
        }

        impl $crate::generated::Blank for $name {
            #[inline]
            fn blank() -> Self {
                Self::Other(String::new())
            }
        }
    };
    ($(#[$meta:meta])* pub enum $name:ident: i64 {
        $($(#[$value_meta:meta])* $value:ident = $wire:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$value_meta])* $value,)*
            /// Any other value, as it is on the wire.
            Other(i64),
        }

        impl $name {
            /// The value on the wire.
            #[inline]
            #[must_use]
            pub fn as_i64(&self) -> i64 {
                match self {
                    $(Self::$value => $wire,)*
                    Self::Other(other) => *other,
                }
            }
        }

        impl From<i64> for $name {
            #[inline]
            fn from(wire: i64) -> Self {
                match wire {
                    $($wire => Self::$value,)*
                    other => Self::Other(other),
                }
            }
        }

        impl ::core::fmt::Display for $name {
            #[inline]
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.as_i64(), f)
            }
        }

        impl $crate::generated::serde::Serialize for $name {
            #[inline]
            fn serialize<S: $crate::generated::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.as_i64())
            }
        }

        impl $crate::generated::Member for $name {
            #[inline]
            fn view(&self) -> $crate::generated::View<'_> {
                $crate::generated::View::Integer(self.as_i64())
            }
        }

        impl $crate::generated::Slot for $name {
            #[inline]
            fn place(&mut self) -> $crate::generated::Place<'_> {
                $crate::generated::Place::Choice(self)
            }
        }

        impl $crate::generated::Choice for $name {
            #[inline]
            fn choose(&mut self, wire: &str) -> bool {
                match wire.parse() {
                    Ok(number) => {
                        *self = <Self as From<i64>>::from(number);
                        true
                    }
                    Err(_) => false,
                }
            }
        }

        impl $crate::generated::Blank for $name {
            #[inline]
            fn blank() -> Self {
                Self::Other(0)
            }
        }
    };
}

/// Methods with the names of fields that contain wall-clock texts of a time zone: the points in time that they mean.
#[cfg(feature = "jiff")]
#[doc(hidden)]
#[macro_export]
macro_rules! times {
    ($name:ident $zone:literal { $($field:ident,)* }) => {
        #[doc = concat!("Times, of UTC", $zone, ".")]
        impl $name {
            $(
                #[doc = concat!("`", stringify!($field), "` as a point in time; `None` if it is absent, empty or not a time.")]
                #[must_use]
                pub fn $field(&self) -> Option<$crate::jiff::Timestamp> {
                    $crate::generated::time(self.$field.as_deref(), $zone)
                }
            )*
        }
    };
}

/// Without the feature `jiff` there are no such methods.
#[cfg(not(feature = "jiff"))]
#[doc(hidden)]
#[macro_export]
macro_rules! times {
    ($($list:tt)*) => {};
}
