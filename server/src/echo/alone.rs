//! `udp-echo echo`: the tutorial's server alone, which tells what it does in the tutorial's words.
//!
//! One thread is enough: the socket is one, and the kernel hands it as many datagrams at once as have come. A second one
//! would wait for the first.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{bail, ensure};
use clap::Args;
use tokio_util::sync::CancellationToken;
use wire::transcript::{self, WAITING_FOR_MESSAGE};

use super::say::{EMPTY, GUARDED, about, is_unheard, say};
use super::{EchoRules, EchoServer, Filter, ObservedDatagram, Outcome, impaired};
use crate::cause::{Listening, SocketKind, cannot_listen};
use crate::clock::Clock;
use crate::inherited::Inherited;
use crate::link::args::ImpairmentArgs;
use crate::link::clients;
use crate::place::bind_address as address;
use crate::signals::stop_signal;

/// What `udp-echo echo` is told.
#[derive(Debug, Clone, Args)]
pub struct EchoArgs {
    /// Address to bind to; port 0 takes any free one
    #[arg(value_name = "ADDRESS:PORT", default_value = "127.0.0.1:10000", value_parser = address)]
    pub address: SocketAddr,

    /// Rules of the server
    #[command(flatten)]
    pub rules: EchoRules,

    /// Loses, delays and reorders datagrams, as a bad network between client and server would
    #[command(flatten)]
    pub link: ImpairmentArgs,

    /// Answers without the transcript, many datagrams at once
    #[arg(long)]
    pub quiet: bool,

    /// With a link: prints the summary at the end as one JSON object
    #[arg(long)]
    pub json: bool,

    /// Sends and receives datagrams one by one, without the kernel's segmentation offload
    #[arg(long, env = "UDP_ECHO_NO_OFFLOAD")]
    pub no_offload: bool,
}

/// Serves until Ctrl-C or another signal to stop, with the transcript on standard error unless it shall be quiet, or nobody can read it.
///
/// # Errors
/// When the address cannot be bound, or standard error cannot be written.
pub async fn run(args: EchoArgs, inherited: Inherited) -> anyhow::Result<ExitCode> {
    let stopped = stop_signal()?;
    if let Some(listener) = &inherited.http {
        bail!(
            "`udp-echo echo` has no use for the TCP socket {} that LISTEN_FDS passes: leave ListenStream= out, or start \
             `udp-echo serve`",
            listener.local_addr()?
        );
    }
    if !args.link.is_empty() {
        let socket = match inherited.udp {
            Some(socket) => socket,
            None => {
                clients::bind(args.address).map_err(|error| cannot_bind(args.address, error))?
            }
        };
        return impaired::run(&args, socket, stopped).await;
    }
    ensure!(
        !args.json,
        "--json prints what a link did, and there is none: add --loss or another option of the link"
    );
    let server = open(&args, inherited)?;
    if args.quiet {
        // Who listened there may have gone: no reason to stop answering.
        let _ = writeln!(io::stdout(), "UDP echo    {}", server.local_addr());
    }
    // Nobody reads a transcript: then datagrams need not be looked at one by one.
    if args.quiet || is_unheard() {
        let stop = CancellationToken::new();
        tokio::select! {
            () = server.run(stop) => {}
            () = stopped => {}
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut observer = server.observers().observe(Filter::Everyone);
    say(&[
        transcript::starting_up(&server.local_addr().into()),
        String::new(),
        WAITING_FOR_MESSAGE.to_owned(),
    ])?;

    let stop = CancellationToken::new();
    let _ends_with_us = stop.clone().drop_guard();
    tokio::spawn(server.run(stop));
    let telling = async {
        loop {
            let mut lines = match observer.next().await {
                Ok(observed) => tell(&observed),
                Err(missed) => vec![format!(
                    "({missed} datagrams were answered faster than they could be shown)"
                )],
            };
            lines.extend([String::new(), WAITING_FOR_MESSAGE.to_owned()]);
            say(&lines)?;
        }
    };
    tokio::select! {
        outcome = telling => outcome,
        () = stopped => Ok(ExitCode::SUCCESS),
    }
}

/// The server on the socket that was passed, or else on the address that was asked for.
fn open(args: &EchoArgs, inherited: Inherited) -> anyhow::Result<EchoServer> {
    let (rule, offload, clock) = (args.rules.into(), !args.no_offload, Clock::start());
    if let Some(socket) = inherited.udp {
        return EchoServer::adopt(socket, rule, offload, clock);
    }
    EchoServer::bind(args.address, rule, offload, clock)
        .map_err(|error| cannot_bind(args.address, error))
}

fn cannot_bind(address: SocketAddr, error: anyhow::Error) -> anyhow::Error {
    let listening = Listening {
        who: "the server",
        socket: SocketKind::Udp,
        address,
        otherwise: "give another address",
    };
    cannot_listen(listening, error)
}

/// The lines about one datagram.
fn tell(observed: &ObservedDatagram) -> Vec<String> {
    let ObservedDatagram {
        peer,
        bytes,
        received,
        text,
        outcome,
    } = observed;
    let peer = (*peer).into();
    let end = match outcome {
        Outcome::Sent { bytes, .. } => transcript::sent_back(*bytes, &peer),
        Outcome::Empty => EMPTY.to_owned(),
        Outcome::Guarded => GUARDED.to_owned(),
        Outcome::Failed(reason) => format!("(the answer could not be sent: {reason})"),
    };
    about(&peer, *bytes, *received, text.clone(), end)
}
