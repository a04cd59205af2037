//! The declarative specification of Alibaba Cloud operations, and the only reader of it.
//!
//! One JSON file describes one operation, `service.json` what all operations of a product share. [`load`] reads
//! such a folder, and [`parse`] such texts: they report every [`Fault`] with line and column, and hand out a
//! [`model::Service`] with the operations that have none. The specification of the voice service is embedded:
//! [`dyvmsapi`]. [`wire`] holds the parameters of a request against a checked operation.
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
mod keys;
mod layout;
mod load;
pub mod model;
pub mod name;
mod parse;
mod prose;
mod rate;
mod read;
mod schema;
pub mod suggest;
mod text;
pub mod types;
pub mod wire;

pub use embedded::{EmbeddedService, dyvmsapi, embedded, nearest_id, service};
pub use fault::Fault;
pub use layout::format;
pub use load::{Loaded, SourceFile, load, parse};
pub use schema::schema;
