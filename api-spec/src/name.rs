//! Names on the wire and in Rust.

/// Keywords of every edition that can be raw identifiers (`r#type`). `self`, `Self`, `super` and `crate` cannot, and
/// no name of a checked specification is one of these.
pub const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The module of shared types, so that no group can have the id.
pub const SHARED_MODULE: &str = "types";

/// Names that no type of a specification may have: the Rust prelude, and what a client re-exports.
pub const RESERVED_TYPES: &[&str] = &[
    // The language and its prelude.
    "AsMut",
    "AsRef",
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
    "Box",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Future",
    "Hash",
    "Into",
    "IntoFuture",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Self",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Vec",
    // The client.
    "Call",
    "Client",
    "ClientBuilder",
    "Credentials",
    "Endpoint",
    "Error",
    "ErrorKind",
    "Items",
    "Operation",
    "Page",
    "Pages",
    "Service",
];

/// A wire name in Rust's spelling: words in small letters joined with `_`.
///
/// Words are cut at every character that is no letter or digit; before a capital that follows a small letter or
/// a digit; and before the last capital of a run when a small letter follows, unless that letter is a plural `s`
/// (`DTOs`) or the `v` of a version (`IPv6`). Keywords come out plain; whether the result can be an identifier is
/// another question.
///
/// ```
/// use aliyun_api_spec::name::snake_case;
///
/// assert_eq!(snake_case("VPCId"), "vpc_id");
/// assert_eq!(snake_case("SmsSendDetailDTOs"), "sms_send_detail_dtos");
/// ```
pub fn snake_case(wire_name: &str) -> String {
    let characters: Vec<char> = wire_name.chars().collect();
    let mut name = String::with_capacity(wire_name.len() + 4);
    let mut in_word = false;
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            in_word = false;
            continue;
        }
        if (!in_word && !name.is_empty()) || (in_word && starts_word(&characters, index)) {
            name.push('_');
        }
        name.extend(character.to_lowercase());
        in_word = true;
    }
    name
}

/// Whether a word begins at this character of a run of letters and digits.
fn starts_word(characters: &[char], index: usize) -> bool {
    let at = |index: usize| characters.get(index).copied().unwrap_or(' ');
    if !at(index).is_uppercase() || index == 0 {
        return false;
    }
    let before = at(index - 1);
    if !before.is_uppercase() {
        return before.is_lowercase() || before.is_numeric();
    }
    let (next, after) = (at(index + 1), at(index + 2));
    let plural = next == 's' && !after.is_lowercase();
    let version = next == 'v' && after.is_numeric();
    next.is_lowercase() && !plural && !version
}

/// The Rust name of a service's marker type: its product code without the characters that are no ASCII letter or
/// digit, the first character and each one behind such a gap a capital.
///
/// ```
/// use aliyun_api_spec::name::type_name;
///
/// assert_eq!(type_name("Dyvmsapi-intl"), "DyvmsapiIntl");
/// assert_eq!(type_name("dysmsapi"), "Dysmsapi");
/// ```
pub fn type_name(product: &str) -> String {
    let words = product.split(|c: char| !c.is_ascii_alphanumeric());
    words.fold(String::with_capacity(product.len()), |mut name, word| {
        let mut characters = word.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(characters.as_str());
        name
    })
}

/// What keeps a name from being a field, if anything. Keywords are no fault unless `r#` cannot mend them.
pub(crate) fn fault_of_identifier(name: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match name {
        "" => Some("is empty"),
        "self" | "super" | "crate" => Some("is a word that Rust cannot use as a name"),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => Some("begins with a digit"),
        _ if !name.chars().all(legal) => Some("has characters other than a-z, 0-9 and _"),
        _ if snake_case(name) != name => Some("is not in snake_case"),
        _ => None,
    }
}

/// Whether a group can be a module of that name. Such a name is never equal to that of a type.
pub(crate) fn is_module(name: &str) -> bool {
    fault_of_identifier(name).is_none() && !KEYWORDS.contains(&name)
}

/// Whether a name is written as Rust types and variants are.
pub(crate) fn is_camel_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_wire_names_into_words() {
        let names = [
            ("SupportMp3", "support_mp3"),
            ("QueryRobotv2AllList", "query_robotv2_all_list"),
            ("BridgeIn2sRate", "bridge_in2s_rate"),
            ("XNumber", "x_number"),
            ("EnableITN", "enable_itn"),
            ("Max_ob_bridge_time", "max_ob_bridge_time"),
            ("SmsSendDetailDTOs", "sms_send_detail_dtos"),
            ("IPv6Address", "ipv6_address"),
            ("VPCId", "vpc_id"),
            ("URLs", "urls"),
            ("URLsList", "urls_list"),
            ("TTSStyle", "tts_style"),
            ("IPsecGateway", "i_psec_gateway"),
            ("HTTPVersion", "http_version"),
            ("callId", "call_id"),
            ("konwledgeCount", "konwledge_count"),
            ("type", "type"),
            ("Self", "self"),
            ("x-acs.Token", "x_acs_token"),
            ("__A__b__", "a_b"),
            ("3DModel", "3_d_model"),
            ("_", ""),
            ("", ""),
        ];
        for (wire_name, rust_name) in names {
            assert_eq!(snake_case(wire_name), rust_name, "{wire_name}");
        }
    }

    #[test]
    fn names_in_rust_stay_as_they_are() {
        for name in ["bridge_in2s_rate", "ipv6_address", "x_number", "support_mp3"] {
            assert_eq!(snake_case(name), name);
        }
    }

    #[test]
    fn tells_what_keeps_a_name_from_being_a_field() {
        let names = [
            ("task_id", None),
            ("type", None),
            ("", Some("is empty")),
            ("self", Some("is a word that Rust cannot use as a name")),
            ("super", Some("is a word that Rust cannot use as a name")),
            ("crate", Some("is a word that Rust cannot use as a name")),
            ("3d", Some("begins with a digit")),
            ("Self", Some("has characters other than a-z, 0-9 and _")),
            ("呼叫", Some("has characters other than a-z, 0-9 and _")),
            ("_", Some("is not in snake_case")),
            ("a__b", Some("is not in snake_case")),
        ];
        for (name, fault) in names {
            assert_eq!(fault_of_identifier(name), fault, "{name}");
        }
    }

    #[test]
    fn a_product_code_becomes_a_type() {
        let names = [
            ("Dyvmsapi", "Dyvmsapi"),
            ("Dyvmsapi-intl", "DyvmsapiIntl"),
            ("dysmsapi", "Dysmsapi"),
            ("R-kvstore", "RKvstore"),
            ("-x--acs.3d_", "XAcs3d"),
            ("云Call", "Call"),
            ("3d", "3d"),
            ("--", ""),
        ];
        for (product, name) in names {
            assert_eq!(type_name(product), name, "{product}");
        }
    }

    #[test]
    fn keywords_are_listed_once_and_sorted() {
        assert!(KEYWORDS.is_sorted_by(|a, b| a < b), "{KEYWORDS:?}");
    }

    #[test]
    fn a_group_is_a_module_and_no_keyword() {
        assert!(is_module("robot"));
        assert!(!is_module("move"));
        assert!(!is_module("self"));
        assert!(!is_module("crate"));
        assert!(!is_module("Robot"));
    }
}
