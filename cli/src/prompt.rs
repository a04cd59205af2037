//! The question before an operation that calls somebody or deletes something, if a person is at the terminal.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use aliyun_api_spec::model::{By, Operation, OperationType};
use aliyun_api_spec::name;

use crate::failure::Failure;
use crate::language::text;
use crate::request::Request;

/// Words in the name of an operation that say that something is gone afterwards. The specification has no such fact.
const DELETING: [&str; 3] = ["cancel", "delete", "remove"];

/// Asks before a request with such an effect. Scripts, which have no terminal, are not asked.
pub(crate) fn confirm(request: &Request) -> Result<(), Failure> {
    let Some(effect) = effect(request) else { return Ok(()) };
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) || is_confirmed(&effect)? {
        return Ok(());
    }
    Err(Failure::Declined("not confirmed; nothing was sent".to_owned()))
}

/// Asks a question on standard error. Only `y` and `yes` confirm.
pub(crate) fn is_confirmed(effect: &str) -> Result<bool, Failure> {
    let failed = |error| Failure::system("cannot ask for a confirmation; --yes goes on without one", error);
    let question = text!("{effect}. Go on? [y/N] ", "{effect}。是否继续？[y/N] ");
    write!(io::stderr(), "{question}").and_then(|()| io::stderr().flush()).map_err(failed)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// What a request does, if a person should confirm it. Values are not shown: they may be phone numbers.
fn effect(request: &Request) -> Option<String> {
    let action = request.action();
    let Some(operation) = request.operation() else {
        return Some(text!(
            "{action} is not in the specification, so it may call somebody",
            "接口描述中没有 {action}，因此它可能会拨打电话"
        ));
    };
    if let Some(reach) = operation.reaches.as_ref().filter(|_| request.places_call()) {
        let whom = &reach.whom;
        return Some(match reach.by {
            By::Call => text!("{action} calls the person behind --{whom}", "{action} 会呼叫 --{whom} 指定的人"),
            By::Message => {
                text!(
                    "{action} sends a message to the person behind --{whom}",
                    "{action} 会向 --{whom} 指定的人发送消息"
                )
            }
        });
    }
    deletes(operation).then(|| text!("{action} deletes or cancels something", "{action} 会删除或取消数据"))
}

/// Whether the name of a write says that something is gone afterwards.
fn deletes(operation: &Operation) -> bool {
    let words = name::snake_case(&operation.action);
    operation.operation_type == OperationType::Write && words.split('_').any(|word| DELETING.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec;

    #[test]
    fn what_rings_or_deletes_is_confirmed_and_nothing_else() {
        let operations = &spec::service().operations;
        let deleting: Vec<&str> = operations
            .iter()
            .filter(|operation| deletes(operation))
            .map(|operation| operation.action.as_str())
            .collect();
        assert_eq!(deleting.len(), 16, "{deleting:?}");
        assert!(
            ["CancelCall", "CloudDeleteTaskTel", "ClinkDeleteExten"].iter().all(|action| deleting.contains(action))
        );
        for read in operations.iter().filter(|operation| operation.operation_type == OperationType::Read) {
            assert_eq!(effect(&Request::typed(read, Vec::new())), None, "{}", read.action);
        }
        let of = |action: &str, values: &[(&str, &str)]| {
            let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            effect(&Request::typed(spec::service().operation(action).unwrap(), values))
        };
        let dial = of("SingleCallByTts", &[("CalledNumber", "13000000000")]);
        assert_eq!(dial.as_deref(), Some("SingleCallByTts calls the person behind --CalledNumber"));
        assert_eq!(of("CancelRobotTask", &[]).as_deref(), Some("CancelRobotTask deletes or cancels something"));
        // It calls somebody with one of its values only.
        assert_eq!(of("ExecuteCallTask", &[("Status", "STOP")]), None);
        assert!(of("ExecuteCallTask", &[("Status", "RUNNING")]).is_some());
        assert!(effect(&Request::untyped("Anything".to_owned(), Vec::new())).unwrap().contains("may call somebody"));
    }
}
