//! Facts of an operation and its service, as generated code states them.

use aliyun_protocol::gateway;
pub use aliyun_protocol::gateway::ErrorFacts;
use aliyun_protocol::{By, Method};

use crate::generated::field::Fields;
use crate::generated::slot::{Place, Record};

/// A service: what all its operations share.
pub trait Service: Send + Sync + 'static {
    /// Its facts.
    const FACTS: &'static ServiceFacts;
}

/// Facts about a service.
#[derive(Debug)]
#[non_exhaustive]
pub struct ServiceFacts {
    /// Product code, such as `Dyvmsapi`.
    pub product: &'static str,
    /// API version, such as `2017-05-25`.
    pub version: &'static str,
    /// The host without a region; empty if every region has its own.
    pub endpoint: &'static str,
    /// Whether `endpoint` also serves regions that are not listed.
    pub serves_all: bool,
    /// Regions, and their hosts.
    pub regions: &'static [(&'static str, &'static str)],
    /// Regions with a host inside their VPC, and that host.
    pub vpc: &'static [(&'static str, &'static str)],
    /// Members that every response has.
    pub envelope: EnvelopeFacts,
    /// What errors say of operations that call somebody.
    pub call: Words,
    /// What errors say of operations that send somebody a message.
    pub message: Words,
    /// Documented codes.
    pub errors: &'static [ErrorFacts],
}

/// The members of a response that state its outcome.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnvelopeFacts {
    /// Member with the service's code; empty if there is none.
    pub code: &'static str,
    /// Member with the message; empty if there is none.
    pub message: &'static str,
    /// Member with the request id; empty if there is none.
    pub request_id: &'static str,
    /// Codes that mean success. Without them a code means nothing.
    pub success: &'static [&'static str],
    /// Boolean member that decides, whatever the code; empty if there is none.
    pub ok: &'static str,
}

impl ServiceFacts {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        product: &'static str,
        version: &'static str,
        endpoint: &'static str,
        envelope: EnvelopeFacts,
        errors: &'static [ErrorFacts],
    ) -> Self {
        Self {
            product,
            version,
            endpoint,
            serves_all: false,
            regions: &[],
            vpc: &[],
            envelope,
            call: Words::of(By::Call),
            message: Words::of(By::Message),
            errors,
        }
    }

    /// The default host also serves regions that are not listed.
    #[doc(hidden)]
    #[must_use]
    pub const fn serves_all(mut self) -> Self {
        self.serves_all = true;
        self
    }

    /// The hosts of regions.
    #[doc(hidden)]
    #[must_use]
    pub const fn regions(mut self, hosts: &'static [(&'static str, &'static str)]) -> Self {
        self.regions = hosts;
        self
    }

    /// These regions have a host inside their VPC.
    #[doc(hidden)]
    #[must_use]
    pub const fn vpc(mut self, hosts: &'static [(&'static str, &'static str)]) -> Self {
        self.vpc = hosts;
        self
    }

    /// The words for operations that reach a person in this way: what may be, and what is certain if nobody was reached.
    #[doc(hidden)]
    #[must_use]
    pub const fn wording(mut self, by: By, maybe: &'static str, nobody: &'static str) -> Self {
        let words = Words { maybe, nobody };
        match by {
            By::Call => self.call = words,
            By::Message => self.message = words,
        }
        self
    }

    pub(crate) const fn words(&self, by: By) -> Words {
        match by {
            By::Call => self.call,
            By::Message => self.message,
        }
    }

    /// What is known of a code, of the service or of the gateway, and whether it is listed itself.
    pub(crate) fn error(&self, code: &str) -> Option<(&'static ErrorFacts, bool)> {
        gateway::find(self.errors, code)
    }
}

impl EnvelopeFacts {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(
        code: &'static str,
        message: &'static str,
        request_id: &'static str,
        success: &'static [&'static str],
        ok: &'static str,
    ) -> Self {
        Self { code, message, request_id, success, ok }
    }
}

/// Whom an operation reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reach {
    /// How it reaches them.
    pub by: By,
    /// The parameter that says who is reached.
    pub whom: &'static str,
    /// What errors say.
    pub words: Words,
}

/// What errors say of an operation that reaches a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// What may be if somebody may have been reached, and what to do.
    pub maybe: &'static str,
    /// What is certain if nobody was reached.
    pub nobody: &'static str,
}

impl Words {
    /// General words.
    #[must_use]
    pub const fn of(by: By) -> Self {
        match by {
            By::Call => Self {
                maybe: "somebody may have been called, so find out before you call again",
                nobody: "nobody is called",
            },
            By::Message => Self {
                maybe: "a message may have been sent, so find out before you send it again",
                nobody: "no message is sent",
            },
        }
    }
}

/// A request of one operation. Generated; not meant to be implemented by hand.
pub trait Operation: Fields + Send + Sync + 'static {
    /// Its facts.
    const FACTS: Facts;
    /// The service of the operation. Clients of other services do not accept the request.
    type Service: Service;
    /// Its response.
    type Output: Record + Default + Send + Sync + 'static;
}

/// Facts about an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Facts {
    /// Its name on the wire.
    pub action: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Whether requests are signed.
    pub signed: bool,
    /// The members of its responses that state their outcome, in place of those of the service.
    pub envelope: Option<&'static EnvelopeFacts>,
    /// Whether it only reads. Such an operation is idempotent.
    pub reads: bool,
    /// Whether it can be sent twice without harm.
    pub idempotent: bool,
    /// Whom the operation reaches, if it reaches a person.
    pub reaches: Option<Reach>,
    /// The response member that every success has: the id of what was started. A success without it has an unknown
    /// outcome.
    pub id: Option<&'static str>,
    /// Documented requests per second of one account.
    pub per_second: Option<u32>,
}

impl Facts {
    /// An operation that is sent by POST, must not be sent twice, and reaches nobody.
    #[must_use]
    pub const fn operation(action: &'static str) -> Self {
        Self {
            action,
            method: Method::Post,
            signed: true,
            envelope: None,
            reads: false,
            idempotent: false,
            reaches: None,
            id: None,
            per_second: None,
        }
    }

    /// It only reads, so it can be sent twice without harm.
    #[must_use]
    pub const fn reads(mut self) -> Self {
        self.reads = true;
        self.idempotent = true;
        self
    }

    /// Whether it can be sent twice: never if it reaches a person, whatever else is stated.
    pub(crate) const fn is_repeatable(self) -> bool {
        self.idempotent && self.reaches.is_none()
    }

    /// It can be sent twice without harm.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// It reaches the person that this parameter names. Errors say so in general words.
    #[must_use]
    pub const fn reaches(mut self, by: By, whom: &'static str) -> Self {
        self.reaches = Some(Reach { by, whom, words: Words::of(by) });
        self
    }

    /// Errors say it in these words.
    #[must_use]
    pub const fn worded(mut self, words: Words) -> Self {
        if let Some(reach) = &mut self.reaches {
            reach.words = words;
        }
        self
    }

    /// For generated code: the words of the service.
    #[doc(hidden)]
    #[must_use]
    pub const fn of<S: Service>(self) -> Self {
        match self.reaches {
            Some(reach) => self.worded(S::FACTS.words(reach.by)),
            None => self,
        }
    }

    /// Every success has this response member, the id of what was started.
    #[must_use]
    pub const fn id(mut self, member: &'static str) -> Self {
        self.id = Some(member);
        self
    }

    /// An account may send this number of requests per second.
    #[must_use]
    pub const fn per_second(mut self, requests: u32) -> Self {
        self.per_second = Some(requests);
        self
    }

    /// Its name on the wire, where that cannot be the name of the request.
    #[must_use]
    pub const fn action(mut self, action: &'static str) -> Self {
        self.action = action;
        self
    }

    /// It is sent by this method.
    #[must_use]
    pub const fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Its requests are not signed, so no credentials are needed.
    #[must_use]
    pub const fn unsigned(mut self) -> Self {
        self.signed = false;
        self
    }

    /// These members of its responses state their outcome.
    #[must_use]
    pub const fn envelope(mut self, envelope: &'static EnvelopeFacts) -> Self {
        self.envelope = Some(envelope);
        self
    }
}

/// A request whose response is a page. Generated.
pub trait Paged: Operation + Clone {
    /// How its pages are requested.
    const PAGING: Paging;
    /// The item of a page.
    type Item: Send + 'static;

    /// Sets the parameters that paging requires.
    #[inline]
    fn prepare(&mut self) {}
    /// The parameter that moves.
    fn position(&mut self) -> Place<'_>;
    /// The items of a page.
    fn items(page: Self::Output) -> Vec<Self::Item>;
}

/// How the pages of an operation are requested. Paths are dotted wire names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// What the moving parameter counts.
    pub step: Step,
    /// Path of the items in the response.
    pub items: &'static str,
    /// Path of the number of all items in the response.
    pub total: Option<&'static str>,
}

/// What the moving parameter of a paged operation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Pages; the number is that of the first page.
    Page(i64),
    /// Rows skipped; the number is where the first page begins.
    Offset(i64),
    /// A token: the response has the value for the next page, at this path.
    Token(&'static str),
}

impl Paging {
    /// Pages of the items at a path.
    #[must_use]
    pub const fn of(items: &'static str, step: Step) -> Self {
        Self { step, items, total: None }
    }

    /// The response announces the number of all items at this path.
    #[must_use]
    pub const fn total(mut self, path: &'static str) -> Self {
        self.total = Some(path);
        self
    }
}
