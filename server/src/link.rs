//! `udp-echo link`: a bad network in front of any UDP program, both ways, for many clients.
//!
//! The network is [`wire::link`], the model that the page's lab has: one seed gives the same losses in both.
//!
//! - [`args`]: the command line; `netem`: its values, spelled as `tc netem` spells them;
//! - [`clients`]: one link for each client, behind one socket; `flow`: the link of one client;
//! - [`totals`]: what is told at the end.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};

use crate::cause::{Listening, SocketKind, cannot_listen, cannot_reach};
use crate::client;
use crate::place::{Shown, forbidden};
use crate::signals::stop_signal;

pub(crate) mod args;
pub(crate) mod clients;
pub(crate) mod flow;
mod netem;
pub(crate) mod totals;

pub use args::LinkArgs;
use clients::{Clients, FarEnd};

/// Carries datagrams between clients and a program until Ctrl-C or another signal to stop, then tells what became of them.
///
/// # Errors
/// The address cannot be bound, the program's place cannot be resolved, or both are the same.
pub async fn run(args: LinkArgs) -> anyhow::Result<ExitCode> {
    let stopped = stop_signal()?;
    let impairments = args.link.impairments()?;
    let seed = args.link.seed()?;
    let to = client::server_address(&args.to).await?;
    if let Some(error) = forbidden(to) {
        bail!("--to {}: {}", Shown(to), cannot_reach(to, &error));
    }
    let socket = clients::bind(args.listen).map_err(|error| {
        let listening = Listening {
            who: "the link",
            socket: SocketKind::Udp,
            address: args.listen,
            otherwise: "give another address with --listen",
        };
        cannot_listen(listening, error)
    })?;
    let listens = socket
        .local_addr()
        .context("ask the system for our own UDP port")?;
    ensure!(
        !leads_back(listens, to),
        "--to {} leads back to the link itself, on {}; give one of them another port",
        Shown(to),
        Shown(listens)
    );
    say(&format!(
        "link        {} -> {}\n{}",
        Shown(listens),
        Shown(to),
        args.link.described(impairments, seed)
    ));
    let clients = Clients::new(socket, FarEnd::Program(to), impairments, seed)?;
    let totals = clients.totals();
    clients.until(stopped).await;
    let ends = totals::Ends {
        listen: listens,
        to: Some(to),
        seed,
    };
    match args.json {
        true => say(&totals.as_json(&ends)?),
        false => say(&totals.as_text()),
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes to standard output. A reader that has gone, as in `udp-echo link … | head`, is no reason to stop carrying.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Whether a datagram for `to` comes back to a socket that is bound to `bound`.
fn leads_back(bound: SocketAddr, to: SocketAddr) -> bool {
    bound.port() == to.port() && (bound.ip() == to.ip() || bound.ip().is_unspecified())
}
