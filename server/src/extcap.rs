//! What Wireshark runs to watch a session: `udp-echo` as an *extcap*, from Wireshark's folder for these.
//!
//! Wireshark asks a program of that folder for its interfaces, for what packets of one look like, and for its settings; then it
//! starts a capture that ends in a pipe (extcap(4)). Every call has a word that begins with `--extcap-`, by which it is told from
//! the commands of people.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::cause::plain;
use crate::place::Place;

/// The one interface.
const INTERFACE: &str = "udp-echo";

/// Where the host's page is unless it was started otherwise.
const DEFAULT_HOST: &str = "127.0.0.1:8000";

/// A host that has not answered by then is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Most bytes of one part of a capture: a host sends about half of that at a time.
const MOST_BYTES_OF_A_PART: usize = 1024 * 1024;

/// What Wireshark says.
#[derive(Debug, Parser)]
#[command(name = "udp-echo", disable_help_flag = true)]
struct Asked {
    #[arg(long)]
    extcap_interfaces: bool,
    /// Its own version: this program's answers are the same for all.
    #[arg(long, num_args = 0..=1)]
    extcap_version: Option<Option<String>>,
    #[arg(long)]
    extcap_interface: Option<String>,
    #[arg(long)]
    extcap_dlts: bool,
    #[arg(long)]
    extcap_config: bool,
    #[arg(long)]
    extcap_capture_filter: Option<String>,
    #[arg(long)]
    capture: bool,
    #[arg(long)]
    fifo: Option<PathBuf>,
    #[arg(long, default_value = DEFAULT_HOST)]
    host: Place,
    #[arg(long, default_value = "")]
    token: String,
}

/// Answers a call of Wireshark's; `None` when the command line is none.
///
/// # Errors
/// The call makes no sense, or its capture fails; Wireshark shows the sentence.
pub fn answer(words: &[OsString]) -> Option<anyhow::Result<ExitCode>> {
    let is_call = |word: &OsString| {
        word.to_str()
            .is_some_and(|word| word.starts_with("--extcap-"))
    };
    words.iter().skip(1).any(is_call).then(|| {
        let asked = Asked::try_parse_from(words)?;
        match asked.capture {
            true => capture(&asked),
            false => tell(&asked),
        }
    })
}

/// Says what Wireshark wants to know.
fn tell(asked: &Asked) -> anyhow::Result<ExitCode> {
    if !asked.extcap_interfaces && asked.extcap_version.is_none() {
        let interface = asked.extcap_interface.as_deref().unwrap_or_default();
        ensure!(
            interface == INTERFACE,
            "there is no interface {interface:?} here, but {INTERFACE}"
        );
    }
    if asked.extcap_capture_filter.is_some() && !asked.extcap_config && !asked.extcap_dlts {
        // Whatever is said about a filter means that it is a wrong one.
        return say("udp-echo filters nothing while it captures: use a display filter\n");
    }
    let mut said = String::new();
    if asked.extcap_interfaces || asked.extcap_version.is_some() {
        said += concat!("extcap {version=", env!("CARGO_PKG_VERSION"), "}\n");
    }
    if asked.extcap_interfaces {
        said += &format!("interface {{value={INTERFACE}}}{{display=A session of udp-echo}}\n");
    }
    if asked.extcap_dlts {
        said += &format!("dlt {{number=101}}{{name={INTERFACE}}}{{display=IP packets}}\n");
    }
    if asked.extcap_config {
        said += &format!(
            "arg {{number=0}}{{call=--token}}{{display=Token of the session}}{{type=string}}{{required=true}}\
             {{tooltip=The page shows it: Watch in Wireshark. It is good for as long as the session lives.}}\n\
             arg {{number=1}}{{call=--host}}{{display=Host}}{{type=string}}{{default={DEFAULT_HOST}}}\
             {{tooltip=Where udp-echo runs on this machine, started with --wireshark}}\n"
        );
    }
    say(&said)
}

fn say(text: &str) -> anyhow::Result<ExitCode> {
    io::stdout()
        .write_all(text.as_bytes())
        .context("answer Wireshark on standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a session's datagrams into Wireshark's pipe until one of the three has gone.
fn capture(asked: &Asked) -> anyhow::Result<ExitCode> {
    let fifo = asked.fifo.as_deref();
    let fifo = fifo.context("a capture needs --fifo, the pipe into which it goes")?;
    // First of all: whatever goes wrong then closes the pipe, and Wireshark waits for nothing.
    let pipe = open(fifo)?;
    let token = asked.token.trim();
    ensure!(
        !token.is_empty(),
        "the capture needs the token of a session: press “Watch in Wireshark” on the page of udp-echo, and put the token into \
         the settings of this interface"
    );
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("start the runtime")?;
    runtime.block_on(async {
        let host = &asked.host;
        let connecting = timeout(CONNECT_TIMEOUT, connect(host, token));
        let socket = connecting.await.with_context(|| {
            format!("the host at {host} did not answer within {CONNECT_TIMEOUT:?}")
        })??;
        copy(socket, host, pipe).await
    })
}

async fn connect(host: &Place, token: &str) -> anyhow::Result<WebSocketStream<TcpStream>> {
    let address = host.resolve().await;
    let address = address.with_context(|| format!("cannot find the host {host}"))?[0];
    ensure!(
        address.ip().to_canonical().is_loopback(),
        "{host} is another machine: only a host on this one lets its sessions be watched"
    );
    let stream = TcpStream::connect(address).await.map_err(|error| {
        let why = plain(&error);
        anyhow::anyhow!(
            "cannot reach the host at {host}: {why}; start it with `udp-echo --wireshark`"
        )
    })?;
    let mut request = format!("ws://{host}/capture").into_client_request()?;
    let bearer = HeaderValue::try_from(format!("Bearer {token}"));
    let bearer = bearer.context("a token has no such characters")?;
    request.headers_mut().insert(AUTHORIZATION, bearer);
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MOST_BYTES_OF_A_PART))
        .max_frame_size(Some(MOST_BYTES_OF_A_PART));
    match client_async_with_config(request, stream, Some(limits)).await {
        Ok((socket, _)) => Ok(socket),
        Err(WsError::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            let why = wire::transcript::shown(body.trim_ascii());
            bail!(
                "the host at {host} refuses the capture with {}: {why}",
                response.status()
            )
        }
        Err(error) => bail!("what answers at {host} is no udp-echo: {error}"),
    }
}

/// Copies what the host sends. A pipe that nobody reads makes the host wait, which then leaves rows out.
async fn copy(
    mut socket: WebSocketStream<TcpStream>,
    host: &Place,
    mut pipe: File,
) -> anyhow::Result<ExitCode> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Binary(part))) => match pipe.write_all(&part) {
                Ok(()) => {}
                // Wireshark has stopped the capture.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    return Ok(ExitCode::SUCCESS);
                }
                Err(error) => bail!("write into Wireshark's pipe: {}", plain(&error)),
            },
            Some(Ok(Message::Close(frame))) => {
                let why = frame.map(|frame| frame.reason.to_string());
                let why = why.unwrap_or_else(|| "the host ended the capture".to_owned());
                // Wireshark shows what is said on standard error, and keeps what it has.
                eprintln!("{why}");
                return Ok(ExitCode::SUCCESS);
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => bail!("the host at {host} went away: {error}"),
            None => bail!("the host at {host} went away"),
        }
    }
}

fn open(fifo: &Path) -> anyhow::Result<File> {
    let opened = OpenOptions::new().write(true).open(fifo);
    opened.with_context(|| format!("open the pipe {}", fifo.display()))
}
