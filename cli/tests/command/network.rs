//! The proxies of the environment, and that no secret of an address is shown.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::support::{Outcome, ServerProcess, command, outcome, with_key};

const DIAL: &[&str] = &["call", "SingleCallByTts", "--CalledNumber", "13000000000", "--TtsCode", "TTS_10001"];

fn dial(options: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let mut command = with_key(&[DIAL, options].concat(), "testid", "testsecret");
    command.envs(variables.iter().copied());
    outcome(command)
}

#[test]
fn an_address_that_cannot_be_read_is_not_shown() {
    for address in [
        "http://user:hunter2?x@127.0.0.1:9",
        "http://user:hunter2/x@127.0.0.1:9",
        "socks5://user:hunter2#x@127.0.0.1:9",
    ] {
        for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            let outcome = dial(&[], &[(name, address)]);
            assert_eq!(outcome.status, Some(2), "{}", outcome.notices);
            assert!(outcome.notices.contains(&format!("the environment variable {name} cannot be used: it has ")));
            assert!(!outcome.notices.contains("hunter2"), "{}", outcome.notices);
        }
        let outcome = dial(&["--endpoint", address], &[]);
        assert_eq!(outcome.status, Some(2), "{}", outcome.notices);
        assert!(!outcome.notices.contains("hunter2"), "{}", outcome.notices);

        let mut without_key = command(&[DIAL, &["--endpoint", "http://127.0.0.1:9"]].concat());
        without_key.env("ALIBABA_CLOUD_CREDENTIALS_URI", address);
        let outcome = self::outcome(without_key);
        assert_eq!(outcome.status, Some(6), "{}", outcome.notices);
        assert!(!outcome.notices.contains("hunter2"), "{}", outcome.notices);
    }
}

#[test]
fn a_proxy_for_other_targets_does_not_matter() {
    let emulator = ServerProcess::start(&[]);
    let outcome = dial(&["--endpoint", &emulator.url], &[("ALL_PROXY", "http://user:hunter2?x@127.0.0.1:9")]);
    assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
    // Nobody listens at the proxy for HTTPS, which is asked although that for HTTP is unusable.
    let outcome = dial(&[], &[("HTTP_PROXY", "ftp://user:hunter2@127.0.0.1:9"), ("HTTPS_PROXY", "127.0.0.1:9")]);
    assert_eq!(outcome.status, Some(4), "{}", outcome.notices);
    assert!(outcome.notices.contains("caused by: through the proxy http://127.0.0.1:9\n"), "{}", outcome.notices);
}

#[test]
fn a_socks_proxy_of_the_environment_is_used() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("socks5h://user:hunter2@{}", proxy.local_addr().unwrap());
    let greeted = std::thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).unwrap();
        // No way to log in is acceptable.
        stream.write_all(&[5, 0xff]).unwrap();
        greeting
    });
    let outcome = dial(&["--no-retry"], &[("ALL_PROXY", &address)]);
    assert_eq!(outcome.status, Some(4), "{}", outcome.notices);
    assert!(outcome.notices.contains("SOCKS error") && !outcome.notices.contains("hunter2"), "{}", outcome.notices);
    assert_eq!(greeted.join().unwrap(), [5, 1, 2]);
}
