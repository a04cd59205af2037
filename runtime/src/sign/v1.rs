//! Signature V1: HMAC-SHA1 over the sorted parameters.
//!
//! `string to sign = METHOD & %2F & E(canonical query)`, signed with the secret followed by `&`. The method is the
//! real one, so a request signed for POST is not valid as GET.

use aliyun_protocol::{Parameters, parameter};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;

use super::{SignatureText, SigningKey};

/// A V1 signature: 20 bytes in base64.
pub type Signature = SignatureText<28>;

impl SigningKey {
    /// The V1 signature of parameters, which are sorted by this.
    #[must_use]
    pub fn sign_v1(&self, method: &str, parameters: &mut Parameters) -> Signature {
        self.sign_v1_pieces(|mac| string_to_sign_pieces(method, parameters, |piece| mac.update(piece)))
    }

    /// The V1 signature of a text: what remains of [`SigningKey::sign_v1`] when the text is there, for benches.
    #[doc(hidden)]
    #[must_use]
    pub fn sign_v1_text(&self, text: &[u8]) -> Signature {
        self.sign_v1_pieces(|mac| mac.update(text))
    }

    fn sign_v1_pieces(&self, feed: impl FnOnce(&mut hmac::Hmac<sha1::Sha1>)) -> Signature {
        let mut text = [0; 28];
        if let Some(mut mac) = self.v1.clone() {
            feed(&mut mac);
            let hash = mac.finalize().into_bytes();
            // 20 bytes make 28 characters, the length of `text`.
            let _ = STANDARD.encode_slice(hash, &mut text);
        }
        SignatureText(text)
    }
}

/// The text that V1 signs. The parameters are sorted by this.
#[must_use]
pub fn string_to_sign(method: &str, parameters: &mut Parameters) -> String {
    let mut text = Vec::with_capacity(parameters.encoded().len() * 2);
    string_to_sign_pieces(method, parameters, |piece| text.extend_from_slice(piece));
    String::from_utf8(text).unwrap_or_default()
}

fn string_to_sign_pieces(method: &str, parameters: &mut Parameters, mut piece: impl FnMut(&[u8])) {
    parameters.sort();
    let mut block = Block { bytes: [0; Block::SIZE], filled: 0 };
    piece(method.as_bytes());
    piece(b"&%2F&");
    parameters.canonical(|encoded| block.encode_again(encoded, &mut piece));
    block.flush(&mut piece);
}

/// Collects bytes on the stack, so that the hash is fed in large pieces.
struct Block {
    bytes: [u8; Self::SIZE],
    filled: usize,
}

impl Block {
    const SIZE: usize = 512;

    /// `E` over text that is encoded already: only `%`, `=` and the `&` between pairs are left to escape.
    fn encode_again(&mut self, encoded: &[u8], piece: &mut impl FnMut(&[u8])) {
        for chunk in encoded.chunks(Self::SIZE / 8) {
            // Each byte writes four and moves on by one or three.
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

/// Where two strings to sign differ first, by the parameter there. Values of the request itself are not shown.
pub(crate) fn first_difference(ours: &str, theirs: &str) -> String {
    if !["GET&%2F&", "POST&%2F&"].iter().any(|beginning| theirs.starts_with(beginning)) {
        return "what the service says it signed is no string to sign of V1".to_owned();
    }
    let same = ours.bytes().zip(theirs.bytes()).take_while(|(a, b)| a == b).count();
    let ours_there = Piece::at(ours, same);
    let theirs_there = Piece::at(theirs, same);
    if ours_there.name != theirs_there.name {
        return format!(
            "the strings to sign differ first at byte {same}: this side signed {}, the service {}",
            ours_there.named(),
            theirs_there.named()
        );
    }
    let values = if parameter::is_public(ours_there.name) {
        format!(": this side signed {:?}, the service {:?}", ours_there.value, theirs_there.value)
    } else {
        String::new()
    };
    format!("the strings to sign differ first at byte {same}, in {}{values}", ours_there.named())
}

/// One `name=value` of a string to sign, still encoded.
struct Piece<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> Piece<'a> {
    fn at(text: &'a str, index: usize) -> Self {
        const SEPARATOR: &str = "%26";
        let query = text.rfind('&').map_or(0, |last| last + 1);
        if index < query {
            return Self { name: "", value: "" };
        }
        // A separator that the difference falls into belongs to the piece before it.
        let before = text.as_bytes().get(query..index).unwrap_or_default();
        let start = before.windows(SEPARATOR.len()).rposition(|window| window == SEPARATOR.as_bytes());
        let start = query + start.map_or(0, |start| start + SEPARATOR.len());
        let rest = text.get(start..).unwrap_or_default();
        let piece = rest.split_once(SEPARATOR).map_or(rest, |(piece, _)| piece);
        let (name, value) = piece.split_once("%3D").unwrap_or((piece, ""));
        Self { name, value }
    }

    fn named(&self) -> String {
        // What the service says it signed is its own word, and what stands for a name may be anything.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        match self.name {
            "" => "the method or nothing".to_owned(),
            name if name.len() <= 64 && name.bytes().all(plain) => format!("parameter {name}"),
            _ => "a parameter of an unusual name".to_owned(),
        }
    }
}
