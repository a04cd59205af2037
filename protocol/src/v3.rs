//! Signature V3: ACS3-HMAC-SHA256 over method, query, some headers and the hash of the body.
//!
//! The canonical request is six parts joined by line feeds: the method, the path (`/` for RPC), the canonical query, the
//! signed headers as lines `name:value`, each ended by a line feed, the names of these headers joined by
//! `;`, and the hash of the body in hex. The string to sign is [`ALGORITHM`], a line feed, and the hash of that in hex;
//! the key is the secret as it is.

use sha2::{Digest as _, Sha256};

use crate::{Parameters, SignatureText};

/// Name of the algorithm. The `Authorization` header and the string to sign start with it.
pub const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// The hash of an empty body.
pub const EMPTY_PAYLOAD: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A V3 signature: 32 bytes in lower-case hex.
pub type Signature = SignatureText<64>;

/// A signed header: its name in lower case, and its value.
///
/// A header with several values is listed once per value.
pub type Header<'a> = (&'a str, &'a [u8]);

/// A SHA-256 hash: 32 bytes in lower-case hex.
pub type Hash = SignatureText<64>;

/// Formats an HMAC-SHA256 over the string to sign as a signature.
#[must_use]
pub fn signature(hmac: &[u8; 32]) -> Signature {
    SignatureText::new(hex(hmac))
}

/// Passes the string to sign to a function in parts, so that it can be hashed without being stored.
///
/// `request_hash` is the result of [`request_hash`], or the [`payload_hash`] of an existing canonical request.
pub fn string_to_sign_pieces(request_hash: &Hash, mut piece: impl FnMut(&[u8])) {
    piece(ALGORITHM.as_bytes());
    piece(b"\n");
    piece(request_hash.as_str().as_bytes());
}

/// Returns the canonical request. Sorts the query and the headers. The result need not be UTF-8, since headers need not be.
#[must_use]
pub fn canonical_request(
    method: &str,
    query: &mut Parameters,
    headers: &mut [Header<'_>],
    payload_hash: &str,
) -> Vec<u8> {
    let mut text = Vec::with_capacity(query.encoded().len() + 1024);
    canonical_pieces(method, query, headers, payload_hash, |piece| text.extend_from_slice(piece));
    text
}

/// Returns the string to sign. Sorts the query and the headers.
#[must_use]
pub fn string_to_sign(method: &str, query: &mut Parameters, headers: &mut [Header<'_>], payload_hash: &str) -> String {
    format!("{ALGORITHM}\n{}", request_hash(method, query, headers, payload_hash).as_str())
}

/// Returns the hash of a body for the header `x-acs-content-sha256`.
#[must_use]
pub fn payload_hash(body: &[u8]) -> Hash {
    SignatureText::new(hex(&Sha256::digest(body)))
}

/// Returns the value of the `Authorization` header. `headers` must be sorted, as [`request_hash`] leaves them.
#[must_use]
pub fn authorization(access_key_id: &str, headers: &[Header<'_>], signature: &Signature) -> String {
    let mut text = String::with_capacity(256);
    authorization_pieces(access_key_id, headers, signature, |piece| text.push_str(piece));
    text
}

/// Passes [`authorization`] to a function in parts.
pub fn authorization_pieces<'a>(
    access_key_id: &'a str,
    headers: &[Header<'a>],
    signature: &'a Signature,
    mut piece: impl FnMut(&'a str),
) {
    piece(ALGORITHM);
    piece(" Credential=");
    piece(access_key_id);
    piece(",SignedHeaders=");
    signed_names(headers, &mut piece);
    piece(",Signature=");
    piece(signature.as_str());
}

/// Returns the names of sorted headers, joined by `;`.
fn signed_names<'a>(headers: &[Header<'a>], mut piece: impl FnMut(&'a str)) {
    let mut last = "";
    for &(name, _) in headers {
        if name == last {
            continue;
        }
        if !last.is_empty() {
            piece(";");
        }
        piece(name);
        last = name;
    }
}

/// Returns the SHA-256 of [`canonical_request`] without storing that text. Sorts the query and the headers.
#[must_use]
pub fn request_hash(method: &str, query: &mut Parameters, headers: &mut [Header<'_>], payload_hash: &str) -> Hash {
    let mut hash = Sha256::new();
    canonical_pieces(method, query, headers, payload_hash, |piece| hash.update(piece));
    SignatureText::new(hex(&hash.finalize()))
}

fn canonical_pieces(
    method: &str,
    query: &mut Parameters,
    headers: &mut [Header<'_>],
    payload_hash: &str,
    mut piece: impl FnMut(&[u8]),
) {
    query.sort();
    headers.sort_unstable_by(|left, right| (left.0, left.1.trim_ascii()).cmp(&(right.0, right.1.trim_ascii())));
    piece(method.as_bytes());
    piece(b"\n/\n");
    query.canonical(&mut piece);
    piece(b"\n");
    let mut last = "";
    for &(name, value) in &*headers {
        if name == last {
            piece(b",");
        } else {
            if !last.is_empty() {
                piece(b"\n");
            }
            piece(name.as_bytes());
            piece(b":");
            last = name;
        }
        piece(value.trim_ascii());
    }
    piece(if last.is_empty() { b"\n" } else { b"\n\n" });
    signed_names(headers, |name| piece(name.as_bytes()));
    piece(b"\n");
    piece(payload_hash.as_bytes());
}

/// Formats 32 bytes as 64 lower-case hex digits.
fn hex(bytes: &[u8]) -> [u8; 64] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    text
}
