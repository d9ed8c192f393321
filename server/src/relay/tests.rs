use std::net::{IpAddr, Ipv4Addr};

use clap::Parser as _;

use super::*;
use crate::Host;
use crate::config::Cli;
use crate::turns::turns_beside;

/// Bytes of each flood: as much as 256 reads bring at least.
const FLOOD_BYTES: usize = 64 << 20;

/// Has a session read `frame` without end, all there already, and returns how often others had a turn meanwhile.
async fn turns_beside_flood(wanted: fn(Relayed) -> Wanted, frame: &[u8]) -> usize {
    let settings = [
        "udp-echo",
        "--http=127.0.0.1:0",
        "--udp=127.0.0.1:0",
        "--datagrams-per-second=1",
        "--flood-time=0",
        "--control-per-second=0",
    ];
    let config = Cli::try_parse_from(settings).unwrap().config;
    let host = Host::start(config).await.unwrap();
    let context = host.relay();
    let request = SessionRequest {
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        is_local: true,
        wanted: wanted(Relayed {
            target: context.targets[0].clone(),
            resume: None,
        }),
        lane: None,
    };
    let flood = frame.repeat(FLOOD_BYTES / frame.len());
    let session = serve(
        context,
        &flood[..],
        tokio::io::sink(),
        None,
        Bytes::new(),
        &request,
        1,
    );
    turns_beside(session).await
}

#[tokio::test]
async fn a_client_that_sends_without_end_lets_others_have_a_turn() {
    let head = |first, bytes: u16| {
        let [high, low] = bytes.to_be_bytes();
        [first, 0x80 | 126, high, low, 0, 0, 0, 0]
    };
    let too_fast = [&head(0x82, 1000)[..], &[7; 1000]].concat();
    let pings = [&[0x89, 0x80 | 125, 0, 0, 0, 0][..], &[7; 125]].concat();
    let sockets = |_| {
        Wanted::Sockets(WantedSockets {
            joined: None,
            may_reach_peers: false,
        })
    };
    for (kind, wanted) in [
        ("raw", Wanted::Raw as fn(Relayed) -> Wanted),
        ("page", Wanted::Page),
        ("sockets", sockets),
    ] {
        for (what, frame) in [("datagrams over the rate", &too_fast), ("pings", &pings)] {
            let turns = turns_beside_flood(wanted, frame).await;
            assert!(turns >= 150, "{turns} turns beside {what}, {kind}");
        }
    }
}
