//! A session's client: it asks at a steady pace, notes what became of each datagram, and comes back as the page does, with the token
//! for its port.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval_at, sleep, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Sessions of one address: half of what a relay allows.
const PER_ADDRESS: usize = 250;

/// After this the page counts a datagram as lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// After this the page gives up a connection that says nothing.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// The waits of the page before it tries again (`web/src/session/backoff.rs`): at random between these, and longer after each failure.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Failures in a row after which the page waits no longer than before.
const MOST_FAILURES: u32 = 8;

/// What all sessions are asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Talk,
    /// Break the connection, if it is older than this cut.
    Cut(u32),
    /// Ask nothing more, wait for what is under way, and say goodbye.
    Finish,
}

/// All sessions.
pub(super) struct Talkers {
    talks: Vec<Arc<Mutex<Talk>>>,
    orders: watch::Sender<Order>,
    tasks: JoinSet<()>,
}

/// What happened in one session.
#[derive(Debug, Default, Clone)]
pub(super) struct Talk {
    /// Datagrams sent, and lost: no answer within two seconds, or before the connection ended.
    pub(super) sent: usize,
    pub(super) lost: usize,
    /// How often it came back: with its port, and with another one.
    pub(super) resumed: usize,
    pub(super) moved: usize,
    /// Close codes; 1006 where the connection broke.
    pub(super) codes: Vec<u16>,
    /// Tries to come back that failed, in words.
    pub(super) failures: Vec<String>,
    /// Time from each datagram to its answer.
    pub(super) round_trips: Vec<Duration>,
    /// Longest time without an answer.
    pub(super) gap: Duration,
    answered: Option<Instant>,
    is_live: bool,
    has_been_heard: bool,
    client: String,
}

/// One session.
struct Talker {
    number: usize,
    proxy: SocketAddr,
    pace: Duration,
    talk: Arc<Mutex<Talk>>,
    orders: watch::Receiver<Order>,
    resume: String,
    /// Datagrams that have no answer yet, by number, and when they left.
    open: HashMap<usize, Instant>,
    /// Its ledger from the first datagram on.
    sent: usize,
    echoed: usize,
    lost: usize,
}

/// Why a connection ended.
enum End {
    Closed(u16),
    Failed(String),
    Finished,
}

impl Talkers {
    pub(super) fn start(proxy: SocketAddr, sessions: usize, pace: Duration) -> Self {
        let (orders, order) = watch::channel(Order::Talk);
        let mut tasks = JoinSet::new();
        let mut talks = Vec::new();
        for number in 0..sessions {
            let talk = Arc::<Mutex<Talk>>::default();
            talks.push(Arc::clone(&talk));
            let talker = Talker {
                number,
                proxy,
                pace,
                talk,
                orders: order.clone(),
                resume: String::new(),
                open: HashMap::new(),
                sent: 0,
                echoed: 0,
                lost: 0,
            };
            tasks.spawn(talker.live_on());
        }
        Self {
            talks,
            orders,
            tasks,
        }
    }

    /// What happened in each session since the last call.
    pub(super) fn take(&self) -> Vec<Talk> {
        let taken = self.talks.iter().map(|talk| {
            let mut talk = lock(talk);
            let next = Talk {
                answered: talk.answered,
                is_live: talk.is_live,
                client: talk.client.clone(),
                ..Talk::default()
            };
            std::mem::replace(&mut *talk, next)
        });
        taken.collect()
    }

    /// From now on, who has an answer is no longer silent.
    pub(super) fn listen(&self) {
        for talk in &self.talks {
            lock(talk).has_been_heard = false;
        }
    }

    /// The sessions that are not live or have had no answer since they were listened to.
    pub(super) fn silent(&self) -> Vec<String> {
        let silent = self.talks.iter().enumerate().filter_map(|(number, talk)| {
            let talk = lock(talk);
            let talks = talk.is_live && talk.has_been_heard;
            (!talks).then(|| format!("session {number}: {talk:?}"))
        });
        silent.collect()
    }

    /// Breaks every connection, as a network does that goes away.
    pub(super) fn cut(&self) {
        self.orders.send_modify(|order| {
            *order = match *order {
                Order::Cut(number) => Order::Cut(number + 1),
                _ => Order::Cut(1),
            };
        });
    }

    /// Ends all sessions once nothing is under way.
    ///
    /// # Panics
    /// When a session's ledger does not add up, or an answer was none of what was asked.
    pub(super) async fn finish(mut self) {
        self.orders.send_replace(Order::Finish);
        let all = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended.unwrap()
            }
        };
        crate::soon("the end of all sessions", all).await;
    }
}

impl Talker {
    async fn live_on(mut self) {
        let mut failures = 0;
        loop {
            let end = self.session().await;
            self.lost(self.open.len());
            self.open.clear();
            if let End::Finished = end {
                let fates = self.echoed + self.lost;
                assert_eq!(
                    self.sent, fates,
                    "sent, echoed and lost in session {}",
                    self.number
                );
                return;
            }
            failures = match end {
                End::Failed(_) => (failures + 1).min(MOST_FAILURES),
                _ => 1,
            };
            lock(&self.talk).ended(end);
            sleep(self.wait(failures)).await;
        }
    }

    /// How long the page waits after so many failures.
    fn wait(&self, failures: u32) -> Duration {
        let most = (SHORTEST_WAIT * 2_u32.pow(failures)).min(LONGEST_WAIT);
        let chance = RandomState::new().hash_one(self.number) as u32;
        let spread = (most - SHORTEST_WAIT).as_secs_f64() * f64::from(chance) / f64::from(u32::MAX);
        SHORTEST_WAIT + Duration::from_secs_f64(spread)
    }

    /// One connection, from its first byte to its last.
    async fn session(&mut self) -> End {
        let mut socket = match timeout(HELLO_WITHIN, self.connect()).await {
            Err(_) => return End::Failed("no hello".to_owned()),
            Ok(Err(error)) => return End::Failed(error.to_string()),
            Ok(Ok(socket)) => socket,
        };
        self.orders.mark_unchanged();
        // Each has its own beat.
        let phase = self.pace.mul_f64((self.number % 97) as f64 / 97.0);
        let mut beat = interval_at(tokio::time::Instant::now() + phase, self.pace);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut finishes = *self.orders.borrow() == Order::Finish;
        loop {
            tokio::select! {
                changed = self.orders.changed() => {
                    changed.unwrap();
                    match *self.orders.borrow() {
                        Order::Talk => {}
                        Order::Cut(_) => {
                            // With data unread, or without: nobody is told why.
                            let _ = socket.get_ref().set_zero_linger();
                            return End::Closed(1006);
                        }
                        Order::Finish => finishes = true,
                    }
                }
                _ = beat.tick() => {
                    self.give_up_what_is_late();
                    if !finishes && let Err(end) = self.ask(&mut socket).await {
                        return end;
                    }
                }
                message = socket.next() => match message {
                    Some(Ok(Message::Binary(answer))) => self.answered(&answer),
                    Some(Ok(Message::Close(Some(frame)))) => return End::Closed(frame.code.into()),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return End::Closed(1006),
                },
            }
            if finishes && self.open.is_empty() {
                // The relay may be gone by now.
                let _ = socket.close(None).await;
                while let Some(Ok(_)) = socket.next().await {}
                return End::Finished;
            }
        }
    }

    /// Opens a session and waits for its `hello`.
    async fn connect(&mut self) -> Result<WebSocketStream<TcpStream>, Error> {
        let from = TcpSocket::new_v4()?;
        let address = u8::try_from(1 + self.number / PER_ADDRESS).expect("no more than 60,000");
        from.bind((Ipv4Addr::new(127, 0, 1, address), 0).into())?;
        let stream = from.connect(self.proxy).await?;
        stream.set_nodelay(true)?;
        let url = format!("ws://udp.example/relay?resume={}", self.resume);
        let mut request = url.into_client_request()?;
        let origin = "https://udp.example".parse().expect("a header");
        request.headers_mut().insert("Origin", origin);
        let (mut socket, _) = client_async(request, stream).await?;
        loop {
            match socket
                .next()
                .await
                .unwrap_or(Err(Error::ConnectionClosed))?
            {
                Message::Text(text) => {
                    let text: Value = serde_json::from_str(&text).expect("control is JSON");
                    if let Some(hello) = text.get("hello") {
                        self.greeted(hello);
                        break;
                    }
                }
                Message::Close(_) => return Err(Error::ConnectionClosed),
                _ => {}
            }
        }
        // Events would be the greater part of what comes.
        let quiet = r#"{"options":{"tracing":false}}"#;
        socket.send(Message::text(quiet)).await?;
        Ok(socket)
    }

    fn greeted(&mut self, hello: &Value) {
        let [client, resume] = ["client", "resume"].map(|name| hello[name].as_str().unwrap());
        let mut talk = lock(&self.talk);
        let resumed = hello["resumed"] == true;
        if !talk.client.is_empty() {
            // A new port is the old one by chance, now and then.
            assert!(
                !resumed || talk.client == client,
                "{} and {hello}",
                talk.client
            );
            talk.resumed += usize::from(resumed);
            talk.moved += usize::from(!resumed);
        }
        client.clone_into(&mut talk.client);
        talk.is_live = true;
        resume.clone_into(&mut self.resume);
    }

    async fn ask(&mut self, socket: &mut WebSocketStream<TcpStream>) -> Result<(), End> {
        self.sent += 1;
        let question = format!("{} {}", self.number, self.sent);
        self.open.insert(self.sent, Instant::now());
        lock(&self.talk).sent += 1;
        match socket.send(Message::binary(question.into_bytes())).await {
            Ok(()) => Ok(()),
            // Its Close may still be there to be read.
            Err(_) => loop {
                match socket.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => {
                        return Err(End::Closed(frame.code.into()));
                    }
                    Some(Ok(_)) => {}
                    _ => return Err(End::Closed(1006)),
                }
            },
        }
    }

    fn answered(&mut self, answer: &[u8]) {
        let answer = std::str::from_utf8(answer).unwrap();
        let (session, number) = answer.split_once(' ').unwrap();
        assert_eq!(
            session,
            self.number.to_string(),
            "the answer of another one"
        );
        let Some(left) = self.open.remove(&number.parse().unwrap()) else {
            return;
        };
        self.echoed += 1;
        let now = Instant::now();
        let mut talk = lock(&self.talk);
        talk.round_trips.push(now - left);
        talk.has_been_heard = true;
        if let Some(before) = talk.answered.replace(now) {
            talk.gap = talk.gap.max(now - before);
        }
    }

    fn give_up_what_is_late(&mut self) {
        let before = self.open.len();
        self.open.retain(|_, left| left.elapsed() < ANSWER_WITHIN);
        self.lost(before - self.open.len());
    }

    fn lost(&mut self, many: usize) {
        self.lost += many;
        lock(&self.talk).lost += many;
    }
}

impl Talk {
    fn ended(&mut self, end: End) {
        self.is_live = false;
        match end {
            End::Closed(code) => self.codes.push(code),
            End::Failed(why) => self.failures.push(why),
            End::Finished => {}
        }
    }
}

fn lock(talk: &Mutex<Talk>) -> MutexGuard<'_, Talk> {
    talk.lock().unwrap_or_else(PoisonError::into_inner)
}
