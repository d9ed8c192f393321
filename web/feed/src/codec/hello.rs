//! What a stand-in for a host says of itself.

use wire::control::{Hello, Options};

use super::Object;

/// The first message, without its name, as an object of JSON.
pub fn hello(of: &Hello) -> String {
    let mut out = Object::default();
    out.number("protocol", of.protocol.into());
    out.text("version", &of.version);
    out.text("session", &of.session);
    out.text("resume", &of.resume);
    out.flag("resumed", of.resumed);
    // Limits of a host that serves one page are none, but for the sizes.
    let mut limits = Object::default();
    limits.number("datagram_bytes", of.limits.datagram_bytes as u64);
    limits.number("message_bytes", of.limits.message_bytes as u64);
    limits.number("control_bytes", of.limits.control_bytes as u64);
    out.json("limits", &limits.end());
    out.texts("targets", &of.targets);
    out.text("target", &of.target);
    out.text("client", &of.client);
    out.text("server", &of.server);
    out.flag("own_server", of.own_server);
    out.flag("loopback", of.loopback);
    out.number("seed", of.seed);
    out.json("options", &options(&of.options));
    out.end()
}

/// Options as an object of JSON.
pub fn options(of: &Options) -> String {
    let mut out = Object::default();
    out.flag("tracing", of.tracing);
    out.number("timeout_ms", of.timeout_ms.into());
    out.end()
}
