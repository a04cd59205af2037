//! The list of the kinds of receipts in generated code, and what it becomes. It is not among the other lists, because
//! receipts are read by the reader of responses, which builds on those.

/// The kinds of receipts of a service: what identifies a receipt, the field with the id of what was started, and the one
/// with the caller's own id.
#[doc(hidden)]
#[macro_export]
macro_rules! receipts {
    ($($kind:ident {
        key: [$($key:literal),*] $(, id: $id:ident = $id_wire:literal)? $(, own_id: $own:ident = $own_wire:literal)?
    }),*) => {
        /// The kinds of receipts.
        pub const KINDS: &[$crate::ReceiptKind] = &[
            $($crate::ReceiptKind::new(stringify!($kind), &[$($key),*])$(.id($id_wire))?$(.own_id($own_wire))?,)*
        ];

        /// A receipt of any kind.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Receipt {
            $(
                #[doc = concat!("[`", stringify!($kind), "`].")]
                $kind($kind),
            )*
            /// A receipt of another kind, or one that is not a JSON object.
            Other {
                /// Name of the kind.
                kind: String,
                /// The receipt as it arrived.
                raw: $crate::Raw,
            },
        }

        impl Receipt {
            /// Reads a receipt of this kind. This cannot fail: a value that does not fit its field is left out, and is
            /// still in [`Self::raw`].
            #[must_use]
            pub fn read(kind: &str, text: &str) -> Self {
                match kind {
                    $(stringify!($kind) => {
                        let mut receipt = $kind::default();
                        if $crate::read_receipt(text, &mut receipt) {
                            receipt.raw = $crate::Raw::from(text);
                            return Self::$kind(receipt);
                        }
                    })*
                    _ => {}
                }
                Self::Other { kind: kind.to_owned(), raw: $crate::Raw::from(text) }
            }

            /// Name of the kind.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$kind(_) => stringify!($kind),)*
                    Self::Other { kind, .. } => kind,
                }
            }

            /// The id of what was started, if the receipt has one.
            #[must_use]
            pub fn id(&self) -> Option<&str> {
                match self {
                    $($(Self::$kind(receipt) => receipt.$id.as_deref(),)?)*
                    _ => None,
                }
            }

            /// The caller's own id, if the receipt has one.
            #[must_use]
            pub fn own_id(&self) -> Option<&str> {
                match self {
                    $($(Self::$kind(receipt) => receipt.$own.as_deref(),)?)*
                    _ => None,
                }
            }

            /// The receipt as it arrived.
            #[must_use]
            pub fn raw(&self) -> &$crate::Raw {
                match self {
                    $(Self::$kind(receipt) => &receipt.raw,)*
                    Self::Other { raw, .. } => raw,
                }
            }
        }
    };
}
