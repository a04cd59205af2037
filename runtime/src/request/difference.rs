//! What differs between two strings to sign of V1, to explain a refused signature.

use aliyun_protocol::parameter;

/// Where two strings to sign first differ, by the parameter there. Values of the request itself are not shown.
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
        // A separator with the difference belongs to the piece before it.
        let before = text.as_bytes().get(query..index).unwrap_or_default();
        let start = before.windows(SEPARATOR.len()).rposition(|window| window == SEPARATOR.as_bytes());
        let start = query + start.map_or(0, |start| start + SEPARATOR.len());
        let rest = text.get(start..).unwrap_or_default();
        let piece = rest.split_once(SEPARATOR).map_or(rest, |(piece, _)| piece);
        let (name, value) = piece.split_once("%3D").unwrap_or((piece, ""));
        Self { name, value }
    }

    fn named(&self) -> String {
        // The service's string to sign may have anything in the place of a name.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        match self.name {
            "" => "the method or nothing".to_owned(),
            name if name.len() <= 64 && name.bytes().all(plain) => format!("parameter {name}"),
            _ => "a parameter of an unusual name".to_owned(),
        }
    }
}
