aliyun_codegen_macros::client!("ui/services/one_fault");
