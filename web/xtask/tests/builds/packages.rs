//! The packages for PyPI, as somebody without Rust gets them: installed in a clean place, and started.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use test_support::PATIENCE;

use crate::started::{FREE, reaches_the_page_and_echoes};

/// How long a package may take to be installed beside other work.
const INSTALL: Duration = Duration::from_secs(300);

fn target() -> &'static Path {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target.expect("tmp lies in the target folder")
}

/// What `cargo xtask dist` has made of these, once for all tests.
fn dist() -> PathBuf {
    static DIST: OnceLock<()> = OnceLock::new();
    DIST.get_or_init(|| {
        let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
        println!("{}", run(xtask.args(["dist", "--wheel"])));
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
    assert!(
        metadata.contains("'markdown'") && metadata.contains("'sphinx'"),
        "{metadata}"
    );
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
