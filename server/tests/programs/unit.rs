//! The units of `server/deploy`, read by systemd.

use std::process::Command;

use crate::proxies::shipped;

#[test]
fn the_unit_is_well_formed_and_hardened() {
    let folder = tempfile::tempdir().unwrap();
    let unit = std::fs::read_to_string(shipped("udp-echo.service")).unwrap();
    let program = "/usr/local/bin/udp-echo";
    assert!(unit.contains(program));
    let path = folder.path().join("udp-echo.service");
    std::fs::write(&path, unit.replace(program, "/bin/true")).unwrap();
    let analyze = |arguments: &[&str]| {
        let done = Command::new("systemd-analyze")
            .args(arguments)
            .arg(&path)
            .output();
        let done = done.unwrap();
        assert!(done.status.success(), "{arguments:?}: {done:?}");
        assert!(done.stderr.is_empty(), "{arguments:?}: {done:?}");
    };
    // Systemd looks for the service of a socket beside it.
    let socket = std::fs::read_to_string(shipped("udp-echo.socket")).unwrap();
    std::fs::write(folder.path().join("udp-echo.socket"), socket).unwrap();
    let socket = folder.path().join("udp-echo.socket");
    analyze(&["verify", socket.to_str().unwrap()]);
    analyze(&["security", "--offline=true", "--threshold=15", "--no-pager"]);
}
