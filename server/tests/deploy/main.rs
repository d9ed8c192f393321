//! The files of `server/deploy`, for real: nginx and HAProxy end TLS in front of two relays, and one relay is drained
//! while 200 readers talk. Nobody's page needs a reload. What cannot be run everywhere is at least read ([`words`]).

// What the helpers below cannot do fails the test that asked for it.
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod words;

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use std::io::{BufRead as _, BufReader, Write as _};

use common::TestServer;
use serde_json::Value;

const READERS: usize = 200;

/// Longest time for all readers to be where they should be, on a loaded machine.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// What is replaced in a shipped file: whatever names an address or a path of a real machine.
type Changes<'a> = &'a [(&'a str, String)];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx, openssl and python3; cargo verify installs them"]
async fn nginx_moves_every_reader_when_a_relay_stops() {
    let site = Site::prepare().await;
    let headers = site.path("udp-echo-proxy.conf");
    site.install("udp-echo-proxy.conf", &[]);
    let server = site.install(
        "nginx.conf",
        &[
            (
                "listen 443 ssl",
                format!("listen 127.0.0.1:{} ssl", site.port),
            ),
            ("127.0.0.1:8001 ", format!("{} ", site.relays[0])),
            ("127.0.0.1:8002 ", format!("{} ", site.relays[1])),
            (
                "/etc/ssl/udp-echo/certificate.pem",
                site.path("certificate.pem"),
            ),
            ("/etc/ssl/udp-echo/key.pem", site.path("key.pem")),
            ("/etc/nginx/udp-echo-proxy.conf", headers),
        ],
    );
    // What Debian's own nginx.conf has around conf.d, with every path in the test's folder.
    let whole = format!(
        "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{ access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/f;\n\
         uwsgi_temp_path {0}/u; scgi_temp_path {0}/s; include {server}; }}\n",
        site.folder.path().display()
    );
    std::fs::write(site.path("whole.conf"), whole).unwrap();
    let proxy = Command::new("nginx")
        .args(["-p", &site.path(""), "-c", &site.path("whole.conf")])
        .spawn();
    site.drain_one_relay(Running(proxy.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs haproxy, openssl and python3; cargo verify installs them"]
async fn haproxy_moves_every_reader_when_a_relay_drains() {
    let site = Site::prepare().await;
    let settings = site.install(
        "haproxy.cfg",
        &[
            ("bind :443 ", format!("bind 127.0.0.1:{} ", site.port)),
            (
                "relay1 127.0.0.1:8001",
                format!("relay1 {}", site.relays[0]),
            ),
            (
                "relay2 127.0.0.1:8002",
                format!("relay2 {}", site.relays[1]),
            ),
            ("/etc/ssl/udp-echo/both.pem", site.path("both.pem")),
        ],
    );
    let proxy = Command::new("haproxy")
        .args(["-db", "-f", &settings])
        .spawn();
    site.drain_one_relay(Running(proxy.unwrap())).await;
}

#[test]
#[ignore = "needs systemd-analyze"]
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
    analyze(&["verify"]);
    analyze(&["security", "--offline=true", "--threshold=15", "--no-pager"]);
}

/// Two relays, a certificate, and a free port for a proxy.
struct Site {
    folder: tempfile::TempDir,
    port: u16,
    relays: [SocketAddr; 2],
    running: Vec<TestServer>,
}

impl Site {
    async fn prepare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = [
            "--allow-host=udp.example",
            "--trusted-proxy=127.0.0.1",
            "--drain-time=3s",
        ];
        let running = vec![
            TestServer::start(&settings).await,
            TestServer::start(&settings).await,
        ];
        let relays = [running[0].http(), running[1].http()];
        // A proxy cannot be asked which port it got, so one is chosen that was free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let site = Self {
            folder,
            port,
            relays,
            running,
        };
        let made = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ])
            .args(["-nodes", "-days", "2", "-subj", "/CN=udp.example"])
            .args(["-addext", "subjectAltName=DNS:udp.example"])
            .args([
                "-keyout",
                &site.path("key.pem"),
                "-out",
                &site.path("certificate.pem"),
            ])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let both = ["certificate.pem", "key.pem"]
            .map(|name| std::fs::read_to_string(site.path(name)).unwrap());
        std::fs::write(site.path("both.pem"), both.concat()).unwrap();
        site
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Puts a shipped file into the folder with these changes, each of which must find something to change.
    fn install(&self, name: &str, changes: Changes<'_>) -> String {
        let mut text = std::fs::read_to_string(shipped(name)).unwrap();
        for (before, after) in changes {
            assert!(text.contains(before), "{name} has no {before:?}");
            text = text.replace(before, after);
        }
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Readers talk through the proxy; the first relay stops; everybody talks on with the second.
    async fn drain_one_relay(mut self, mut proxy: Running) {
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert_eq!(proxy.0.try_wait().unwrap(), None, "the proxy ended");
            assert!(
                began.elapsed() < SETTLED_WITHIN,
                "the proxy does not listen"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut readers = Readers::start(self.port, &self.path("certificate.pem"));
        readers.all_talk(0);
        let first = self.running.remove(0);
        let (on_first, on_second) = (first.sessions(), self.running[0].sessions());
        assert_eq!(on_first + on_second, READERS);
        assert!(
            on_first >= READERS / 4 && on_second >= READERS / 4,
            "{on_first} and {on_second}"
        );

        readers.report();
        first.shutdown().await;
        let moved = readers.all_talk(on_first);
        assert_eq!(
            self.running[0].sessions(),
            READERS,
            "all are on the second relay"
        );
        let said = moved.codes.iter().filter(|code| **code == 1001).count();
        assert_eq!(
            moved.codes.len(),
            on_first,
            "only those of the first came back"
        );
        assert!(
            said >= on_first * 8 / 10,
            "{said} of {on_first} were told why"
        );
        assert_eq!(
            moved.failures,
            Vec::<Value>::new(),
            "nobody met an error on the way"
        );
        eprintln!(
            "{on_first} of {READERS} readers moved, {said} were told why; all talked again within {:?}",
            moved.took
        );
    }
}

/// A child process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Readers {
    _process: Running,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What happened until every reader talked.
struct Moved {
    codes: Vec<Value>,
    failures: Vec<Value>,
    took: Duration,
}

impl Readers {
    fn start(port: u16, certificate: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deploy/readers.py");
        let mut process = Command::new("python3")
            .arg(script)
            .args([
                &port.to_string(),
                &READERS.to_string(),
                "https://udp.example",
                certificate,
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            ask: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()),
            _process: Running(process),
        }
    }

    /// What happened since the last report.
    fn report(&mut self) -> Value {
        self.ask.write_all(b"report\n").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Waits until so many sessions have ended, all readers are live, and each has had an answer since.
    fn all_talk(&mut self, ended: usize) -> Moved {
        let began = Instant::now();
        let (mut codes, mut failures) = (Vec::new(), Vec::new());
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let had_ended = codes.len();
            let mut report = self.report();
            let [new_codes, new_failures] = ["codes", "failures"].map(|name| report[name].take());
            codes.extend_from_slice(new_codes.as_array().unwrap());
            failures.extend_from_slice(new_failures.as_array().unwrap());
            let all = Value::from(READERS);
            if had_ended >= ended && report["live"] == all && report["talking"] == all {
                let took = began.elapsed();
                return Moved {
                    codes,
                    failures,
                    took,
                };
            }
            let waited = began.elapsed();
            assert!(waited < SETTLED_WITHIN, "{report}, {failures:?}");
        }
    }
}

fn shipped(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(name)
}
