//! Failures of the command, and their exit statuses.

use std::error::Error as StdError;
use std::io;
use std::process::ExitCode;

use aliyun_receipts::{InboxError, QueueError, QueueErrorKind};
use clap::error::{ContextKind, ContextValue};
use dyvmsapi::{Error, ErrorKind, Sent};

use crate::language::{Language, pick};
use crate::{chinese, interrupt, notice};

/// The meaning of the exit status, for `--help`.
const EXIT_STATUS: &str = "Exit status:
  0  success
  1  another failure, such as a response that cannot be read, or a result that cannot be
     written; the error says whether the call was placed or the change was made. For an
     operation that calls nobody, also an unknown outcome: a change may have been made
  2  the command line is wrong; nothing was sent
  3  the service refused the request
  4  the service was not reached; nothing was sent
  5  a phone may be ringing: the operation places calls (with --untyped, any may), and its
     outcome is unknown, because there was no response, or none that can be read, or the
     service failed
  6  no credentials were found; nothing was sent
130  interrupted by Ctrl-C; what was fetched until then is kept, and the error says whether
     it is known what was done";

const EXIT_STATUS_IN_CHINESE: &str = "退出码：
  0  成功
  1  其他失败，例如响应无法读取，或结果无法写出；错误信息会说明电话是否已拨出、变更是否已生效。对于不拨打电话的接口，\
也包括结果未知：变更可能已生效
  2  命令行有误；未发送任何请求
  3  服务拒绝了请求
  4  未连接到服务；未发送任何请求
  5  可能有电话正在响铃：接口会拨打电话（使用 --untyped 时，任何接口都可能），而没有响应、响应无法读取或服务出错，\
因此结果未知
  6  未找到凭证；未发送任何请求
130  被 Ctrl-C 中断；已获取的内容会保留，错误信息会说明能否确定执行了什么";

/// The meaning of the exit status in the language of this run.
pub(crate) fn exit_status() -> &'static str {
    pick(EXIT_STATUS, Some(EXIT_STATUS_IN_CHINESE))
}

const OTHER: u8 = 1;
const USAGE: u8 = 2;
const REFUSED: u8 = 3;
const NOT_SENT: u8 = 4;
const RINGING: u8 = 5;
const CREDENTIALS: u8 = 6;

/// A failure of the command.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error of clap, or the help, which is not a failure.
    CommandLine(clap::Error),
    /// The command line asks for something impossible.
    Usage(String),
    /// The call failed.
    Call {
        error: Error,
        /// Whether the operation may call somebody.
        dials: bool,
    },
    /// The result cannot be written.
    Output {
        error: io::Error,
        /// What the request has done. `None` if the operation only reads.
        done: Option<String>,
    },
    /// An error of the operating system.
    System(String, io::Error),
    /// The file of profiles cannot be used.
    Configuration(String),
    /// The file of receipts cannot be used.
    Inbox(InboxError),
    /// The queue of receipts cannot be used.
    Queue(QueueError),
    /// Some checks of the machine did not pass.
    Checks(String),
    /// A person did not confirm what was asked for.
    Declined(String),
    /// The response came, but not what was asked of it: the value of `--until`, or a part that `--query` can compute.
    Response(String),
    /// Ctrl-C was pressed.
    Interrupted(String),
}

impl Failure {
    pub(crate) fn system(what: impl Into<String>, error: io::Error) -> Self {
        Self::System(what.into(), error)
    }

    /// Ctrl-C was pressed during a task that changes nothing.
    pub(crate) fn interrupted() -> Self {
        Self::Interrupted("interrupted".to_owned())
    }

    pub(crate) fn call(error: Error, dials: bool) -> Self {
        Self::Call { error, dials }
    }

    /// Adds what the request has done to a failure to write the result.
    pub(crate) fn after(self, done: Option<String>) -> Self {
        match self {
            Self::Output { error, .. } => Self::Output { error, done },
            Self::Response(message) => match done {
                Some(done) => Self::Response(format!("{done}, but {message}")),
                None => Self::Response(message),
            },
            other => other,
        }
    }

    /// The code with which the service refused a call.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Call { error, .. } => error.code(),
            _ => None,
        }
    }

    /// Prints the failure to standard error, and returns the exit status.
    pub(crate) fn report(self) -> ExitCode {
        let status = self.status();
        match self {
            Self::CommandLine(error) => {
                // The output may be closed, as in `dyvms --help | head -1`.
                let _ = chinese::print(&error, Language::current());
            }
            Self::Usage(message)
            | Self::Configuration(message)
            | Self::Checks(message)
            | Self::Declined(message)
            | Self::Response(message)
            | Self::Interrupted(message) => {
                notice::error(&message);
            }
            Self::Call { error, .. } => with_causes(&error),
            Self::Output { error, done: Some(done) } => {
                notice::error(&format!("{done}, but the result cannot be written: {error}"));
            }
            Self::Output { error, done: None } if error.kind() == io::ErrorKind::BrokenPipe => {}
            Self::Output { error, done: None } => notice::error(&format!("the result cannot be written: {error}")),
            Self::Inbox(error) => notice::error(&error.to_string()),
            Self::Queue(error) => with_causes(&error),
            Self::System(what, error) => notice::error(&format!("{what}: {error}")),
        }
        ExitCode::from(status)
    }

    fn status(&self) -> u8 {
        match self {
            Self::CommandLine(error) => u8::try_from(error.exit_code()).unwrap_or(USAGE),
            Self::Usage(_) => USAGE,
            Self::Call { error, dials } => {
                status_of(error.kind(), error.sent(), error.is_outcome_unknown().then_some(*dials))
            }
            // The reader has closed its input, as in `dyvms call ... | head`.
            Self::Output { error, done: None } if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Queue(error) => status_of_queue(error),
            Self::Output { .. }
            | Self::System(..)
            | Self::Inbox(_)
            | Self::Checks(_)
            | Self::Configuration(_)
            | Self::Declined(_)
            | Self::Response(_) => OTHER,
            Self::Interrupted(_) => interrupt::STATUS,
        }
    }
}

/// Prints an error, and what caused it.
fn with_causes(error: &dyn StdError) {
    notice::error(&error.to_string());
    causes(error).for_each(|cause| notice::cause(&cause.to_string()));
}

/// What caused an error, from the top.
pub(crate) fn causes(error: &dyn StdError) -> impl Iterator<Item = &dyn StdError> {
    std::iter::successors(error.source(), |cause| (**cause).source())
}

/// The exit status of polling, which calls nobody.
fn status_of_queue(error: &QueueError) -> u8 {
    match error.kind() {
        QueueErrorKind::Setting => USAGE,
        QueueErrorKind::NotSubscribed | QueueErrorKind::Rejected | QueueErrorKind::Refused => REFUSED,
        QueueErrorKind::Key => {
            let error = error.source().and_then(|source| source.downcast_ref::<Error>());
            error.map_or(OTHER, |error| status_of(error.kind(), error.sent(), None))
        }
        _ => OTHER,
    }
}

/// The exit status. `unknown` is `Some` if the outcome is not known; it then says whether a phone may be ringing.
fn status_of(kind: ErrorKind, sent: Sent, unknown: Option<bool>) -> u8 {
    match unknown {
        Some(true) => return RINGING,
        Some(false) => return OTHER,
        None => {}
    }
    match (kind, sent) {
        (ErrorKind::Configuration | ErrorKind::Request, _) => USAGE,
        (ErrorKind::Credentials, _) => CREDENTIALS,
        (ErrorKind::Transport | ErrorKind::Timeout, Sent::No) => NOT_SENT,
        (ErrorKind::Service, _) => REFUSED,
        _ => OTHER,
    }
}

/// Errors outside of a call, for example when the client is built, and errors of pages. These call nobody.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::call(error, false)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output { error, done: None }
    }
}

impl From<clap::Error> for Failure {
    /// Does not show a value without a name: it may be the rest of a phone number or spoken text that was not quoted.
    fn from(error: clap::Error) -> Self {
        match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(argument))
                if error.kind() == clap::error::ErrorKind::UnknownArgument && !argument.starts_with('-') =>
            {
                let message = "a value without a name; write --Name value, and quote values with spaces";
                Self::Usage(message.to_owned())
            }
            _ => Self::CommandLine(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_status_says_what_may_have_happened() {
        let statuses = [
            (ErrorKind::Configuration, Sent::No, None, 2),
            (ErrorKind::Request, Sent::No, None, 2),
            (ErrorKind::Service, Sent::Yes, None, 3),
            (ErrorKind::Service, Sent::Yes, Some(true), 5),
            (ErrorKind::Service, Sent::Yes, Some(false), 1),
            (ErrorKind::Transport, Sent::No, None, 4),
            (ErrorKind::Timeout, Sent::No, None, 4),
            (ErrorKind::Transport, Sent::Maybe, Some(true), 5),
            (ErrorKind::Timeout, Sent::Maybe, Some(true), 5),
            (ErrorKind::Timeout, Sent::Maybe, Some(false), 1),
            (ErrorKind::Credentials, Sent::No, None, 6),
            (ErrorKind::Response, Sent::Yes, Some(true), 5),
            (ErrorKind::Response, Sent::Yes, Some(false), 1),
            (ErrorKind::Paging, Sent::Yes, None, 1),
        ];
        for (kind, sent, unknown, status) in statuses {
            assert_eq!(status_of(kind, sent, unknown), status, "{kind:?}, {sent:?}, {unknown:?}");
            for text in [EXIT_STATUS, EXIT_STATUS_IN_CHINESE] {
                assert!(text.contains(&format!("\n  {status}  ")), "{status} is documented");
            }
        }
    }

    #[test]
    fn a_closed_pipe_is_not_a_failure_of_a_read() {
        let failure = |kind: io::ErrorKind| Failure::from(io::Error::from(kind));
        let done = || Some("the change was made".to_owned());
        assert_eq!(Failure::interrupted().status(), 130);
        assert!([EXIT_STATUS, EXIT_STATUS_IN_CHINESE].iter().all(|text| text.contains("\n130  ")), "130 is documented");
        assert_eq!(failure(io::ErrorKind::BrokenPipe).status(), 0);
        assert_eq!(failure(io::ErrorKind::StorageFull).status(), 1);
        assert_eq!(failure(io::ErrorKind::BrokenPipe).after(None).status(), 0);
        assert_eq!(failure(io::ErrorKind::BrokenPipe).after(done()).status(), 1);
        assert_eq!(failure(io::ErrorKind::StorageFull).after(done()).status(), 1);
        assert_eq!(Failure::Usage(String::new()).after(done()).status(), 2);
    }
}
