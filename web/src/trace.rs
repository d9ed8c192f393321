//! A run as JSON: what was sent, what was reported of its way, when the answers came.
//!
//! ```json
//! {"trace":1,"by":"udp-echo 0.1.0","simulated":false,"began":1764054900000000,"client":"127.0.0.1:50139",
//!  "server":"127.0.0.1:10000","target":"echo","own_server":true,"limit":65507,
//!  "routes":[[1,"127.0.0.1:50139","127.0.0.1:10000"]],"datagrams":[
//!  {"number":1,"at":0,"text":"This is the message.  It will be repeated.","answered":410,"fate":"echoed",
//!   "events":[[12,1,0,{"relay_in":42}],[20,1,0,"udp_out"]]}]}
//! ```
//!
//! Datagrams have the form of [`udp_echo_feed::form`], counted from 1, with times since the first of them; `began` is
//! when that one was sent, in microseconds since the Unix epoch. A route is the number of the first datagram that went
//! between these two addresses. What reads a trace is in the chunk `runs`: replaying one passes through the same session
//! as a live run, so that it shows the same, its round trips included.

use udp_echo_feed::codec::Object;
use udp_echo_feed::form;

use crate::session::{Micros, Session};
use crate::settings::Mode;

/// Writes the run that a session keeps; empty when nothing was ever connected. `origin` is when the browser's clock
/// began, in microseconds since the Unix epoch.
pub fn write(session: &Session, origin: Micros) -> String {
    let Some(hello) = session.hello() else {
        return String::new();
    };
    let history = session.history();
    let first = history.numbers().start;
    let began = history
        .datagram(first)
        .map_or(0, |datagram| datagram.sent_at);
    let mut out = Object::default();
    out.number("trace", 1);
    out.text("by", &["udp-echo ", &hello.version].concat());
    let simulated = session.mode() == Mode::Simulated || session.is_recording_of_simulation();
    out.flag("simulated", simulated);
    out.number("began", origin + began);
    out.text("client", &hello.client);
    out.text("server", &hello.server);
    out.text("target", &hello.target);
    out.flag("own_server", hello.own_server);
    out.number("limit", hello.limits.datagram_bytes as u64);
    out.list("routes", history.routes(first));
    out.list(
        "datagrams",
        history
            .numbers()
            .filter_map(|number| history.datagram(number))
            .map(|datagram| {
                let number = datagram.number - first + 1;
                String::from("\n") + &form::write(datagram, number, began)
            }),
    );
    out.end() + "\n"
}
