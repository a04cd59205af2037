//! Running the command.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

pub(crate) const LIST: &[&str] = &["call", "QueryRobotTaskCallList", "--TaskId", "1045001"];

pub(crate) struct Outcome {
    pub(crate) status: Option<i32>,
    pub(crate) output: String,
    pub(crate) notices: String,
}

/// The command without what the environment would add to it.
pub(crate) fn command(arguments: &[&str]) -> Command {
    without_environment(env!("CARGO_BIN_EXE_dyvms"), arguments)
}

fn without_environment(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let known = name.to_string_lossy().to_ascii_uppercase();
        let is_locale = known.starts_with("LC_") || known == "LANG";
        if known.starts_with("ALIBABA_CLOUD_") || known.ends_with("_PROXY") || is_locale {
            command.env_remove(name);
        }
    }
    // Credentials are looked for in files and at the metadata service of a cloud machine, too.
    command.env("HOME", env!("CARGO_TARGET_TMPDIR")).env("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    command
}

pub(crate) fn with_key(arguments: &[&str], id: &str, secret: &str) -> Command {
    let mut command = command(arguments);
    command.env("ALIBABA_CLOUD_ACCESS_KEY_ID", id).env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret);
    command
}

pub(crate) fn outcome(mut command: Command) -> Outcome {
    let output = command.output().unwrap();
    Outcome {
        status: output.status.code(),
        output: String::from_utf8(output.stdout).unwrap(),
        notices: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The same command in a shell that lets no file grow beyond this size, in blocks of 512 or 1024 bytes.
#[cfg(unix)]
pub(crate) fn limited(command: &Command, blocks: u32) -> Command {
    let mut shell = Command::new("sh");
    // The signal would end the process before it could say anything.
    let script = format!(r#"trap "" XFSZ; ulimit -f {blocks}; exec "$0" "$@""#);
    shell.args(["-c", &script]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// A command line that cannot be meant: exit status 2, and nothing on standard output.
pub(crate) fn refused(arguments: &[&str]) -> String {
    let outcome = outcome(command(arguments));
    assert_eq!((outcome.status, outcome.output.as_str()), (Some(2), ""), "{}", outcome.notices);
    outcome.notices
}

/// An emulator, or another server of the command, in a process of its own.
pub(crate) struct ServerProcess {
    pub(crate) child: Child,
    pub(crate) output: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl ServerProcess {
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::of(command(&[&["emulator", "--port", "0"], options].concat()))
    }

    /// Starts a command whose first line is its address.
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        output.read_line(&mut url).unwrap();
        let (scheme, address) = url.split_once("://").unwrap_or_default();
        assert!(["http", "https"].contains(&scheme) && address.starts_with("127.0.0.1:"), "{url:?}");
        assert!(url.ends_with('\n'), "{url:?}");
        let url = url.trim_end().to_owned();
        Self { child, output, url }
    }

    /// Calls it with its default key.
    pub(crate) fn call(&self, arguments: &[&str]) -> Outcome {
        outcome(with_key(&[&["call"], arguments, &["--endpoint", &self.url]].concat(), "testid", "testsecret"))
    }

    /// Sends an HTTP request: status and body of the answer.
    pub(crate) fn http(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let (head, body) = self.exchange(method, path, &format!("Host: {}\r\n{headers}", self.address()), body);
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
    }

    /// Where it listens: host and port.
    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// Sends an HTTP request with these headers: head and body of the answer.
    pub(crate) fn exchange(&self, method: &str, path: &str, headers: &str, body: &str) -> (String, String) {
        let mut stream = self.send(method, path, headers, body);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    /// Sends an HTTP request with these headers, and does not read the answer.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n{headers}");
        write!(stream, "{head}Content-Length: {length}\r\n\r\n{body}").unwrap();
        stream
    }

    /// Ends it: what it said on standard error.
    pub(crate) fn said(mut self) -> String {
        self.child.kill().unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that gives these answers, then reads a further request and does not answer it.
pub(crate) struct Stalling {
    pub(crate) url: String,
    /// Gets a message when that request is there.
    stalled: mpsc::Receiver<TcpStream>,
}

impl Stalling {
    pub(crate) fn serve(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, stalled) = mpsc::channel();
        std::thread::spawn(move || {
            let mut answers = answers.into_iter();
            for stream in listener.incoming().flatten() {
                if read_request(&stream).is_none() {
                    continue;
                }
                match answers.next() {
                    Some(answer) => answer_with(&stream, 200, &answer),
                    None => return sender.send(stream).unwrap(),
                }
            }
        });
        Self { url, stalled }
    }

    /// Waits for the request that is not answered. It stays open until the result is dropped.
    pub(crate) fn stalled(&self) -> TcpStream {
        self.stalled.recv_timeout(Duration::from_secs(30)).unwrap()
    }
}

/// The body of a request; `None` if there is none.
fn read_request(stream: &TcpStream) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or_default() <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() || length == 0 {
        return None;
    }
    Some(String::from_utf8(body).unwrap())
}

fn answer_with(mut stream: &TcpStream, status: u16, answer: &str) {
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
    // Whoever asked may be gone.
    let _ = stream.write_all((head + answer).as_bytes());
}

/// A server that gives these answers, one after the other, and the last one for ever.
pub(crate) struct Canned {
    pub(crate) url: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Canned {
    /// Each answer is a status and a body; status 0 closes the connection instead.
    pub(crate) fn serve(answers: Vec<(u16, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&bodies);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(body) = read_request(&stream) else { continue };
                let mut seen = seen.lock().unwrap();
                let (status, answer) = &answers[seen.len().min(answers.len() - 1)];
                seen.push(body);
                if *status != 0 {
                    answer_with(&stream, *status, answer);
                }
            }
        });
        Self { url, bodies }
    }

    pub(crate) fn ok(body: &str) -> Self {
        Self::serve(vec![(200, body.to_owned())])
    }

    pub(crate) fn call(&self, arguments: &[&str]) -> Outcome {
        outcome(with_key(&[&["call"], arguments, &["--endpoint", &self.url]].concat(), "testid", "testsecret"))
    }

    /// Calls it from a shell, which redirects the output: the exit status, and what is said.
    pub(crate) fn call_redirected(&self, arguments: &[&str], redirection: &str) -> (Option<i32>, String) {
        let script = format!(r#"exec "$0" "$@" {redirection}"#);
        let call = [&["-c", &script, env!("CARGO_BIN_EXE_dyvms"), "call"], arguments, &["--endpoint", &self.url]];
        let mut shell = without_environment("sh", &call.concat());
        shell.env("ALIBABA_CLOUD_ACCESS_KEY_ID", "testid").env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret");
        let ended = outcome(shell);
        (ended.status, ended.notices)
    }

    /// A parameter of each request, decoded.
    pub(crate) fn sent(&self, name: &str) -> Vec<Option<String>> {
        let bodies = self.bodies.lock().unwrap();
        let value =
            |body: &String| body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(decoded));
        bodies.iter().map(value).collect()
    }
}

fn decoded(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}
