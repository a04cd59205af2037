//! A client of the international voice service, generated from the folder `spec`.

aliyun_codegen_macros::client!("spec");
