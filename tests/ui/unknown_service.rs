aliyun_codegen_macros::client!(dysmsapi);
