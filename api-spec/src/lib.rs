//! Specifications of Alibaba Cloud operations: how they are read and checked, and the model that they are read into.
//!
//! Each operation has a JSON file, and `service.json` describes what all operations of a product share. [`load`] reads a
//! folder and [`parse`] reads texts. Both report every [`Fault`] with its line and column, and return a [`model::Service`]
//! with the operations that have no fault. The specification of the voice service is embedded: [`dyvmsapi`].
//!
//! [`types`] resolves the names of types and follows paths through them. [`wire`] checks the parameters of a request against
//! an operation.
//!
//! ```
//! let service = aliyun_api_spec::dyvmsapi();
//! let operation = service.operation("QueryRobotTaskCallList");
//! assert!(operation.is_some_and(|operation| operation.idempotent));
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod bounds;
mod check;
mod embedded;
mod fault;
mod fit;
mod form;
pub mod json;
mod keys;
mod layout;
mod load;
pub mod model;
pub mod name;
mod prose;
mod rate;
mod read;
mod schema;
pub mod suggest;
mod text;
pub mod types;
pub mod wire;
mod xml;

pub use embedded::{EmbeddedService, dyvmsapi, embedded, nearest_id, service};
pub use fault::{Fault, Report};
pub use layout::format;
pub use load::{Loaded, SourceFile, load, parse};
pub use schema::schema;
pub use xml::root as xml_root;
