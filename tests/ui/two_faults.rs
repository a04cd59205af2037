aliyun_codegen_macros::client!("ui/services/two_faults");
