//! Suggestions for misspelled words.

use std::borrow::Cow;

/// Returns the candidate that is most similar to `word`, if one is similar enough.
///
/// ```
/// let nearest = aliyun_api_spec::suggest::nearest("exmaple", ["example", "default"]);
/// assert_eq!(nearest, Some("example"));
/// ```
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // A distance takes time for each pair of characters, and no name is that long.
    const LONGEST: usize = 200;
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    let allowed = word.chars().count().div_ceil(3).min(4);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Returns `did you mean "example"?`, if a candidate is similar enough.
pub(crate) fn did_you_mean<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<Cow<'static, str>> {
    nearest(word, candidates).map(|candidate| format!("did you mean \"{candidate}\"?").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_transposed_or_differently_cased_word() {
        assert_eq!(nearest("exmaple", ["example", "enum"]), Some("example"));
        assert_eq!(nearest("taskid", ["TaskId", "TaskName"]), Some("TaskId"));
    }

    #[test]
    fn suggests_nothing_if_no_name_is_similar() {
        assert_eq!(nearest("colour", ["example", "enum"]), None);
        assert_eq!(nearest("", ["example"]), None);
    }

    #[test]
    fn does_not_compare_what_is_too_long_for_a_name() {
        let long = "x".repeat(200);
        assert_eq!(nearest(&long, [long.as_str()]), Some(long.as_str()));
        assert_eq!(nearest(&format!("{long}x"), [long.as_str()]), None);
    }

    #[test]
    fn takes_the_first_of_equally_near_words() {
        assert_eq!(nearest("cat", ["bat", "hat"]), Some("bat"));
    }
}
