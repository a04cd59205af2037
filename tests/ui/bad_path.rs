aliyun_codegen_macros::client!("ui/services/nowhere");
