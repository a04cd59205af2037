//! `dyvms receipts poll`.

use aliyun_receipts::{Consumer, FileInbox, dybaseapi};
use aliyun_runtime::credentials::Profile;
use dyvmsapi::receipt::KINDS;

use super::Sink;
use super::exec::Follower;
use crate::failure::Failure;
use crate::interrupt::interruption;
use crate::notice;

/// Options of `dyvms receipts poll`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// The queue, as the console shows its name; it ends with the kind of the receipts
    #[arg(long, value_name = "NAME")]
    queue: String,
    /// Kind of the receipts; by default the end of the queue's name
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Use this profile of the aliyun command or of the credentials file
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Ask for keys, and receive, at this URL: that of an emulator
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Receive from queues at this URL; by default that of the Chinese site
    #[arg(long, value_name = "URL")]
    queue_endpoint: Option<String>,
    #[command(flatten)]
    sink: Sink,
}

/// Polls until it is interrupted.
pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let kind = match &options.kind {
        Some(kind) => kind.clone(),
        None => kind_of(&options.queue)?,
    };
    let mut client = dybaseapi::Client::builder();
    if let Some(profile) = &options.profile {
        client = client.credentials(Profile::named(profile));
    }
    if let Some(endpoint) = &options.endpoint {
        client = client.endpoint(endpoint);
    }
    let client = client.build().map_err(|error| Failure::call(error, false))?;
    let inbox = FileInbox::open(&options.sink.out).map_err(Failure::Inbox)?;
    let interrupted = interruption().map_err(|error| Failure::system("cannot wait for an interrupt", error))?;
    let follower = Follower::start(&options.sink);
    let mut consumer = Consumer::new(client, kind, &options.queue, inbox).map_err(Failure::Queue)?;
    if let Some(endpoint) = options.queue_endpoint.as_ref().or(options.endpoint.as_ref()) {
        consumer = consumer.endpoint(endpoint).map_err(Failure::Queue)?;
    }
    let consumer =
        consumer.kinds(KINDS).on_new(follower.listener()).on_problem(|problem| notice::error(&problem.to_string()));
    notice::note(&format!("receives from {}; Ctrl-C ends it", options.queue));
    let polled = consumer.run(interrupted).await;
    // Its listeners are gone then.
    drop(consumer);
    follower.finish().await;
    polled.map_err(Failure::Queue)
}

/// The kind that the name of a queue ends with.
fn kind_of(queue: &str) -> Result<String, Failure> {
    let known = KINDS.iter().find(|kind| queue.strip_suffix(kind.name).is_some_and(|before| before.ends_with('-')));
    known.map(|kind| kind.name.to_owned()).ok_or_else(|| {
        let kinds = KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
        Failure::Usage(format!("--queue: the name does not end with one of {kinds}; --kind says which receipts it has"))
    })
}
