//! The files of `server/deploy`, for real: nginx and HAProxy end TLS in front of two relays. All connections of 200 readers break, and
//! each reader comes back to its relay and its port. Then one relay is drained while they talk. Nobody's page needs a reload.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use test_support::host::TestServer;
use test_support::program::{Attempt, Program, Said};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const READERS: usize = 200;

/// Longest time for all readers to be where they should be, on a loaded machine.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// Time between two questions to the readers, in which each of them may ask and be answered.
const BETWEEN_REPORTS: Duration = Duration::from_millis(500);

/// What is replaced in a shipped file: whatever names an address or a path of a real machine.
type Changes<'a> = &'a [(&'a str, String)];

#[tokio::test(flavor = "multi_thread")]
async fn nginx_leads_readers_back_to_their_relay_and_moves_them_when_it_stops() {
    let site = Site::prepare().await;
    let headers = site.path("udp-echo-proxy.conf");
    site.install("udp-echo-proxy.conf", &[]);
    site.drain_one_relay(|site, port| {
        let server = site.install(
            "nginx.conf",
            &[
                ("listen 443 ssl", format!("listen 127.0.0.1:{port} ssl")),
                ("127.0.0.1:8001 ", format!("{} ", site.relays[0])),
                ("127.0.0.1:8002 ", format!("{} ", site.relays[1])),
                (
                    "/etc/ssl/udp-echo/certificate.pem",
                    site.path("certificate.pem"),
                ),
                ("/etc/ssl/udp-echo/key.pem", site.path("key.pem")),
                ("/etc/nginx/udp-echo-proxy.conf", headers.clone()),
            ],
        );
        // What Debian's own nginx.conf has around conf.d, with every path in the test's folder.
        let whole = format!(
            "daemon off; master_process off; pid {0}/pid; error_log stderr;\n\
             events {{ worker_connections 4096; }}\n\
             http {{ access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/f;\n\
             uwsgi_temp_path {0}/u; scgi_temp_path {0}/s; include {server}; }}\n",
            site.folder.path().display()
        );
        std::fs::write(site.path("whole.conf"), whole).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.args(["-p", &site.path(""), "-c", &site.path("whole.conf")]);
        nginx
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn haproxy_leads_readers_back_to_their_relay_and_moves_them_when_it_drains() {
    let site = Site::prepare().await;
    site.drain_one_relay(|site, port| {
        let settings = site.install(
            "haproxy.cfg",
            &[
                ("bind :443 ", format!("bind 127.0.0.1:{port} ")),
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
        let mut haproxy = Command::new("haproxy");
        haproxy.args(["-db", "-f", &settings]);
        haproxy
    })
    .await;
}

/// Two relays and a certificate.
struct Site {
    folder: tempfile::TempDir,
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
        let mut running = Vec::new();
        for name in ["--relay-name=relay1", "--relay-name=relay2"] {
            let settings = [&settings[..], &[name]].concat();
            running.push(TestServer::start(&settings).await);
        }
        let relays = [running[0].http(), running[1].http()];
        let site = Self {
            folder,
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

    /// What a relay says first on `/sockets`, asked through the proxy; the session ends with this call.
    async fn hello_of_sockets(&self, port: u16) -> String {
        let request = "GET /sockets HTTP/1.1\r\nHost: udp.example\r\nOrigin: https://udp.example\r\nUpgrade: websocket\r\n\
                       Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let mut client = tokio::process::Command::new("openssl")
            .args([
                "s_client",
                "-quiet",
                "-connect",
                &format!("127.0.0.1:{port}"),
            ])
            .args(["-CAfile", &self.path("certificate.pem")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdin = client.stdin.take().unwrap();
        stdin.write_all(request.as_bytes()).await.unwrap();
        let mut stdout = client.stdout.take().unwrap();
        let mut said = Vec::new();
        let hello = test_support::soon("hello", async {
            loop {
                let text = String::from_utf8_lossy(&said).into_owned();
                if text.contains("\"seed\"") {
                    return text;
                }
                let read = stdout.read_buf(&mut said).await.unwrap();
                assert!(read > 0, "{text}");
            }
        })
        .await;
        client.kill().await.unwrap();
        test_support::soon("the session ends", async {
            while self.running.iter().any(|relay| relay.sessions() > 0) {
                tokio::task::yield_now().await;
            }
        })
        .await;
        hello
    }

    /// Readers talk through the proxy; the first relay stops; everybody talks on with the second.
    async fn drain_one_relay(mut self, proxy: impl Fn(&Self, u16) -> Command) {
        let attempt = || {
            // A proxy cannot be asked which port it got.
            let port = test_support::port::free();
            let ready = move |said: &Said<'_>| said.listens_at(port).then_some(port);
            Attempt::new(proxy(&self, port), ready)
        };
        let (_proxy, port) = Program::start(attempt)
            .await
            .unwrap_or_else(|failure| panic!("{failure}"));
        let hello = self.hello_of_sockets(port).await;
        assert!(
            hello.contains("\"reachable\":false"),
            "a proxy stands between: {hello}"
        );
        let mut readers = Readers::start(port, &self.path("certificate.pem"));
        readers.all_talk(0).await;
        readers.0.write(b"cut\n").await;
        let back = readers.all_talk(READERS).await;
        // Another program may have taken a port meanwhile.
        assert!(
            back.resumed >= READERS * 95 / 100,
            "{} of {READERS} came back to their relay and their port",
            back.resumed
        );
        assert_eq!(back.resumed + back.moved, READERS);
        let first = self.running.remove(0);
        let (on_first, on_second) = (first.sessions(), self.running[0].sessions());
        assert_eq!(on_first + on_second, READERS);
        assert!(
            on_first >= READERS / 4 && on_second >= READERS / 4,
            "{on_first} and {on_second}"
        );

        readers.report().await;
        first.shutdown().await;
        let moved = readers.all_talk(on_first).await;
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
        assert_eq!(
            (moved.resumed, moved.moved),
            (0, on_first),
            "each was told of its new port"
        );
        // Whoever has a datagram on its way when the proxy closes is reset.
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

/// The readers, all in one program of Python.
struct Readers(Program);

/// What happened until every reader talked.
struct Moved {
    codes: Vec<Value>,
    failures: Vec<Value>,
    /// Sessions with the port of the one before, and with another one.
    resumed: usize,
    moved: usize,
    took: Duration,
}

impl Readers {
    fn start(port: u16, certificate: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/readers.py");
        let mut command = Command::new("python3");
        command.arg(script).args([
            &port.to_string(),
            &READERS.to_string(),
            "https://udp.example",
            certificate,
        ]);
        Self(Program::spawn(&mut command))
    }

    /// What happened since the last report.
    async fn report(&mut self) -> Value {
        self.0.write(b"report\n").await;
        let line = self.0.prints("{").await;
        serde_json::from_str(&line).unwrap()
    }

    /// Waits until so many sessions have ended, all readers are live, and each has had an answer since.
    async fn all_talk(&mut self, ended: usize) -> Moved {
        let began = Instant::now();
        let (mut codes, mut failures) = (Vec::new(), Vec::new());
        let (mut resumed, mut moved) = (0, 0);
        loop {
            tokio::time::sleep(BETWEEN_REPORTS).await;
            let had_ended = codes.len();
            let mut report = self.report().await;
            let [new_codes, new_failures] = ["codes", "failures"].map(|name| report[name].take());
            codes.extend_from_slice(new_codes.as_array().unwrap());
            failures.extend_from_slice(new_failures.as_array().unwrap());
            resumed += report["resumed"].as_u64().unwrap() as usize;
            moved += report["moved"].as_u64().unwrap() as usize;
            let all = Value::from(READERS);
            if had_ended >= ended && report["live"] == all && report["talking"] == all {
                let took = began.elapsed();
                return Moved {
                    codes,
                    failures,
                    resumed,
                    moved,
                    took,
                };
            }
            let waited = began.elapsed();
            assert!(waited < SETTLED_WITHIN, "{report}, {failures:?}");
        }
    }
}

/// A file of `server/deploy`.
pub(crate) fn shipped(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(name)
}
