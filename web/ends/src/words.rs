//! The words of the frame, and those of the picture; all others come with what is shown.

pub use udp_echo_feed::words::{fill, number, span};

/// Words of the server's frame, by the names that `server.html` asks for.
pub const SERVER: &[(&str, &str)] = &[
    ("widget", "A UDP server in this page"),
    ("about", "About this session"),
    ("retry", "Try again"),
    ("simulate", "Continue simulated"),
    ("port", "Port"),
    ("any", "Take any free port"),
    ("buffer", "recvfrom(4096): a longer datagram is cut"),
    ("empty-too", "answer empty datagrams, too"),
    ("transcript", "Server"),
    ("who", "this page"),
    ("terminal", "Talk to it from your own terminal:"),
    ("copy", "Copy"),
    ("picture", "Both ends"),
    (
        "picture-what",
        "one line a moment, time runs down, by the host's clock",
    ),
    ("datagrams", "Datagrams that came"),
    ("bytes", "bytes"),
    ("peer", "from"),
    ("answer", "answer"),
    ("nothing", "Nothing came yet."),
    ("clear", "Clear"),
];

/// Words of the client's frame, by the names that `client.html` asks for.
pub const CLIENT: &[(&str, &str)] = &[
    ("widget", "A UDP client in this page"),
    ("about", "About this session"),
    ("retry", "Try again"),
    ("simulate", "Continue simulated"),
    ("message", "Message"),
    ("send", "Send"),
    ("connect", "connect() first"),
    ("transcript", "Client"),
    ("who", "this page"),
    ("picture", "Both ends"),
    (
        "picture-what",
        "one line a moment, time runs down, by the host's clock",
    ),
    ("datagrams", "Datagrams"),
    ("number", "#"),
    ("bytes", "bytes"),
    ("fate", "what became of it"),
    ("answer", "answer"),
    ("nothing", "Nothing sent yet. Press Send."),
    ("clear", "Clear"),
];

/// Words of the frame of a program's datagrams, by the names that `program.html` asks for.
pub const PROGRAM: &[(&str, &str)] = &[
    ("widget", "Datagrams of this program"),
    ("picture", "Both ends"),
    ("picture-what", "one line a moment, time runs down"),
    ("datagrams", "Datagrams"),
    ("number", "#"),
    ("peer", "to or from"),
    ("bytes", "bytes"),
    ("fate", "what became of it"),
    ("pick", "Press a number for the bytes of that datagram."),
];

/// The button that picks a datagram, for those who do not see it.
pub fn bytes_of(datagram: u64) -> String {
    fill("□, show the bytes", &[&number(datagram)])
}

/// The button while the server runs.
pub const STOP: &str = "Stop";
/// The button while it does not.
pub const START: &str = "Start";

/// A lane of more than one socket.
pub const OTHERS: &str = "others";

/// Sizes beside an arrow.
pub fn bytes(of: u64) -> String {
    let unit = if of == 1 { "□ byte" } else { "□ bytes" };
    fill(unit, &[&number(of)])
}

/// The picture in words.
pub fn picture(sentences: &[String]) -> String {
    if sentences.is_empty() {
        return "Nothing was sent yet.".to_owned();
    }
    let mut text = String::new();
    for sentence in sentences {
        text.push_str(sentence);
        text.push(' ');
    }
    text
}

/// A datagram of the picture in words.
pub fn flight(from: &str, to: &str, of: u64, end: &str) -> String {
    fill("□ from □ to □: □.", &[&bytes(of), from, to, end])
}
