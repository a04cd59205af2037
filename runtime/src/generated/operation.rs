//! What generated code says of an operation and its service: facts, and nothing that acts.

use aliyun_protocol::{Method, RefusalKind};

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
    /// Host that is called unless the client was told another.
    pub endpoint: &'static str,
    /// Regions with a host of their own, and that host; the others are served by `endpoint`.
    pub regions: &'static [(&'static str, &'static str)],
    /// Regions whose VPCs have a host of their own, and that host.
    pub vpc: &'static [(&'static str, &'static str)],
    /// Members that every answer carries.
    pub envelope: EnvelopeFacts,
    /// Codes that are documented.
    pub errors: &'static [ErrorFacts],
}

/// What is documented of a code with which a service refuses.
#[derive(Debug)]
pub struct ErrorFacts {
    codes: &'static [&'static str],
    pub(crate) kind: Option<RefusalKind>,
    pub(crate) advice: &'static str,
    /// Whether it is known to be a refusal only with an HTTP status of 4xx.
    pub(crate) only_4xx: bool,
}

impl ErrorFacts {
    /// For generated code: the code and its other spellings, of which one that ends with `*` stands for every code that
    /// begins so; what a client makes of it; what to do.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(codes: &'static [&'static str], kind: Option<RefusalKind>, advice: &'static str) -> Self {
        Self { codes, kind, advice, only_4xx: false }
    }

    /// The code is known to be a refusal only with an HTTP status of 4xx.
    #[doc(hidden)]
    #[must_use]
    pub const fn only_4xx(mut self) -> Self {
        self.only_4xx = true;
        self
    }
}

/// Which members of an answer tell success.
#[derive(Debug)]
#[non_exhaustive]
pub struct EnvelopeFacts {
    /// Member with the service's code; empty if there is none.
    pub code: &'static str,
    /// Member with the code in words; empty if there is none.
    pub message: &'static str,
    /// Member with the request id.
    pub request_id: &'static str,
    /// Codes that mean success.
    pub success: &'static [&'static str],
    /// Boolean member whose `false` means failure; empty if there is none.
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
        Self { product, version, endpoint, regions: &[], vpc: &[], envelope, errors }
    }

    /// These regions have hosts of their own.
    #[doc(hidden)]
    #[must_use]
    pub const fn regions(mut self, hosts: &'static [(&'static str, &'static str)]) -> Self {
        self.regions = hosts;
        self
    }

    /// These regions have hosts within a VPC.
    #[doc(hidden)]
    #[must_use]
    pub const fn vpc(mut self, hosts: &'static [(&'static str, &'static str)]) -> Self {
        self.vpc = hosts;
        self
    }

    /// What is documented of a code, and whether of this very code: else it is one of a family, of which the one with
    /// the longest beginning counts.
    pub(crate) fn error(&self, code: &str) -> Option<(&'static ErrorFacts, bool)> {
        if let Some(exact) = self.errors.iter().find(|error| error.codes.contains(&code)) {
            return Some((exact, true));
        }
        let beginning = |error: &ErrorFacts| {
            let families = error.codes.iter().filter_map(|family| family.strip_suffix('*'));
            families.filter(|family| code.starts_with(family)).map(str::len).max()
        };
        let families = self.errors.iter().filter_map(|error| Some((beginning(error)?, error)));
        families.max_by_key(|(length, _)| *length).map(|(_, error)| (error, false))
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

/// A request of one operation. Generated; not meant to be implemented by hand.
pub trait Operation: Fields + Send + Sync + 'static {
    /// Its facts.
    const FACTS: Facts;
    /// The service it belongs to: a client of another service does not take it.
    type Service: Service;
    /// Its answer.
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
    /// Whether it only reads. Such an operation is idempotent.
    pub reads: bool,
    /// Whether it may be repeated without harm.
    pub idempotent: bool,
    /// The parameter that says who is rung, if it rings someone.
    pub dials: Option<&'static str>,
    /// The response member that every success carries: the id of what was started. A success without it is not one that is
    /// known.
    pub id: Option<&'static str>,
    /// Documented requests per second of one account.
    pub per_second: Option<u32>,
}

impl Facts {
    /// An operation that is sent by POST, must not be repeated and rings nobody.
    #[must_use]
    pub const fn operation(action: &'static str) -> Self {
        Self { action, method: Method::Post, reads: false, idempotent: false, dials: None, id: None, per_second: None }
    }

    /// It only reads, so it may be repeated without harm.
    #[must_use]
    pub const fn reads(mut self) -> Self {
        self.reads = true;
        self.idempotent = true;
        self
    }

    /// Whatever else is said of it, what rings a phone is not repeated.
    pub(crate) const fn is_repeatable(self) -> bool {
        self.idempotent && self.dials.is_none()
    }

    /// It may be repeated without harm.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// It rings whom this parameter names.
    #[must_use]
    pub const fn dials(mut self, parameter: &'static str) -> Self {
        self.dials = Some(parameter);
        self
    }

    /// Every success carries this response member, the id of what was started.
    #[must_use]
    pub const fn id(mut self, member: &'static str) -> Self {
        self.id = Some(member);
        self
    }

    /// One account may call it so many times a second.
    #[must_use]
    pub const fn per_second(mut self, requests: u32) -> Self {
        self.per_second = Some(requests);
        self
    }

    /// It is sent by GET.
    #[must_use]
    pub const fn get(mut self) -> Self {
        self.method = Method::Get;
        self
    }
}

/// A request whose answer is a page of many. Generated.
pub trait Paged: Operation + Clone {
    /// How its pages are turned.
    const PAGING: Paging;
    /// What a page holds.
    type Item: Send + 'static;

    /// Sets what must be asked for so that pages can be counted.
    #[inline]
    fn prepare(&mut self) {}
    /// The parameter that moves.
    fn position(&mut self) -> Place<'_>;
    /// The items of a page.
    fn items(page: Self::Output) -> Vec<Self::Item>;
}

/// How the pages of an operation are turned. Paths are dotted wire names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// What the moving parameter counts.
    pub step: Step,
    /// Path of the answer's items.
    pub items: &'static str,
    /// Path of the answer's number of all items.
    pub total: Option<&'static str>,
}

/// What the moving parameter of a paged operation counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Pages; the number is that of the first page.
    Page(i64),
    /// Rows skipped; the number is where the first page begins.
    Offset(i64),
    /// Nothing: the answer brings the value for the next page, at this path.
    Token(&'static str),
}

impl Paging {
    /// Pages of the items at a path.
    #[must_use]
    pub const fn of(items: &'static str, step: Step) -> Self {
        Self { step, items, total: None }
    }

    /// The answer announces the number of all items at this path.
    #[must_use]
    pub const fn total(mut self, path: &'static str) -> Self {
        self.total = Some(path);
        self
    }
}
