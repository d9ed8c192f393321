//! What requests may know of the host.

use std::net::SocketAddr;
use std::sync::Arc;

use ipnet::IpNet;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::echo::EchoStatus;
use crate::page::LaneSources;
use crate::proxy::TrustedProxies;
use crate::relay::Context;

/// What requests may know of the host.
#[derive(Debug)]
pub struct HttpState {
    /// What becomes of those that ask for a session.
    pub relay: Arc<Context>,
    /// Who may connect.
    pub access: Access,
    /// The proxies whose word about clients is taken.
    pub proxies: TrustedProxies,
    /// Address of the host's own echo server, as sessions reach it.
    pub own_server: SocketAddr,
    /// What the own server has done.
    pub own_server_status: EchoStatus,
    /// Networks from which the metrics may be read, besides this machine.
    pub metrics_from: Vec<IpNet>,
    /// The part of the pages' policy that admits lanes.
    pub lane_sources: LaneSources,
    /// Cancelled when the host is about to stop: proxies should send nobody new.
    pub draining: CancellationToken,
}
