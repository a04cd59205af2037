//! `dyvms`: calls Alibaba Cloud's voice service from a shell.
fn main() {}
