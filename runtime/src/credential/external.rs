//! Credentials that a command prints.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::temporary::{misfit, seconds, time};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;

/// A command that prints JSON, as the profile mode `External` names it.
pub(super) struct External {
    program: String,
    arguments: Vec<String>,
}

/// How long the command may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Maximum size of its output, in bytes.
const LONGEST: usize = 64 << 10;

#[derive(Deserialize)]
struct Printed {
    mode: Option<String>,
    access_key_id: Option<String>,
    access_key_secret: Option<Zeroizing<String>>,
    sts_token: Option<Zeroizing<String>>,
    /// Alibaba's clients read this member, a text, and the command that one, in seconds since 1970.
    expiration: Option<String>,
    sts_expiration: Option<i64>,
}

impl External {
    /// The command is split into words as a shell does, but no shell runs it.
    pub(super) fn new(command: &str) -> Result<Self, &'static str> {
        // On Windows, a backslash separates the folders of a path.
        let command = if cfg!(windows) { command.replace('\\', r"\\") } else { command.to_owned() };
        let mut words = shlex::split(&command).ok_or("it has a quotation mark that is not closed")?.into_iter();
        let program = words.next().filter(|program| !program.is_empty()).ok_or("it names no program")?;
        Ok(Self { program, arguments: words.collect() })
    }

    async fn run(&self) -> Result<Credentials, String> {
        let mut child = self.start()?;
        let Ok(printed) = tokio::time::timeout(LIMIT, printed(&mut child)).await else {
            return Err(format!("it did not end within {LIMIT:?}"));
        };
        let printed = printed?;
        let printed: Printed =
            serde_json::from_slice(&printed).map_err(|error| format!("what it prints {}", misfit(&printed, &error)))?;
        printed.credentials()
    }

    fn start(&self) -> Result<Child, String> {
        Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("it cannot be started: {error}"))
    }
}

/// The output of a command that succeeds.
async fn printed(child: &mut Child) -> Result<Zeroizing<Vec<u8>>, String> {
    // A growing buffer would leave copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    if let Some(output) = child.stdout.take() {
        let read = output.take(LONGEST as u64 + 1).read_to_end(&mut text).await;
        read.map_err(|error| format!("what it prints cannot be read: {error}"))?;
    }
    if text.len() > LONGEST {
        return Err(format!("it prints more than {LONGEST} bytes"));
    }
    let status = child.wait().await.map_err(|error| format!("its end cannot be awaited: {error}"))?;
    if status.success() { Ok(text) } else { Err(format!("it failed ({status}); run it by hand to see why")) }
}

impl Printed {
    fn credentials(self) -> Result<Credentials, String> {
        let missing = |member: &str| format!("what it prints has no {member}");
        match self.mode.as_deref() {
            None | Some("" | "AK" | "StsToken") => {}
            Some(_) => return Err("the mode that it prints is neither AK nor StsToken".to_owned()),
        }
        let id = self.access_key_id.filter(|it| !it.is_empty()).ok_or_else(|| missing("access_key_id"))?;
        let secret = self.access_key_secret.filter(|it| !it.is_empty()).ok_or_else(|| missing("access_key_secret"))?;
        let token = self.sts_token.filter(|it| !it.is_empty());
        if token.is_none() && self.mode.as_deref() == Some("StsToken") {
            return Err(missing("sts_token"));
        }
        let credentials = Credentials::make(&id, &secret, token.as_ref().map(|token| token.as_str()));
        let expiration = match self.expiration.filter(|it| !it.is_empty()) {
            Some(text) => Some(time(&text).ok_or("the expiration that it prints is no time")?),
            None => self.sts_expiration.and_then(seconds),
        };
        Ok(match expiration {
            Some(expiration) => credentials.expires_at(expiration),
            None => credentials,
        })
    }
}

impl CredentialsProvider for External {
    fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        // The command is not shown: its arguments may be secrets.
        Box::pin(async { self.run().await.map_err(CredentialsError::new) })
    }
}
