//! Whether a response states success: one pure function, used by the client, the emulator and the check of examples.

/// The members of a response that state its outcome. `None` means that the service's responses have no such member, as
/// its specification says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// The code, empty if the response has none.
    pub code: Option<&'a str>,
    /// The success flag. The inner `None` means that the response has none.
    pub flag: Option<Option<bool>>,
    /// The request id, empty if the response has none. It counts only for a service without codes and flags.
    pub request_id: &'a str,
}

/// What a response states about its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// The request was successful.
    Success,
    /// The request failed.
    Failure,
    /// Neither: the response lacks what every response of the service has.
    Nothing,
}

impl Evidence<'_> {
    /// Decides what the response states. `success_codes` are the codes that mean success.
    ///
    /// A flag of `false` is a failure, whatever the code. Otherwise the code decides, if the service has codes; a flag of
    /// `true` does not replace it.
    ///
    /// ```
    /// use aliyun_protocol::success::{Evidence, Statement};
    ///
    /// let response = Evidence { code: Some("isv.BUSINESS_LIMIT_CONTROL"), flag: None, request_id: "D9CB3933" };
    /// assert_eq!(response.statement(&["OK"]), Statement::Failure);
    /// ```
    #[must_use]
    pub fn statement(&self, success_codes: &[impl AsRef<str>]) -> Statement {
        match (self.code, self.flag) {
            (_, Some(Some(false))) => Statement::Failure,
            (Some(""), _) | (None, Some(None)) => Statement::Nothing,
            (Some(code), _) if success_codes.iter().any(|success| success.as_ref() == code) => Statement::Success,
            (Some(_), _) => Statement::Failure,
            (None, None) if self.request_id.is_empty() => Statement::Nothing,
            (None, Some(Some(true)) | None) => Statement::Success,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_of_false_then_the_code_then_the_flag_then_the_request_id_decides() {
        use Statement::{Failure, Nothing, Success};
        let (absent, right, wrong) = (Some(None), Some(Some(true)), Some(Some(false)));
        for (code, flag, request_id, expected) in [
            // A service with codes and a flag.
            (Some("OK"), right, "R", Success),
            (Some("OK"), absent, "", Success),
            (Some("OK"), wrong, "R", Failure),
            (Some("200"), absent, "", Success),
            (Some("isv.FAILED"), right, "R", Failure),
            (Some("isv.FAILED"), absent, "R", Failure),
            (Some("ok"), right, "R", Failure),
            (Some(""), right, "R", Nothing),
            (Some(""), absent, "R", Nothing),
            (Some(""), wrong, "R", Failure),
            // With codes only.
            (Some("OK"), None, "", Success),
            (Some("isv.FAILED"), None, "R", Failure),
            (Some(""), None, "R", Nothing),
            // With a flag only.
            (None, right, "", Success),
            (None, wrong, "R", Failure),
            (None, absent, "R", Nothing),
            // With neither.
            (None, None, "R", Success),
            (None, None, "", Nothing),
        ] {
            let evidence = Evidence { code, flag, request_id };
            assert_eq!(evidence.statement(&["OK", "200"]), expected, "{evidence:?}");
        }
    }
}
