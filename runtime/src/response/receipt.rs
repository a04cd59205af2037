//! Reading a receipt.

use crate::generated::slot::{Place, Record};
use crate::response::read::read_what_fits;

/// Most memory that the members of one receipt take, in bytes: a small text can describe many empty records.
const MEMORY: usize = 16 << 20;

/// Reads the JSON text of a receipt into its record. `false` if the text is not a JSON object.
///
/// Values that do not fit their fields are left out: a receipt arrives once, and the rest of it counts.
#[doc(hidden)]
#[must_use]
pub fn read_receipt(text: &str, record: &mut dyn Record) -> bool {
    let is_object = text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('{');
    is_object && read_what_fits(text, Place::Record(record), MEMORY).is_ok()
}
