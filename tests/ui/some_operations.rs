mod voice {
    aliyun_codegen_macros::client!(dyvmsapi, operations = [QueryRobotTaskCallList]);
}

fn main() {
    let request = voice::robot::QueryRobotTaskCallList::new().page_no(1);
    assert_eq!(request.page_no, Some(1));
}
