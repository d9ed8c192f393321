//! What `udp-echo link` and the link of `udp-echo echo` are told.

use std::net::SocketAddr;

use anyhow::{Context as _, anyhow};
use clap::Args;
use wire::link::{Impairment, PRESETS, Preset};

use super::netem::{self, Both, Delay, Loss};
use crate::client::DEFAULT_SERVER;
use crate::place::bind_address as address;

/// Puts a bad network in front of a UDP program
///
/// Clients send to --listen instead of to the program. Each client has a link of its own, with the same seed, and the program sees
/// each client by a port of its own. Ctrl-C ends it with a summary.
#[derive(Debug, Clone, Args)]
pub struct LinkArgs {
    /// Address that clients send to; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9000", value_parser = address)]
    pub listen: SocketAddr,

    /// The program behind the link
    #[arg(long, value_name = "HOST:PORT", default_value = DEFAULT_SERVER)]
    pub to: String,

    /// What the link does
    #[command(flatten)]
    pub link: ImpairmentArgs,

    /// Prints the summary as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What a link does to datagrams, in the spelling of `tc netem`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Link (VALUE holds both ways, THERE/BACK sets them apart: 30%/0%)")]
pub struct ImpairmentArgs {
    /// A link that has a name; the options below change it
    #[arg(long, value_name = "NAME", value_parser = named)]
    pub preset: Option<Preset>,

    /// Datagrams that are lost: 30%, or in bursts "gemodel 2% 25%" (a good link turns bad, a bad one turns good)
    #[arg(long, value_name = "CHANCE", value_parser = |text: &str| netem::both(text, netem::loss))]
    pub(crate) loss: Option<Both<Loss>>,

    /// Time that a datagram takes: 50ms, or "50ms 10ms" with up to 10ms more or less
    #[arg(long, value_name = "TIME", value_parser = |text: &str| netem::both(text, netem::delay))]
    pub(crate) delay: Option<Both<Delay>>,

    /// Datagrams that skip the delay, and so overtake others
    #[arg(long, value_name = "CHANCE", value_parser = |text: &str| netem::both(text, netem::chance))]
    pub(crate) reorder: Option<Both<u32>>,

    /// Datagrams that arrive twice
    #[arg(long, value_name = "CHANCE", value_parser = |text: &str| netem::both(text, netem::chance))]
    pub(crate) duplicate: Option<Both<u32>>,

    /// Datagrams of which a bit is turned over: the checksum fails, and the receiver does not see them
    #[arg(long, value_name = "CHANCE", value_parser = |text: &str| netem::both(text, netem::chance))]
    pub(crate) corrupt: Option<Both<u32>>,

    /// Delivers corrupted datagrams, as if UDP had no checksum
    #[arg(long)]
    pub no_checksum: bool,

    /// Bits a second: 500kbit, 12mbit
    #[arg(long, value_name = "RATE", value_parser = |text: &str| netem::both(text, netem::rate))]
    pub(crate) rate: Option<Both<u32>>,

    /// Datagrams that may wait on the link, 1 to 10000 [default: 1000]
    #[arg(long, value_name = "COUNT", value_parser = |text: &str| netem::both(text, netem::limit))]
    pub(crate) limit: Option<Both<u32>>,

    /// Number that decides which datagrams are hit: the same one hits the same ones, here and in the page [default: a random one]
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

impl ImpairmentArgs {
    /// The link there and the link back.
    ///
    /// # Errors
    /// A number that no link can have.
    pub(crate) fn impairments(&self) -> anyhow::Result<[Impairment; 2]> {
        let preset = self.preset;
        let mut both = preset.map_or([Impairment::default(); 2], |preset| {
            [preset.up, preset.down]
        });
        for (index, link) in both.iter_mut().enumerate() {
            if let Some(loss) = &self.loss {
                (link.loss_ppm, link.burst_start_ppm, link.burst_end_ppm) = match *loss.at(index) {
                    Loss::Random(ppm) => (ppm, 0, 0),
                    Loss::Bursts { start, end } => (0, start, end),
                };
            }
            if let Some(delay) = &self.delay {
                let Delay { time, jitter } = *delay.at(index);
                (link.delay_us, link.jitter_us) = (time, jitter);
            }
            let set = |field: &mut u32, value: &Option<Both<u32>>| {
                if let Some(value) = value {
                    *field = *value.at(index);
                }
            };
            set(&mut link.reorder_ppm, &self.reorder);
            set(&mut link.duplicate_ppm, &self.duplicate);
            set(&mut link.corrupt_ppm, &self.corrupt);
            set(&mut link.rate_kbps, &self.rate);
            set(&mut link.limit, &self.limit);
            link.no_checksum |= self.no_checksum;
            link.check().map_err(|error| {
                anyhow!(
                    "{} is {}, but may be 0 to {}",
                    error.field,
                    error.value,
                    error.most
                )
            })?;
        }
        Ok(both)
    }

    /// Whether nothing was asked for.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The seed that was given, or else a random one, short enough to be typed again.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(crate) fn seed(&self) -> anyhow::Result<u64> {
        match self.seed {
            Some(seed) => Ok(seed),
            None => Ok(getrandom::u64().context("ask the system for a random seed")? % 1_000_000),
        }
    }

    /// The lines about the link before the first datagram.
    pub(crate) fn described(&self, [there, back]: [Impairment; 2], seed: u64) -> String {
        let words = |link: Impairment| {
            let line = link.netem("");
            let words = line.split_once("netem").map_or("", |(_, words)| words);
            match words.trim() {
                "" => "as it is".to_owned(),
                words => words.to_owned(),
            }
        };
        let [there, back] = [there, back].map(words);
        format!("there       {there}\nback        {back}\nseed        {seed}")
    }
}

/// Reads the name of a link.
fn named(name: &str) -> Result<Preset, String> {
    wire::link::preset(name).copied().ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        format!("no link has this name; {} are there", names.join(", "))
    })
}
