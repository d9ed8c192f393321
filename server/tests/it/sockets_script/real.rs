//! A script on a host, over its WebSockets.

use std::time::Duration;

use test_support::client::Client;
use test_support::host::TestServer;
use test_support::soon;
use tokio::time::{Instant, timeout_at};

use super::{Act, Seen, Step, binary};

/// How long a host may take for what the machine says it will do: longer than a receipt may.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a client asks whether anything is still on its way.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(50);

/// What the clients have seen in the end. After each step, waits until they have seen as much as those of the machine.
pub(super) async fn run(script: &[Step], simulated: &[Vec<Seen>]) -> Vec<Seen> {
    let host = TestServer::start(&[]).await;
    let mut clients: Vec<Session> = Vec::new();
    for (step, after) in script.iter().zip(simulated) {
        take(&host, &mut clients, step).await;
        let until = Instant::now() + PATIENCE;
        for (client, expected) in clients.iter_mut().zip(after) {
            client.see(expected, until).await;
        }
    }
    for client in &mut clients {
        client.see_the_end().await;
    }
    clients.into_iter().map(|client| client.seen).collect()
}

/// Whether a token that is none opens no session.
pub(super) async fn refuses(token: &str) -> bool {
    let host = TestServer::start(&[]).await;
    let url = host.ws(&format!("/sockets?loopback={token}"));
    Client::try_connect_with(&url, &[]).await.is_err()
}

struct Session {
    /// `None` when it has left.
    client: Option<Client>,
    seen: Seen,
}

async fn take(host: &TestServer, clients: &mut Vec<Session>, Step { who, act }: &Step) {
    if let Act::Begin { beside } = act {
        let token = beside.map(|other| clients[other].seen.loopback("token"));
        let query = token.map_or_else(String::new, |token| format!("?loopback={token}"));
        let client = Client::connect(&host.ws(&format!("/sockets{query}"))).await;
        clients.push(Session {
            client: Some(client),
            seen: Seen::default(),
        });
        return;
    }
    let Session { client, seen } = &mut clients[*who];
    let (own, echo) = (seen.loopback("address"), seen.echo());
    let open = client.as_mut().unwrap();
    if let Some(message) = binary(act, &own, &echo) {
        open.send(&message).await;
    }
    match act {
        Act::Ask(request) => {
            open.send_text(&request.to_string().replace("OWN", &own))
                .await
        }
        Act::Leave => client.take().unwrap().close().await,
        Act::Begin { .. } | Act::Send { .. } | Act::Raw(_) => {}
    }
}

impl Session {
    /// Reads until there is as much as expected, or until it is late: what is missing is seen when both are compared.
    async fn see(&mut self, expected: &Seen, until: Instant) {
        let Some(client) = &mut self.client else {
            return;
        };
        let seen = &mut self.seen;
        let reading = async {
            loop {
                let events = client.events().iter();
                *seen = Seen {
                    answers: client.texts().iter().cloned().collect(),
                    datagrams: client.datagrams().iter().cloned().collect(),
                    events: events.map(|(_, id, what)| (*id, what.clone())).collect(),
                };
                let (there, expected) = (seen.amounts(), expected.amounts());
                if there
                    .iter()
                    .zip(expected)
                    .all(|(there, expected)| *there >= expected)
                {
                    return;
                }
                client.take_one().await;
            }
        };
        let _ = timeout_at(until, reading).await;
    }

    /// Asks for the totals until no datagram is on its way: without tracing, nothing else tells when a receipt is given up.
    async fn see_the_end(&mut self) {
        let Some(client) = &mut self.client else {
            return;
        };
        let until = Instant::now() + PATIENCE;
        while let Some(last) = self.seen.answers.last_mut()
            && last["counters"]["in_flight"] != 0
            && Instant::now() < until
        {
            // More seldom than the control messages that a host takes in a second.
            tokio::time::sleep(BETWEEN_QUESTIONS).await;
            let before = client.texts().len();
            client.send_text("\"counters\"").await;
            soon("the totals", async {
                while client.texts().len() == before {
                    client.take_one().await;
                }
            })
            .await;
            *last = client.texts().back().unwrap().clone();
        }
    }
}
