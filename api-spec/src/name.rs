//! Wire names, and the Rust names that are derived from them.

/// The keywords of every edition that can be raw identifiers, such as `r#type`. The others (`self`, `Self`, `super` and
/// `crate`) are not names in a checked specification.
pub const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move",
    "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The module of shared types. No group can have this id.
pub const SHARED_MODULE: &str = "types";

/// The module of receipts. No group can have this id.
pub const RECEIPT_MODULE: &str = "receipt";

/// Names that a type of a specification must not have: those of the Rust prelude, and those that a client re-exports.
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
    "Receipt",
    "Service",
];

/// Converts a wire name to snake case: words in lower case, joined by `_`.
///
/// A word ends at every character that is not a letter or a digit; before a capital letter that follows a lower-case letter
/// or a digit; and before the last capital letter of several if a lower-case letter follows, unless that letter is a plural
/// `s` (`DTOs`) or the `v` of a version (`IPv6`). The result may be a keyword, and need not be a valid identifier.
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

/// Whether a word starts at this character within letters and digits.
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

/// Converts a product code to the Rust name of the service's type. Characters other than ASCII letters and digits are left
/// out; the first letter, and each letter after such a character, becomes a capital letter.
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

/// Why a name cannot be that of a field. Keywords can, as raw identifiers, with a few exceptions.
pub fn fault_of_identifier(name: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match name {
        "" => Some("is empty"),
        "self" | "super" | "crate" => Some("is a keyword that cannot be a name"),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => Some("starts with a digit"),
        _ if !name.chars().all(legal) => Some("has characters other than a-z, 0-9 and _"),
        _ if snake_case(name) != name => Some("is not in snake_case"),
        _ => None,
    }
}

/// Whether a name can be that of a group, which becomes a module. It then differs from the names of all types.
pub fn is_module(name: &str) -> bool {
    fault_of_identifier(name).is_none() && !KEYWORDS.contains(&name)
}

/// Whether a name is in camel case, as for Rust types and variants.
pub fn is_camel_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_are_split_into_words() {
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
    fn snake_case_stays_as_it_is() {
        for name in ["bridge_in2s_rate", "ipv6_address", "x_number", "support_mp3"] {
            assert_eq!(snake_case(name), name);
        }
    }

    #[test]
    fn a_name_that_cannot_be_a_field_has_a_reason() {
        let names = [
            ("task_id", None),
            ("type", None),
            ("", Some("is empty")),
            ("self", Some("is a keyword that cannot be a name")),
            ("super", Some("is a keyword that cannot be a name")),
            ("crate", Some("is a keyword that cannot be a name")),
            ("3d", Some("starts with a digit")),
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
    fn the_name_of_a_group_is_not_a_keyword() {
        assert!(is_module("robot"));
        assert!(!is_module("move"));
        assert!(!is_module("self"));
        assert!(!is_module("crate"));
        assert!(!is_module("Robot"));
    }
}
