use super::*;

#[test]
fn only_loopback_peers_control_unless_said_otherwise() {
    let controls = |emulator: &Emulator, peer: &str| Connection::new(emulator, peer.parse().unwrap()).controls;
    let emulator = Emulator::new(crate::specimen::service());
    assert!(controls(&emulator, "127.0.0.2:1"));
    assert!(controls(&emulator, "[::1]:1"));
    assert!(controls(&emulator, "[::ffff:127.0.0.1]:1"));
    assert!(!controls(&emulator, "192.0.2.1:1"));
    assert!(!controls(&emulator, "[2001:db8::1]:1"));
    let open = Emulator::builder(crate::specimen::service()).control_from_anywhere(true).build();
    assert!(controls(&open, "192.0.2.1:1"));
}
