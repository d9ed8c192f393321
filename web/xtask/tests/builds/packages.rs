//! The packages for PyPI, npm and Debian, as somebody without Rust gets them: installed in a clean place, and started.

mod pod;

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread::yield_now;
use std::time::{Duration, Instant};

use test_support::program::Program;
use test_support::{PATIENCE, has};

use crate::started::{FREE, Started, reaches_the_page_and_echoes};

/// How long a package may take to be installed beside other work.
const INSTALL: Duration = Duration::from_secs(300);

/// What npm puts there for the host.
const LAUNCHER: &str = "node_modules/.bin/udp-echo-host";

fn target() -> &'static Path {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target.expect("tmp lies in the target folder")
}

/// What `cargo xtask dist` has made of these, once for all tests.
fn dist() -> PathBuf {
    static DIST: OnceLock<()> = OnceLock::new();
    DIST.get_or_init(|| {
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        println!("{}", run(xtask.args(["dist", "--wheel", "--npx", "--deb"])));
    });
    target().join("dist")
}

/// A program that `needs` installed from PyPI.
fn tool(name: &str) -> Command {
    Command::new(target().join("tools/packages/bin").join(name))
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("it starts");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stdout}{said}");
    stdout
}

/// The only file in a folder of `dist`.
fn file(folder: &str) -> PathBuf {
    let list = fs::read_dir(dist().join(folder)).expect("dist is there");
    let found: Vec<PathBuf> = list.flatten().map(|entry| entry.path()).collect();
    assert_eq!(found.len(), 1, "{folder}: {found:?}");
    found.into_iter().next().expect("there is one")
}

fn wheel() -> PathBuf {
    file("wheel")
}

/// A Python of its own, with the wheel and nothing else.
fn python_with_the_wheel(folder: &Path) -> PathBuf {
    let uv = || {
        let mut uv = tool("uv");
        uv.env("UV_CACHE_DIR", folder.join("cache"));
        uv.env("UV_PYTHON_DOWNLOADS", "never");
        uv
    };
    let venv = folder.join("venv");
    run(uv().args(["venv", "--quiet"]).arg(&venv));
    let python = venv.join("bin/python");
    let mut install = uv();
    install.args(["pip", "install", "--offline", "--quiet", "--python"]);
    run(install.arg(&python).arg(wheel()));
    python
}

#[test]
fn pipx_and_uvx_run_the_wheel_in_seconds() {
    let home = tempfile::tempdir().unwrap();
    let wheel = wheel();
    let pipx = || {
        let mut pipx = tool("pipx");
        pipx.args(["run", "--spec"]).arg(&wheel).arg("udp-echo");
        pipx.args(FREE).env("PIPX_HOME", home.path().join("pipx"));
        pipx
    };
    let uvx = || {
        let mut uvx = tool("uvx");
        uvx.args(["--offline", "--from"])
            .arg(&wheel)
            .arg("udp-echo");
        uvx.args(FREE).env("UV_CACHE_DIR", home.path().join("uv"));
        uvx.env("UV_PYTHON_DOWNLOADS", "never");
        uvx
    };
    for (name, command) in [("pipx run", &pipx as &dyn Fn() -> Command), ("uvx", &uvx)] {
        for time in ["first", "next"] {
            let took = reaches_the_page_and_echoes(command, INSTALL);
            let seconds = took.as_secs_f64();
            println!("{name}, {time} time: {seconds:.2} s to the page");
        }
    }
}

#[test]
fn python_m_udp_echo_is_the_host_with_its_commit_the_page_manual_and_completions() {
    let folder = tempfile::tempdir().unwrap();
    let python = python_with_the_wheel(folder.path());
    let module = || {
        let mut module = Command::new(&python);
        module.args(["-m", "udp_echo"]).args(FREE);
        module
    };
    reaches_the_page_and_echoes(module, PATIENCE);
    let version = run(Command::new(&python).args(["-m", "udp_echo", "--version"]));
    let mut git = Command::new("git");
    git.args(["rev-parse", "--short=12", "HEAD"]);
    let commit = run(git.current_dir(env!("CARGO_MANIFEST_DIR")));
    let commit = format!("(commit {}", commit.trim());
    assert!(version.contains(&commit), "{version}: {commit}");
    assert!(version.ends_with(" inside)\n"), "{version}");
    let share = folder.path().join("venv/share");
    for file in [
        "man/man1/udp-echo.1",
        "bash-completion/completions/udp-echo",
        "zsh/site-functions/_udp-echo",
        "fish/vendor_completions.d/udp-echo.fish",
    ] {
        assert!(share.join(file).is_file(), "{file}");
    }

    // Where the program is missing, a sentence says so.
    fs::remove_file(python.with_file_name("udp-echo")).unwrap();
    let failed = module().output().unwrap();
    let said = String::from_utf8_lossy(&failed.stderr);
    assert!(
        said.contains("install the package again") && !said.contains("Traceback"),
        "{said}"
    );
}

#[test]
fn the_wheel_brings_the_extensions_for_what_is_written_in_python() {
    let folder = tempfile::tempdir().unwrap();
    let python = python_with_the_wheel(folder.path());
    let script = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let packages = run(Command::new(python).args(["-c", script]));
    let with = |venv: &str, script: &str| {
        let python = target().join("tools").join(venv).join("bin/python");
        let mut python = Command::new(python);
        run(python
            .args(["-c", script])
            .env("PYTHONPATH", packages.trim()))
    };
    let html = with(
        "mkdocs",
        "import markdown; print(markdown.markdown('<udp-echo>\\n<pre>a\\n\\nb</pre>\\n</udp-echo>', extensions=['udp_echo']))",
    );
    assert_eq!(html.trim(), "<udp-echo>\n<pre>a\n\nb</pre>\n</udp-echo>");
    let said = with(
        "sphinx",
        "import udp_echo.sphinx; print(udp_echo.__version__)",
    );
    assert_eq!(said.trim(), env!("CARGO_PKG_VERSION"));
    let metadata = with(
        "sphinx",
        "from importlib.metadata import metadata; print(sorted(metadata('udp-echo').get_all('Provides-Extra')))",
    );
    for extra in ["'markdown'", "'notebook'", "'sphinx'"] {
        assert!(metadata.contains(extra), "{metadata}");
    }
    // What the widget of a notebook shows where no host is.
    let package = Path::new(packages.trim()).join("udp_echo");
    for name in [
        "notebook.js",
        "static/udp-echo.js",
        "static/udp-echo-web_bg.wasm",
    ] {
        assert!(package.join(name).is_file(), "the wheel lacks {name}");
    }
}

#[test]
fn the_sdist_has_the_page_inside_and_is_what_the_wheel_was_built_from() {
    let sdist = file("sdist");
    let names = run(Command::new("tar").arg("-tzf").arg(sdist));
    for name in [
        "/PKG-INFO",
        "/Cargo.lock",
        "/LICENSE-MIT",
        "/.cargo/config.toml",
        "/server/bundle/index.html",
        "/server/bundle/udp-echo-web_bg.wasm",
        "/python/udp_echo/__main__.py",
        "/udp_echo.data/data/share/man/man1/udp-echo.1",
    ] {
        assert!(names.lines().any(|line| line.ends_with(name)), "{name}");
    }
    // The wheel's binary was compiled in the folder into which `dist` had unpacked the sdist.
    let wheel = wheel();
    assert!(wheel.to_string_lossy().contains("manylinux_2_28") || !cfg!(target_os = "linux"));
}

/// A folder into which npm has installed these files, and nothing else.
fn installed_by_npm(folder: &Path, files: &[&Path]) {
    fs::write(folder.join("package.json"), "{\"private\":true}").expect("the folder takes a file");
    let mut npm = Command::new("npm");
    npm.args(["install", "--offline", "--no-audit", "--no-fund"]);
    run(npm.args(files).current_dir(folder));
}

/// The package that everybody names, and the one with the binary for this platform.
fn packages_for_npm() -> [PathBuf; 2] {
    let version = env!("CARGO_PKG_VERSION");
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let system = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        std::env::consts::OS
    };
    let platform = format!("udp-echo-host-{system}-{processor}");
    ["udp-echo-host", &platform].map(|name| dist().join(format!("{name}-{version}.tgz")))
}

fn npx(folder: &Path) -> Command {
    let mut npx = Command::new("npx");
    npx.args(["--offline", "--no", "udp-echo-host", "--"]);
    npx.args(FREE).current_dir(folder);
    npx
}

#[test]
fn npx_runs_the_host_from_the_package_of_this_platform_and_says_when_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let [host, platform] = packages_for_npm();
    installed_by_npm(folder.path(), &[&host]);
    let failed = npx(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&failed.stderr);
    assert!(
        said.contains("the package udp-echo-host-") && !failed.status.success(),
        "{said}"
    );
    installed_by_npm(folder.path(), &[&host, &platform]);
    let manual = "node_modules/udp-echo-host/man/udp-echo.1";
    assert!(folder.path().join(manual).is_file(), "{manual}");
    for time in ["first", "next"] {
        let took = reaches_the_page_and_echoes(|| npx(folder.path()), PATIENCE);
        let seconds = took.as_secs_f64();
        println!("npx, {time} time: {seconds:.2} s to the page");
    }
}

#[test]
fn a_host_that_npm_installed_ends_when_its_starter_or_npx_alone_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let [host, platform] = packages_for_npm();
    installed_by_npm(folder.path(), &[&host, &platform]);
    let program = || {
        let mut program = Command::new(folder.path().join(LAUNCHER));
        program.args(FREE);
        program
    };
    for signal in ["INT", "TERM", "HUP"] {
        let mut started = Started::start(program, PATIENCE);
        started.program.signal(signal);
        assert!(started.ended().success(), "{signal}");
    }
    let mut started = Started::start(|| npx(folder.path()), PATIENCE);
    started.program.signal("TERM");
    started.program.ended_blocking();
    let until = Instant::now() + PATIENCE;
    while TcpStream::connect(started.http).is_ok() {
        assert!(Instant::now() < until, "something still listens");
        yield_now();
    }
}

/// Says which signals it gets, and ends with the second SIGINT.
const LISTENER: &str = "#!/usr/bin/env python3
import signal, sys
waited = [signal.SIGINT, signal.SIGHUP]
signal.pthread_sigmask(signal.SIG_BLOCK, waited)
print('page http://127.0.0.1:9/\\nUDP echo 127.0.0.1:9', flush=True)
interrupts = 0
while interrupts < 2:
    signal_ = signal.sigwait(waited)
    interrupts += signal_ == signal.SIGINT
    print('told', signal_.name, flush=True)
sys.exit(130)
";

/// The host takes a SIGINT after the first for impatience, and cuts its goodbyes short.
#[test]
fn the_ctrl_c_of_a_terminal_reaches_the_host_once_and_the_second_one_too() {
    let folder = tempfile::tempdir().unwrap();
    let [host, platform] = packages_for_npm();
    installed_by_npm(folder.path(), &[&host, &platform]);
    let modules = fs::read_dir(folder.path().join("node_modules")).unwrap();
    let binaries = modules.flatten().map(|entry| entry.path());
    let mut binaries = binaries.map(|package| package.join("bin/udp-echo"));
    let binary = binaries.find(|binary| binary.exists());
    fs::write(binary.expect("a package has the binary"), LISTENER).unwrap();

    let launcher = || Command::new(folder.path().join(LAUNCHER));
    let mut started = Started::start(launcher, PATIENCE);
    started.interrupt();
    let until = Instant::now() + PATIENCE;
    let told = |program: &Program, signal: &str| program.said().stdout().contains(signal);
    for signal in ["told SIGINT", "told SIGHUP"] {
        while !told(&started.program, signal) {
            assert!(started.program.is_running(), "{}", started.program.said());
            assert!(Instant::now() < until, "{}", started.program.said());
            yield_now();
        }
    }
    started.interrupt();
    assert_eq!(started.program.ended_blocking().code(), Some(130));
}

#[test]
fn the_debian_package_is_installed_started_and_purged_without_a_trace() {
    if !has("dpkg") {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let package = file("debian");
    let is_root = run(Command::new("id").arg("-u")).trim() == "0";
    let dpkg = |arguments: &[&str]| {
        let mut dpkg = Command::new("dpkg");
        let (place, forced) = ("--root", "--force-depends,script-chrootless");
        dpkg.arg(format!("{place}={}", root.path().display()));
        run(dpkg.arg(forced).args(arguments))
    };
    if is_root {
        for path in ["var/lib/dpkg/updates", "var/lib/dpkg/info"] {
            fs::create_dir_all(root.path().join(path)).unwrap();
        }
        fs::write(root.path().join("var/lib/dpkg/status"), "").unwrap();
        dpkg(&["--install", package.to_str().unwrap()]);
    } else {
        println!("not root: unpacked instead of installed, and not purged");
        run(Command::new("dpkg-deb")
            .arg("-x")
            .arg(&package)
            .arg(root.path()));
    }
    println!("the service is started by its own line, without systemd");
    let place = |path: &str| root.path().join(path.trim_start_matches('/'));
    let unit =
        ["/usr/lib", "/lib"].map(|lib| place(&format!("{lib}/systemd/system/udp-echo.service")));
    let unit = unit.iter().find_map(|path| fs::read_to_string(path).ok());
    let unit = unit.expect("the unit is installed");
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="));
    let words: Vec<&str> = line.expect("it starts something").split(' ').collect();
    let service = || {
        let mut service = Command::new(place(words[0]));
        service.args(&words[1..]).args(FREE);
        service
    };
    reaches_the_page_and_echoes(service, PATIENCE);
    for file in [
        "/usr/share/man/man1/udp-echo.1.gz",
        "/usr/share/man/man1/udp-echo-serve.1.gz",
        "/usr/share/bash-completion/completions/udp-echo",
        "/usr/share/zsh/vendor-completions/_udp-echo",
        "/usr/share/fish/vendor_completions.d/udp-echo.fish",
        "/usr/share/doc/udp-echo/copyright",
    ] {
        assert!(place(file).is_file(), "{file}");
    }
    if is_root {
        dpkg(&["--purge", "udp-echo"]);
        let mut find = Command::new("find");
        let left = run(find.arg(root.path()).args(["-name", "*udp-echo*"]));
        assert_eq!(left, "", "left behind");
    }
}
