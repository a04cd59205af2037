//! The language of explanations and of the help: English, or Chinese where there are Chinese texts.

use std::sync::OnceLock;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

static CHOSEN: OnceLock<Language> = OnceLock::new();

impl Language {
    /// The language with this name, such as `zh`, `zh-CN` or `en`.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let primary = name.split(['-', '_', '.']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// Sets the language of this run. Only the first choice counts; there is no second one.
    pub(crate) fn choose(self) {
        CHOSEN.get_or_init(|| self);
    }

    /// The language of this run: the chosen one, or that of the locale.
    pub(crate) fn current() -> Self {
        // Tests of the texts do not depend on the machine.
        *CHOSEN.get_or_init(|| if cfg!(test) { Self::English } else { of_locale(|name| std::env::var(name).ok()) })
    }

    /// The text in this language. A Chinese text that is missing or empty is replaced by the English one.
    pub(crate) fn pick<'t>(self, english: &'t str, chinese: Option<&'t str>) -> &'t str {
        match self {
            Self::English => english,
            Self::Chinese => chinese.filter(|text| !text.is_empty()).unwrap_or(english),
        }
    }
}

/// As POSIX has it: the first of these variables that is set decides.
fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    locale.and_then(|locale| Language::of_name(&locale)).unwrap_or(Language::English)
}

/// The text in the language of this run.
pub(crate) fn pick<'t>(english: &'t str, chinese: Option<&'t str>) -> &'t str {
    Language::current().pick(english, chinese)
}

/// Formats a text in the language of this run.
macro_rules! text {
    ($english:literal, $chinese:literal $(, $value:expr)* $(,)?) => {
        match $crate::language::Language::current() {
            $crate::language::Language::English => format!($english $(, $value)*),
            $crate::language::Language::Chinese => format!($chinese $(, $value)*),
        }
    };
}
pub(crate) use text;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides() {
        let of = |set: &[(&str, &str)]| {
            of_locale(|name| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[]), Language::English);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8")]), Language::Chinese);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "")]), Language::Chinese);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]), Language::English);
        assert_eq!(of(&[("LANG", "en_GB.UTF-8"), ("LC_MESSAGES", "zh")]), Language::Chinese);
        assert_eq!(of(&[("LANG", "zha_CN")]), Language::English);
    }

    #[test]
    fn a_missing_text_is_english() {
        for (chinese, text) in [(None, "busy"), (Some(""), "busy"), (Some("占线"), "占线")] {
            assert_eq!(Language::Chinese.pick("busy", chinese), text);
            assert_eq!(Language::English.pick("busy", chinese), "busy");
        }
    }
}
