//! `dist`: the folder, the package and the host that it makes, as somebody gets them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// What `cargo xtask dist` has made, once for all tests.
fn dist() -> &'static Path {
    static DIST: OnceLock<PathBuf> = OnceLock::new();
    DIST.get_or_init(|| {
        let parts = ["dist", "--static", "--npm", "--host"];
        run(Command::new(env!("CARGO_BIN_EXE_xtask")).args(parts));
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
        target.expect("tmp lies in the target folder").join("dist")
    })
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn read(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(path: impl AsRef<Path>) -> Value {
    serde_json::from_slice(&read(path)).expect("it is JSON")
}

#[test]
fn the_folder_has_every_file_that_its_pages_name_and_the_hashes_are_true() {
    let folder = dist().join("static");
    let manifest = json(folder.join("integrity.json"));
    let versioned = folder.join(manifest["path"].as_str().unwrap());
    let hashes = manifest["files"].as_object().unwrap();
    assert!(hashes.contains_key("udp-echo.js") && hashes.len() > 8);
    for (name, hash) in hashes {
        // Somebody else's arithmetic, not that which made them.
        let mut openssl = Command::new("sh");
        openssl.args(["-c", "openssl dgst -sha256 -binary \"$0\" | openssl base64"]);
        let base64 = run(openssl.arg(versioned.join(name)));
        assert_eq!(hash, &format!("sha256-{}", base64.trim()), "{name}");
        let same = read(folder.join(name)) == read(versioned.join(name));
        assert!(same, "{name} is another file under its version");
    }
    for file in ["run/micropython.wasm", "micropython-LICENSE.txt"] {
        assert!(folder.join(file).exists(), "{file}: <udp-run> wants it");
    }
    for page in ["index.html", "embed.html"] {
        let text = String::from_utf8(read(folder.join(page))).unwrap();
        let named = text.split("=\"./").skip(1);
        let named: Vec<&str> = named.filter_map(|rest| rest.split('"').next()).collect();
        assert!(!named.is_empty());
        for path in named {
            let path = path.split(['?', '#']).next().unwrap_or_default();
            assert!(folder.join(path).exists(), "{page} names {path}");
        }
    }
    let wasm = fs::metadata(folder.join("udp-echo-web_bg.wasm"))
        .unwrap()
        .len();
    for twin in ["br", "gz"] {
        let path = folder.join(format!("udp-echo-web_bg.wasm.{twin}"));
        assert!(fs::metadata(path).unwrap().len() < wasm / 2, "{twin}");
    }
}

#[test]
fn the_package_is_installed_resolved_by_its_exports_and_harmless_on_a_server() {
    let scratch = tempfile::tempdir().unwrap();
    let package = format!("udp-echo-{}.tgz", env!("CARGO_PKG_VERSION"));
    fs::write(scratch.path().join("package.json"), "{\"private\":true}").unwrap();
    let mut npm = Command::new("npm");
    npm.args(["install", "--offline", "--no-audit", "--no-fund"]);
    run(npm.arg(dist().join(package)).current_dir(&scratch));
    let script = "const here = (name) => import.meta.resolve(name).split('/').pop();
        await import('udp-echo');
        await import('udp-echo/run');
        const { UDPSocket } = await import('udp-echo/socket');
        console.log(here('udp-echo'), here('udp-echo/run'), here('udp-echo/classic'), here('udp-echo/custom-elements.json'), here('udp-echo/socket'), typeof UDPSocket);";
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", script]);
    let said = run(node.current_dir(&scratch));
    assert_eq!(
        said.trim(),
        "server.js server.js udp-echo.classic.js custom-elements.json udp-socket.js function"
    );

    let folder = scratch.path().join("node_modules/udp-echo");
    let manifest = json(folder.join("package.json"));
    let types = |name: &str| &manifest["exports"][name]["types"];
    let others = [
        &manifest["web-types"],
        types("./jsx"),
        types("./vue"),
        types("./svelte"),
        types("./run"),
        types("./socket"),
        types("./socket/simulated"),
    ];
    for file in [&manifest["types"], &manifest["customElements"]]
        .into_iter()
        .chain(others)
    {
        assert!(folder.join(file.as_str().unwrap()).is_file(), "{file}");
    }
    // Every file of the widget that a host would serve is in it, whatever chunks there are. The race is the page's.
    let integrity = json(dist().join("static/integrity.json"));
    for name in integrity["files"].as_object().unwrap().keys() {
        let is_widget = name.starts_with("udp-echo") && !name.starts_with("udp-echo-race");
        let others = ["udp-socket", "udp-run", "run/", "micropython-LICENSE"];
        let is_of_it = is_widget || others.iter().any(|stem| name.starts_with(stem));
        if is_of_it || name == "custom-elements.json" {
            assert!(folder.join(name).exists(), "{name} is not in the package");
        }
    }
}

#[test]
fn cargo_install_gives_the_very_binary_of_dist() {
    let root = tempfile::tempdir().unwrap();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let built = read(dist().join("udp-echo"));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["install", "--locked", "--path", "server", "--root"]);
    cargo.arg(root.path()).current_dir(workspace);
    // Whoever builds it names the commit, or the version does not tell it.
    let said = run(Command::new(dist().join("udp-echo")).arg("--version"));
    let commit = said.split("(commit ").nth(1).expect("it tells the commit");
    let commit = commit.split(',').next().unwrap_or_default();
    cargo.env("UDP_ECHO_COMMIT", commit);
    run(cargo.env("CARGO_TARGET_DIR", target));
    let installed = read(root.path().join("bin/udp-echo"));
    assert!(
        installed == built,
        "{} and {} bytes",
        installed.len(),
        built.len()
    );
}
