//! Signature V1: HMAC-SHA1 over the sorted parameters.
//!
//! `string to sign = METHOD & %2F & E(canonical query)`, signed with the secret followed by [`SECRET_END`]. The method is
//! part of the signed text, so a request signed for POST is not valid as GET.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::{Parameters, SignatureText, percent};

/// Value of the parameter [`SIGNATURE_METHOD`](crate::parameter::SIGNATURE_METHOD).
pub const METHOD: &str = "HMAC-SHA1";

/// Value of the parameter [`SIGNATURE_VERSION`](crate::parameter::SIGNATURE_VERSION).
pub const VERSION: &str = "1.0";

/// Suffix of the secret in the HMAC key.
pub const SECRET_END: &[u8] = b"&";

/// A V1 signature: 20 bytes in base64.
pub type Signature = SignatureText<28>;

/// Formats an HMAC-SHA1 over the string to sign as a signature.
#[must_use]
pub fn signature(hmac: &[u8; 20]) -> Signature {
    let mut text = [0; 28];
    // 20 bytes make 28 characters, the length of `text`.
    let _ = STANDARD.encode_slice(hmac, &mut text);
    SignatureText::new(text)
}

/// Returns the string to sign. Sorts the parameters.
#[must_use]
pub fn string_to_sign(method: &str, parameters: &mut Parameters) -> String {
    let mut text = Vec::with_capacity(parameters.encoded().len() * 2);
    string_to_sign_pieces(method, parameters, |piece| text.extend_from_slice(piece));
    percent::ascii(text)
}

/// Passes [`string_to_sign`] to `piece` in parts, so that it can be hashed without being stored.
pub fn string_to_sign_pieces(method: &str, parameters: &mut Parameters, mut piece: impl FnMut(&[u8])) {
    parameters.sort();
    let mut block = Block { bytes: [0; Block::SIZE], filled: 0 };
    piece(method.as_bytes());
    piece(b"&%2F&");
    parameters.canonical(|encoded| block.encode_again(encoded, &mut piece));
    block.flush(&mut piece);
}

/// A buffer on the stack, so that the hash gets large pieces.
struct Block {
    bytes: [u8; Self::SIZE],
    filled: usize,
}

impl Block {
    const SIZE: usize = 512;

    /// Appends `E(encoded)`. The text is percent-encoded already, so only `%`, `=` and the `&` between pairs need escapes.
    fn encode_again(&mut self, encoded: &[u8], piece: &mut impl FnMut(&[u8])) {
        for chunk in encoded.chunks(Self::SIZE / 8) {
            // Each byte writes four bytes and advances by one or three.
            if self.filled + chunk.len() * 3 + 1 > Self::SIZE {
                self.flush(piece);
            }
            let mut filled = self.filled;
            for &byte in chunk {
                let (escaped, length) = match byte {
                    b'%' => (*b"%25\0", 3),
                    b'=' => (*b"%3D\0", 3),
                    b'&' => (*b"%26\0", 3),
                    _ => ([byte, 0, 0, 0], 1),
                };
                if let Some(room) = self.bytes.get_mut(filled..filled + 4) {
                    room.copy_from_slice(&escaped);
                }
                filled += length;
            }
            self.filled = filled;
        }
    }

    fn flush(&mut self, piece: &mut impl FnMut(&[u8])) {
        piece(&self.bytes[..self.filled]);
        self.filled = 0;
    }
}
