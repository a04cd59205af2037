aliyun_codegen_macros::client!(dyvmsapi, operation = QueryRobotTaskCallList);
