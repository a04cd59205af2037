aliyun_codegen_macros::client!(dyvmsapi, operations = [QueryRobotTaskCalList]);
