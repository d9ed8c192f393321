//! The programs that tests drive, and how to get them.

use std::process::Command;

use anyhow::{Result, bail};

use crate::progress::Step;
use crate::{command, program};

/// A program, the Debian package that has it, and who needs it.
struct Need {
    program: &'static str,
    package: &'static str,
    reason: &'static str,
}

const NEEDS: [Need; 8] = [
    Need {
        program: "chromium",
        package: "chromium",
        reason: "opens the page",
    },
    Need {
        program: "chromedriver",
        package: "chromium-driver",
        reason: "drives Chromium",
    },
    Need {
        program: "python3",
        package: "python3",
        reason: "runs the tutorial's scripts against the host",
    },
    Need {
        program: "nc",
        package: "netcat-openbsd",
        reason: "talks to the echo server as a reader's terminal does",
    },
    Need {
        program: "socat",
        package: "socat",
        reason: "talks to the echo server over IPv4 and IPv6",
    },
    Need {
        program: "curl",
        package: "curl",
        reason: "reads the host's routes",
    },
    Need {
        program: "tshark",
        package: "tshark",
        reason: "reads our captures",
    },
    Need {
        program: "wasm-opt",
        package: "binaryen",
        reason: "makes the wasm as small as it is shipped",
    },
];

/// Installs what is missing, when this is Debian and we are root; says the command otherwise.
///
/// # Errors
/// When something is missing and cannot be installed from here.
pub(super) fn install() -> Result<()> {
    let missing: Vec<&Need> = NEEDS
        .iter()
        .filter(|need| program::find(need.program).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for Need {
        program, reason, ..
    } in &missing
    {
        eprintln!("    missing: {program}, which {reason}");
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let by_hand = format!("apt-get install --yes {}", packages.join(" "));
    if program::find("apt-get").is_none() {
        bail!(
            "there is no apt-get here; install by hand what Debian has as: {}",
            packages.join(" ")
        );
    }
    if command::read(Command::new("id").arg("-u"))?.trim() != "0" {
        bail!("not root, so nothing was installed; run: sudo {by_hand}");
    }
    let step = Step::start(by_hand);
    command::read(apt_get().arg("update"))?;
    command::read(apt_get().args(["install", "--yes"]).args(&packages))?;
    step.done("installed");
    Ok(())
}

fn apt_get() -> Command {
    let mut apt_get = Command::new("apt-get");
    // A question that nobody is there to answer would hang the run.
    apt_get
        .env("DEBIAN_FRONTEND", "noninteractive")
        .arg("--quiet");
    apt_get
}
