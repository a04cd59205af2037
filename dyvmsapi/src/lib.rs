//! Unofficial client of Alibaba Cloud's voice service (Dyvmsapi 2017-05-25).

pub use aliyun_runtime::{
    Call, Client as ServiceClient, ClientBuilder, Credentials, CredentialsError, CredentialsProvider, Error, ErrorKind,
    Format, Items, Pages, Sent, Transport, Value,
};

aliyun_codegen_macros::client!(dyvmsapi);
