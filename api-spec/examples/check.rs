//! scratch
fn main() {
    let mode = std::env::args().nth(1).unwrap();
    let dir = std::env::args().nth(2).unwrap();
    if mode == "check" {
        let t = std::time::Instant::now();
        let l = aliyun_api_spec::load(dir.as_ref());
        let e = t.elapsed();
        for f in &l.faults {
            println!("{f}");
        }
        println!(
            "{} files {} ops {} faults {:?}",
            l.files.len(),
            l.service.map_or(0, |s| s.operations.len()),
            l.faults.len(),
            e
        );
    } else {
        for dir in std::env::args().skip(2) {
            let text = std::fs::read_to_string(&dir).unwrap();
            let out = aliyun_api_spec::format(&dir, &text).unwrap();
            assert_eq!(aliyun_api_spec::format(&dir, &out).unwrap(), out);
            let a: serde_json::Value = serde_json::from_str(&text).unwrap();
            let b: serde_json::Value = serde_json::from_str(&out).unwrap();
            assert_eq!(a, b, "{dir}");
            if mode == "print" {
                print!("{out}");
            }
            if mode == "write" {
                std::fs::write(&dir, out).unwrap();
            }
        }
    }
}
