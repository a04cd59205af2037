//! Whether a response states success: one pure function, used by the client, the emulator and the check of examples.

/// The members of a response that state its outcome. `None` means that the service's responses have no such member, as
/// its specification says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// The code, empty if the response has none.
    pub code: Option<&'a str>,
    /// The success flag. The inner `None` means that the response has none.
    pub flag: Option<Option<bool>>,
    /// The request id, empty if the response has none. It counts only if neither flag nor code does.
    pub request_id: Option<&'a str>,
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
    /// Decides what a response with an HTTP status of success states. `success_codes` are the codes that mean success.
    ///
    /// A flag decides, whatever the code. Without one the code decides, if the service has codes of success: an absent code
    /// then states nothing. Otherwise the HTTP status has decided; a response without the request id that every response of
    /// the service has is not the service's, so it states nothing.
    ///
    /// ```
    /// use aliyun_protocol::success::{Evidence, Statement};
    ///
    /// let response = Evidence { code: Some("isv.BUSINESS_LIMIT_CONTROL"), flag: None, request_id: Some("D9CB3933") };
    /// assert_eq!(response.statement(&["OK"]), Statement::Failure);
    /// ```
    #[must_use]
    pub fn statement(&self, success_codes: &[impl AsRef<str>]) -> Statement {
        match (self.flag, self.code) {
            (Some(Some(true)), _) => Statement::Success,
            (Some(Some(false)), _) => Statement::Failure,
            (_, Some(code)) if !success_codes.is_empty() => match code {
                "" => Statement::Nothing,
                code if success_codes.iter().any(|success| success.as_ref() == code) => Statement::Success,
                _ => Statement::Failure,
            },
            _ if self.request_id == Some("") => Statement::Nothing,
            _ => Statement::Success,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_then_the_code_then_the_status_decides() {
        use Statement::{Failure, Nothing, Success};
        let (absent, right, wrong) = (Some(None), Some(Some(true)), Some(Some(false)));
        for (code, flag, request_id, expected) in [
            // A service with codes of success and a flag.
            (Some("OK"), right, Some("R"), Success),
            (Some("OK"), absent, Some(""), Success),
            (Some("OK"), wrong, Some("R"), Failure),
            (Some("200"), absent, Some(""), Success),
            (Some("isv.FAILED"), right, Some("R"), Success),
            (Some("isv.FAILED"), absent, Some("R"), Failure),
            (Some("ok"), right, Some("R"), Success),
            (Some(""), right, Some("R"), Success),
            (Some(""), absent, Some("R"), Nothing),
            (Some(""), wrong, Some("R"), Failure),
            // With codes of success only.
            (Some("OK"), None, Some(""), Success),
            (Some("ok"), None, Some("R"), Failure),
            (Some("isv.FAILED"), None, Some("R"), Failure),
            (Some(""), None, Some("R"), Nothing),
            // With a flag only.
            (None, right, Some(""), Success),
            (None, wrong, Some("R"), Failure),
            (None, absent, Some("R"), Success),
            (None, absent, Some(""), Nothing),
            // With neither, with and without request ids.
            (None, None, Some("R"), Success),
            (None, None, Some(""), Nothing),
            (None, None, None, Success),
        ] {
            let evidence = Evidence { code, flag, request_id };
            assert_eq!(evidence.statement(&["OK", "200"]), expected, "{evidence:?}");
        }
    }

    #[test]
    fn a_code_means_nothing_to_a_service_without_codes_of_success() {
        for code in ["", "00000", "NoData", "isv.FAILED"] {
            let evidence = |request_id, flag| Evidence { code: Some(code), flag, request_id }.statement(&[""; 0]);
            assert_eq!(evidence(Some("R"), None), Statement::Success, "{code}");
            assert_eq!(evidence(Some("R"), Some(None)), Statement::Success, "{code}");
            assert_eq!(evidence(Some("R"), Some(Some(false))), Statement::Failure, "{code}");
            assert_eq!(evidence(Some(""), None), Statement::Nothing, "{code}");
            assert_eq!(evidence(None, None), Statement::Success, "{code}");
        }
    }
}
