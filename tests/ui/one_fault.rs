aliyun_codegen_macros::client!("ui/services/one_fault");

fn main() {
    // What has no fault is generated all the same.
    let _ = main::Fine::new();
}
