//! Options of other commands for Alibaba Cloud, AWS and Kubernetes, and what they are called here.

/// Names without hyphens before them, and what to write instead.
const OPTIONS: &[(&[&str], &str)] = &[
    (&["pager", "no-paginate", "paginate"], "--all requests all pages"),
    (&["max-items", "rows"], "--limit N stops after N items"),
    (&["waiter", "wait", "watch"], "--until PATH=VALUE repeats a request until its response has a value"),
    (&["cli-dry-run", "dryrun"], "--dry-run shows the signed request and does not send it"),
    (&["cli-query", "jq", "jsonpath", "filter"], "--query selects a part of the response by JMESPath"),
    (&["cols", "fields"], "--columns selects the columns of a table, with -o table"),
    (&["format"], "-o selects the format: table, json, jsonl, csv or yaml"),
    (
        &["access-key-id", "access-key-secret", "sts-token", "mode", "config-path", "ram-role-name", "ram-role-arn"],
        "credentials are in ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or in a profile that --profile \
         selects",
    ),
    (
        &["read-timeout", "connect-timeout", "cli-read-timeout", "cli-connect-timeout"],
        "--timeout is the time limit of a call",
    ),
    (&["retry-count", "max-attempts"], "--no-retry sends a request once; otherwise the client decides"),
    (
        &["skip-secure-verify", "no-verify-ssl", "insecure"],
        "--ca FILE trusts a certificate; no check can be switched off",
    ),
    (&["ca-bundle"], "--ca FILE trusts the certificates in a PEM file"),
    (&["endpoint-url"], "--endpoint sends requests to another host"),
    (&["force"], "--untyped calls an operation that the specification does not have"),
    (&["no-confirm", "assume-yes", "quiet"], "--yes does not ask before an operation"),
    (&["cli-input-json", "body", "body-file", "from-file"], "--params FILE.json takes parameters from a file"),
    (&["debug", "log-config"], "--verbose shows each attempt"),
    (&["header", "method", "secure", "product", "api-version"], "the specification of the operation decides that"),
];

/// What the option of another command is called here. `name` has no hyphens before it, and no value.
pub(crate) fn advice(name: &str) -> Option<String> {
    let known = OPTIONS.iter().find(|(names, _)| names.contains(&name));
    known.map(|(_, advice)| format!("there is no option --{name} here: {advice}"))
}

/// The same for a value of `--output` as Alibaba's command has it: `cols=A,B rows=Data.List`.
pub(crate) fn output_advice(value: &str) -> Option<&'static str> {
    (value.starts_with("cols=") || value.starts_with("rows="))
        .then_some("--output names a format here: write -o table --columns A,B, or --query for another list")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_leads_to_one_that_exists_and_is_not_one_itself() {
        let command = crate::untyped::command();
        let own: Vec<&str> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
        for (names, advice) in OPTIONS {
            for name in *names {
                assert!(!own.contains(name), "--{name} exists");
            }
            let named = advice.split([' ', ';', ',']).filter_map(|word| word.strip_prefix("--"));
            for name in named {
                assert!(own.contains(&name), "--{name} is recommended and does not exist");
            }
        }
        assert_eq!(advice("pager").unwrap(), "there is no option --pager here: --all requests all pages");
        assert_eq!(advice("TaskId"), None);
    }
}
