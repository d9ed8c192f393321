//! `udp-echo echo --loss 30% …`: the tutorial's server behind a bad network, for clients that have to cope with one.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use bytes::Bytes;
use wire::echo::{EchoAnswer, EchoRule, is_guarded};
use wire::link::{Direction, DropReason};
use wire::transcript::{self, WAITING_FOR_MESSAGE};

use super::EchoArgs;
use super::say::{EMPTY, GUARDED, about, say};
use crate::link::clients::{Clients, FarEnd};
use crate::link::flow::Server;
use crate::link::totals::Ends;
use crate::place::Shown;

/// The server at the far end of every client's link.
#[derive(Debug)]
struct EchoBehindLink {
    rule: EchoRule,
    port: u16,
    quiet: bool,
}

/// Serves on `socket` until `stopped` is done, then tells what became of the datagrams.
pub(super) async fn run(
    args: &EchoArgs,
    socket: std::net::UdpSocket,
    stopped: impl Future<Output = ()>,
) -> anyhow::Result<ExitCode> {
    let impairments = args.link.impairments()?;
    let seed = args.link.seed()?;
    let address = socket
        .local_addr()
        .context("ask the system for our own UDP port")?;
    let about = args.link.described(impairments, seed);
    if args.quiet {
        // Who listened there may have gone: no reason to stop answering.
        let _ = writeln!(io::stdout(), "UDP echo    {}\n{about}", Shown(address));
    } else {
        say(&[
            about,
            transcript::starting_up(&address.into()),
            String::new(),
            WAITING_FOR_MESSAGE.to_owned(),
        ])?;
    }
    let server = EchoBehindLink {
        rule: args.rules.into(),
        port: address.port(),
        quiet: args.quiet,
    };
    let clients = Clients::new(socket, FarEnd::Server(Arc::new(server)), impairments, seed)?;
    let totals = clients.totals();
    clients.until(stopped).await;
    let ends = Ends {
        listen: address,
        to: None,
        seed,
    };
    let _ = match args.json {
        true => writeln!(io::stdout(), "{}", totals.as_json(&ends)?),
        false => writeln!(io::stdout(), "{}", totals.as_text()),
    };
    Ok(ExitCode::SUCCESS)
}

impl EchoBehindLink {
    /// Tells a part of the transcript. Standard error may have been closed: no reason to stop answering.
    fn tell(&self, mut lines: Vec<String>) {
        if !self.quiet {
            lines.extend([String::new(), WAITING_FOR_MESSAGE.to_owned()]);
            let _ = say(&lines);
        }
    }
}

impl Server for EchoBehindLink {
    fn answer(&self, client: SocketAddr, payload: Bytes) -> Option<Bytes> {
        let peer = client.into();
        let (received, answer) = match self.rule.answer(payload.len()) {
            EchoAnswer::Empty => (0, None),
            EchoAnswer::Reply { bytes, .. } => (bytes, Some(payload.slice(..bytes))),
        };
        let answer = answer.filter(|_| !is_guarded(client, self.port));
        let end = match (&answer, received) {
            (Some(answer), _) => transcript::sent_back(answer.len(), &peer),
            (None, 0) => EMPTY.to_owned(),
            (None, _) => GUARDED.to_owned(),
        };
        let text = transcript::shown(&payload[..received]);
        self.tell(about(&peer, payload.len(), received, text, end));
        answer
    }

    fn dropped(&self, client: SocketAddr, direction: Direction, bytes: usize, reason: DropReason) {
        let what = match direction {
            Direction::Up => format!("{bytes} bytes from"),
            Direction::Down => format!("an answer of {bytes} bytes to"),
        };
        let how = match reason {
            DropReason::Loss => "lost on the link",
            DropReason::Checksum => "dropped: a bit was turned over, and the checksum caught it",
            // The others are no link's.
            _ => "dropped by a full queue of the link",
        };
        let client = wire::transcript::Address::from(client).tuple();
        self.tell(vec![format!("({what} {client}: {how})")]);
    }
}
