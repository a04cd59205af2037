//! `dyvms emulator`: a stand-in for the service on this machine.

use std::collections::HashSet;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use dyvmsapi_emulator::{Builder, DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator, Limits, Received, State};

use crate::failure::Failure;
use crate::interrupt::interruption;
use crate::{notice, spec};

/// Options of `dyvms emulator`.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Listen on this port of 127.0.0.1; 0 selects a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// Accept this access key instead of testid:testsecret; with a token it is a temporary key that does not expire; may be
    /// given several times
    // A text, because an error of the command line would show the secret.
    #[arg(long = "key", value_name = "ID:SECRET[:TOKEN]")]
    keys: Vec<String>,
    /// Serve the service of this specification folder instead of the voice service; may be given several times
    ///
    /// Each operation answers with the first successful example of its specification. This also holds for the folder of the
    /// voice service: its account is served only without --spec.
    #[arg(long = "spec", value_name = "FOLDER", conflicts_with = "state")]
    specs: Vec<PathBuf>,
    /// Initial state of the voice service's account
    #[arg(long, value_enum, default_value_t)]
    state: Data,
    /// Whether to enforce documented limits: requests per second, calls to one number
    #[arg(long, value_enum, default_value_t)]
    limits: Counting,
    /// Apply the rules in this file: responses and faults (docs/testing.md shows the format)
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Push receipts of a kind to this address, such as VoiceReport=http://127.0.0.1:8080/receipts/SECRET/voice-report; may
    /// be given several times
    // A text, because an error of the command line would show the secret.
    #[arg(long = "push", value_name = "KIND=URL")]
    pushes: Vec<String>,
    /// Put receipts of a kind into the queue of this name, such as VoiceReport=Alicom-Queue-1-VoiceReport, and serve it and
    /// its keys; may be given several times
    #[arg(long = "queue", value_name = "KIND=NAME")]
    queues: Vec<String>,
    /// Seed of random decisions: outcomes of calls, which requests a rule with a probability matches
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Start with this time instead of the system's, such as 2026-03-01T12:34:56Z: a request that was recorded then is
    /// accepted
    #[arg(long, value_name = "TIME", value_parser = time)]
    clock: Option<SystemTime>,
    /// Let this number of seconds pass in one second; with 0, time stands still until a test moves it
    #[arg(long, value_name = "N", default_value_t = 1)]
    time_scale: u32,
    /// Accept requests whose time stamp differs from the gateway's clock by at most this time
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    time_window: u32,
    /// Allow requests to ask for a fault in the header x-emulator-fault
    #[arg(long)]
    fault_header: bool,
    /// Serve HTTPS with a self-signed certificate, which is new in each run
    #[arg(long)]
    tls: bool,
    /// Write the certificate to this file as PEM, before the address is printed: clients must trust it
    #[arg(long, value_name = "FILE", requires = "tls")]
    tls_certificate: Option<PathBuf>,
    /// Do not log requests to standard error
    #[arg(long)]
    quiet: bool,
}

/// Without the secrets.
impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("port", &self.port).field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

/// The initial state of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Data {
    /// Three robot tasks with their calls, and everything that requests add
    #[default]
    Sample,
    /// Nothing at first, and everything that requests add
    Empty,
    /// Nothing at any time: each operation answers with the example of its specification
    Examples,
}

impl From<Data> for State {
    fn from(data: Data) -> Self {
        match data {
            Data::Sample => Self::Sample,
            Data::Empty => Self::Empty,
            Data::Examples => Self::Examples,
        }
    }
}

/// Whether documented limits are enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Counting {
    /// They are, in the emulator's time
    Documented,
    /// They are not
    #[default]
    Off,
}

impl From<Counting> for Limits {
    fn from(counting: Counting) -> Self {
        match counting {
            Counting::Documented => Self::Documented,
            Counting::Off => Self::Off,
        }
    }
}

pub(crate) fn time(text: &str) -> Result<SystemTime, &'static str> {
    let time: jiff::Timestamp = text.parse().map_err(|_| "expected a time such as 2026-03-01T12:34:56Z")?;
    Ok(time.into())
}

/// Serves until it is interrupted. The first line of standard output is the address.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let emulator = set_up(&options)?;
    // Before the address is printed: a reader may end this process at once.
    let interrupted = interruption().map_err(|error| Failure::system("cannot wait for an interrupt", error))?;
    let address = (Ipv4Addr::LOCALHOST, options.port);
    let server = if options.tls { emulator.serve_tls(address).await } else { emulator.serve(address).await };
    let server =
        server.map_err(|error| Failure::system(format!("cannot listen on 127.0.0.1:{}", options.port), error))?;
    if let (Some(path), Some(certificate)) = (&options.tls_certificate, server.certificate_pem()) {
        std::fs::write(path, certificate)
            .map_err(|error| Failure::system(format!("cannot write {}", path.display()), error))?;
    }
    let mut output = io::stdout();
    writeln!(output, "{}", server.url())?;
    output.flush()?;
    let key = match options.keys.len() {
        0 => format!("the access key {DEFAULT_KEY_ID} with the secret {DEFAULT_KEY_SECRET}"),
        1 => "the given access key".to_owned(),
        count => format!("the {count} given access keys"),
    };
    notice::note(&format!("it accepts {key}; Ctrl-C ends it"));
    interrupted.await;
    server.stop().await;
    Ok(())
}

fn set_up(options: &Options) -> Result<Emulator, Failure> {
    let mut builder = services(options)?
        .limits(options.limits.into())
        .seed(options.seed)
        .time_scale(options.time_scale)
        .time_window(Duration::from_secs(options.time_window.into()))
        .fault_header(options.fault_header);
    if let Some(clock) = options.clock {
        builder = builder.time_starts_at(clock);
    }
    if !options.quiet {
        let log = log().map_err(|error| Failure::system("cannot start a thread for the log", error))?;
        builder = builder.observer(log);
    }
    let mut ids = HashSet::new();
    for key in &options.keys {
        let (id, _) = key.split_once(':').unwrap_or_default();
        if !ids.insert(id) {
            return Err(Failure::Usage(format!("--key: the id {id:?} is given twice")));
        }
        builder = with_key(builder, key)?;
    }
    for push in &options.pushes {
        let (kind, address) = push.split_once('=').unwrap_or((push, ""));
        builder = builder.push_receipts(kind, address).map_err(|error| Failure::Usage(format!("--push: {error}")))?;
    }
    for queue in &options.queues {
        let named = queue.split_once('=').filter(|(kind, name)| !kind.is_empty() && !name.is_empty());
        let (kind, name) =
            named.ok_or_else(|| Failure::Usage(format!("--queue: expected KIND=NAME instead of {queue:?}")))?;
        builder = builder.queue_receipts(kind, name);
    }
    let emulator = builder.build();
    if let Some(path) = &options.rules {
        add_rules(&emulator, path)?;
    }
    Ok(emulator)
}

/// The services to emulate.
fn services(options: &Options) -> Result<Builder, Failure> {
    let Some((first, others)) = options.specs.split_first() else {
        return Ok(match spec::facts() {
            Some(_) => Emulator::builder(spec::service().clone()),
            None => dyvmsapi_emulator::builder_with(options.state.into()),
        });
    };
    others.iter().try_fold(Emulator::builder(spec::load(first)?), |builder, folder| {
        let added = builder.service(spec::load(folder)?);
        added.map_err(|error| Failure::Usage(format!("--spec {}: {error}", folder.display())))
    })
}

fn with_key(builder: Builder, key: &str) -> Result<Builder, Failure> {
    let refuse =
        || Failure::Usage("--key: expected ID:SECRET or ID:SECRET:TOKEN; the given value is not shown".to_owned());
    let parts: Vec<&str> = key.splitn(3, ':').collect();
    match parts[..] {
        _ if parts.contains(&"") => Err(refuse()),
        [id, secret] => Ok(builder.key(id, secret)),
        [id, secret, token] => Ok(builder.temporary_key(id, secret, token, end_of_time())),
        _ => Err(refuse()),
    }
}

/// The end of the year 9999: the key never expires.
fn end_of_time() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799)
}

/// Each mistake of the file is a line of its own, as editors find it.
fn add_rules(emulator: &Emulator, path: &Path) -> Result<(), Failure> {
    let name = path.display();
    let json = std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("--rules: cannot read {name}: {error}")))?;
    emulator.add_rules(&json).map(drop).map_err(|error| {
        let mistakes = error.mistakes().map(|(line, column, what)| format!("{name}:{line}:{column}: {what}"));
        Failure::Usage(mistakes.collect::<Vec<_>>().join("\nerror: "))
    })
}

/// How long a response waits until its line is written.
const PATIENCE: Duration = Duration::from_millis(100);

/// Logs a line for each request.
///
/// A separate thread writes them: the parent process may never read standard error, and a full pipe must not block
/// responses. Lines for which there is no room are dropped and counted.
fn log() -> io::Result<impl Fn(&Received) + Send + Sync> {
    let (lines, unwritten) = mpsc::sync_channel::<String>(1);
    let (done, written) = mpsc::channel();
    thread::Builder::new().name("log".to_owned()).spawn(move || {
        for line in unwritten {
            notice::log(&line);
            if done.send(()).is_err() {
                return;
            }
        }
    })?;
    let state = Mutex::new((written, 0_u64));
    Ok(move |request: &Received| {
        let (written, lost) = &mut *state.lock().unwrap_or_else(PoisonError::into_inner);
        // Lines that no response waited for.
        while written.try_recv().is_ok() {}
        let gap = match *lost {
            0 => String::new(),
            1 => "1 line was dropped, because nobody read the log\n".to_owned(),
            lost => format!("{lost} lines were dropped, because nobody read the log\n"),
        };
        if lines.try_send(gap + &line(request)).is_ok() {
            *lost = 0;
            let _ = written.recv_timeout(PATIENCE);
        } else {
            *lost += 1;
        }
    })
}

/// The line of a request, without values of parameters.
fn line(request: &Received) -> String {
    let mut line = request.to_string();
    for warning in request.warnings() {
        line.push_str("; warning: ");
        line.push_str(warning);
    }
    line
}
