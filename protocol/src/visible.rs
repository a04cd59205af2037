//! Characters that a person does not see: what a log, an error or a terminal must not show as they are.

use std::borrow::Cow;

/// Whether a character is not seen: a control character, a format character such as one that reverses the direction of
/// the text, a separator of lines or paragraphs, or one that fonts draw as nothing. Variation selectors are visible: they
/// belong to the character before them. So is every space with a width.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
                | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// The text on one line, with invisible characters escaped as in Rust: `\n`, `\u{202e}`. A backslash stays as it is.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_invisible) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => line.push_str(r"\n"),
            '\r' => line.push_str(r"\r"),
            '\t' => line.push_str(r"\t"),
            c if is_invisible(c) => line.extend(c.escape_unicode()),
            c => line.push(c),
        }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_escaped() {
        for (text, shown) in [
            ("a\nb\u{1b}[2J占线", r"a\nb\u{1b}[2J占线"),
            ("\r\t\0\u{7f}\u{9b}", r"\r\t\u{0}\u{7f}\u{9b}"),
            // What reverses the direction of a text, or has no width.
            ("\u{202e}txt.exe\u{202c}", r"\u{202e}txt.exe\u{202c}"),
            ("\u{2066}a\u{2069}", r"\u{2066}a\u{2069}"),
            ("\u{61c}\u{200e}\u{200f}", r"\u{61c}\u{200e}\u{200f}"),
            ("1\u{200b}2\u{2060}3\u{feff}4\u{ad}", r"1\u{200b}2\u{2060}3\u{feff}4\u{ad}"),
            ("\u{200c}\u{200d}", r"\u{200c}\u{200d}"),
            ("\u{2028}\u{2029}", r"\u{2028}\u{2029}"),
            ("\u{3164}\u{115f}\u{ffa0}", r"\u{3164}\u{115f}\u{ffa0}"),
            ("\u{fff9}\u{e0041}", r"\u{fff9}\u{e0041}"),
            // What people write.
            (
                "占线\u{3000}“it's” \\ e\u{301} ❤\u{fe0f} \u{a0}한글 עברית",
                "占线\u{3000}“it's” \\ e\u{301} ❤\u{fe0f} \u{a0}한글 עברית",
            ),
        ] {
            assert_eq!(escaped(text), shown, "{}", text.escape_unicode());
            assert_eq!(text.contains(is_invisible), text != shown, "{}", text.escape_unicode());
        }
    }
}
