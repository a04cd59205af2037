//! Credentials that a command prints.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use zeroize::Zeroizing;

use super::temporary::{misfit, time};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;

/// A command that prints JSON, as the profile mode `External` names it. Its words are those of a shell, but no shell
/// runs it.
pub(super) struct External {
    pub(super) command: String,
}

/// How long the command may take.
const LIMIT: Duration = Duration::from_secs(60);
/// What it may print, in bytes.
const LONGEST: usize = 64 << 10;

#[derive(Deserialize)]
struct Printed {
    mode: Option<String>,
    access_key_id: Option<String>,
    access_key_secret: Option<Zeroizing<String>>,
    sts_token: Option<Zeroizing<String>>,
    expiration: Option<String>,
}

impl External {
    async fn run(&self) -> Result<Credentials, String> {
        let mut child = self.start()?;
        let Ok(printed) = tokio::time::timeout(LIMIT, printed(&mut child)).await else {
            return Err(format!("it did not end within {LIMIT:?}"));
        };
        let printed = printed?;
        let printed: Printed =
            serde_json::from_slice(&printed).map_err(|error| format!("what it prints {}", misfit(&error)))?;
        printed.credentials()
    }

    fn start(&self) -> Result<Child, String> {
        // A backslash separates the folders of a path there.
        let command = if cfg!(windows) { self.command.replace('\\', r"\\") } else { self.command.clone() };
        let words = shlex::split(&command).ok_or("it has a quotation mark that is not closed")?;
        let (program, arguments) = words.split_first().ok_or("it is empty")?;
        Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("it cannot be started: {error}"))
    }
}

/// What a command prints until it ends well.
async fn printed(child: &mut Child) -> Result<Zeroizing<Vec<u8>>, String> {
    // One that grows would leave pieces behind.
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
        let credentials = Credentials::make(id, &secret, token);
        match self.expiration.filter(|it| !it.is_empty()) {
            None => Ok(credentials),
            Some(text) => {
                let expiration = time(&text).ok_or("the expiration that it prints is no time")?;
                Ok(credentials.expires_at(expiration))
            }
        }
    }
}

impl CredentialsProvider for External {
    fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        // Arguments may be secrets.
        Box::pin(async { self.run().await.map_err(|why| CredentialsError::broken("its process_command", why)) })
    }
}
