//! A script on the machine that a page simulates.

use wire::sockets::control::{SocketsAnswer, SocketsRequest};
use wire::sockets::machine::{Machine, Outgoing, SessionId};

use super::{Act, Seen, Step, binary};

/// What the clients have seen after each step.
pub(super) fn run(script: &[Step]) -> Vec<Vec<Seen>> {
    let mut run = Run {
        machine: Machine::new(1),
        now: 0,
        ids: Vec::new(),
        seen: Vec::new(),
    };
    let mut after = Vec::new();
    for step in script {
        run.take(step);
        run.settle();
        after.push(run.seen.clone());
    }
    after
}

/// Whether a token that is none opens no session.
pub(super) fn refuses(token: &str) -> bool {
    Machine::new(1).open(0, 1, Some(token)).is_err()
}

struct Run {
    machine: Machine,
    now: u64,
    ids: Vec<SessionId>,
    seen: Vec<Seen>,
}

impl Run {
    fn take(&mut self, Step { who, act }: &Step) {
        if let Act::Begin { beside } = act {
            let token = beside.map(|other| self.seen[other].loopback("token"));
            let opened = self.machine.open(self.now, 1, token.as_deref());
            self.ids.push(opened.unwrap());
            self.seen.push(Seen::default());
            assert_eq!(self.ids.len(), who + 1);
            return;
        }
        let (id, seen) = (self.ids[*who], &self.seen[*who]);
        let (own, echo) = (seen.loopback("address"), seen.echo());
        if let Some(message) = binary(act, &own, &echo) {
            self.machine.message(self.now, id, message.into());
        }
        match act {
            Act::Ask(request) => {
                let request = request.to_string().replace("OWN", &own);
                let request: SocketsRequest = serde_json::from_str(&request).unwrap();
                self.machine.control(self.now, id, &request);
            }
            Act::Leave => self.machine.close(self.now, id),
            Act::Begin { .. } | Act::Send { .. } | Act::Raw(_) => {}
        }
    }

    /// Lets time pass until nothing is left to happen.
    fn settle(&mut self) {
        loop {
            for (id, seen) in self.ids.iter().zip(&mut self.seen) {
                while let Some(outgoing) = self.machine.poll(self.now, *id) {
                    match outgoing {
                        Outgoing::Datagram(message) => seen.datagrams.push(message.into()),
                        Outgoing::Control(SocketsAnswer::Events(events)) => {
                            let what = |what| serde_json::to_value(what).unwrap();
                            let events = events.into_iter();
                            seen.events
                                .extend(events.map(|event| (event.1, what(event.3))));
                        }
                        Outgoing::Control(answer) => {
                            seen.answers.push(serde_json::to_value(answer).unwrap());
                        }
                    }
                }
            }
            match self.machine.next_due() {
                Some(due) => self.now = self.now.max(due),
                None => return,
            }
        }
    }
}
