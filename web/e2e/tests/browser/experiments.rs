//! Every experiment as a reader does it: guess, press, read. Against the real host and simulated, in Chromium and Firefox.
//!
//! One browser does all of them, one after the other, by their deep links; what fails is said for each by its name.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use test_support::program::Program;

use crate::axe::assert_accessible;
use crate::browser::{Browser, in_browser, in_chromium};
use crate::page::{Page, eventually};
use test_support::host::TestServer;

/// What a reader does in one experiment, and reads afterwards.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// Place of the answer that is chosen; the right one but for the first case.
    guess: usize,
    /// Buttons by their place, each with words that are waited for before the next.
    presses: &'static [(usize, &'static str)],
    /// What each sentence must hold, in its order; `*` stands for anything.
    told: &'static [&'static str],
    /// What the verdict holds.
    verdict: &'static str,
}

const RIGHT: &str = "As you predicted.";

/// The numbers of the lab's experiments follow from their seeds, and are the same live and simulated.
pub(crate) const CASES: [Case; 13] = [
    Case {
        name: "first-echo",
        guess: 0,
        presses: &[(0, "came back")],
        told: &[
            "1 datagram of 42 bytes went out, and came back after * *s.",
            "It went from 127.0.0.1:*, the relay, to SERVER. Nobody chose the first of these ports: the relay's system did.",
        ],
        verdict: "You predicted “Connect to the server”. It is “Neither”.",
    },
    Case {
        name: "three-sends",
        guess: 1,
        presses: &[(0, "3 receives"), (1, "TCP")],
        told: &[
            "UDP: 3 sends, 3 receives, of 3, 7, 11 bytes.",
            "TCP: 3 writes, 1 read: “onetwo twothree three”.",
        ],
        verdict: RIGHT,
    },
    Case {
        name: "nobody-listening",
        guess: 1,
        presses: &[
            (0, "heard nothing"),
            (1, "Connection refused"),
            (2, "waits"),
            (3, "echoed"),
        ],
        told: &[
            "Not connected: 1 datagram sent, and the socket heard nothing for 1.5 s.",
            "Connected: 1 datagram sent, and the system reported: Connection refused.",
            "The server has bound its port and waits.",
            "1 datagram echoed, through the same socket and from the same port.",
        ],
        verdict: RIGHT,
    },
    Case {
        name: "last-byte",
        guess: 2,
        presses: &[(0, "65,507 bytes: echoed"), (1, "65,508")],
        told: &[
            "65,507 bytes: echoed after * *s.",
            "65,508 bytes: rejected. Message too long*.",
        ],
        verdict: RIGHT,
    },
    Case {
        name: "empty",
        guess: 1,
        presses: &[(0, "not answered"), (1, ""), (2, "came back")],
        told: &[
            "1 datagram of 0 bytes arrived and was not answered: the server answers only “if data”.",
            "1 datagram of 0 bytes came back, as the standard for echo servers (RFC 862) has it.",
        ],
        verdict: RIGHT,
    },
    Case {
        name: "buffer",
        guess: 1,
        presses: &[(0, "came back")],
        told: &[
            "5,000 bytes went out, 4,096 came back. 1 answer was cut.",
            "The other 904 bytes are gone; neither client nor server got an error.",
        ],
        verdict: RIGHT,
    },
    Case {
        name: "loss",
        guess: 2,
        presses: &[(0, "+ 0 on their way")],
        told: &[
            "50 sent = 39 echoed + 11 lost on the link + 0 on their way.",
            "None was sent a second time.",
        ],
        verdict: RIGHT,
    },
    Case {
        name: "order",
        guess: 2,
        presses: &[(0, "20 came back")],
        told: &[
            "Echoed in this order: *.",
            "20 came back, * of them after a later one.",
        ],
        verdict: RIGHT,
    },
    Case {
        name: "twice",
        guess: 1,
        presses: &[(0, "20 echoed")],
        told: &["20 sent, 20 echoed, and 4 answers a second time: 24 in all."],
        verdict: RIGHT,
    },
    Case {
        name: "slow-link",
        guess: 2,
        presses: &[(0, "Number 10")],
        told: &[
            "The first came back after * ms.",
            "Number 10 came back after * ms, * times as long.",
        ],
        verdict: RIGHT,
    },
    Case {
        name: "two-clients",
        guess: 1,
        presses: &[(0, "Client B, 127.0.0.1:")],
        told: &[
            "Client A, 127.0.0.1:*, got 3 of its 3 answers, and 0 of B's.",
            "Client B, 127.0.0.1:*, got 3 of its 3 answers, and 0 of A's.",
            "The server has one socket: SERVER. It read the two ports from the datagrams.",
        ],
        verdict: RIGHT,
    },
    Case {
        name: "your-server",
        guess: 2,
        presses: &[(0, "The client got its answer"), (1, "EADDRINUSE")],
        told: &[
            "Your server, 127.*:10000, received 42 bytes from 127.*:*.",
            "The client got its answer after * *s.",
            "The second server got an error: EADDRINUSE. *10000*. Stop that program, or take another port.",
        ],
        verdict: RIGHT,
    },
    Case {
        name: "two-pages",
        guess: 1,
        presses: &[
            (0, "has its answer"),
            (1, "nobody told the client"),
            (2, "heard nothing"),
            (3, "Connection refused"),
        ],
        told: &[
            "The server received the datagram from 127.*:*, and the client has its answer after * *s.",
            "The server is gone, and nobody told the client.",
            "Not connected: 1 datagram sent, and the socket heard nothing for 1.5 s.",
            "Connected: 1 datagram sent, and the system reported: Connection refused.",
        ],
        verdict: RIGHT,
    },
];

/// Whether a text is what a pattern says; each `*` stands for anything.
fn fits(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut is_open = false;
    for part in parts {
        is_open = part.is_empty();
        match rest.find(part) {
            Some(place) => rest = &rest[place + part.len()..],
            None => return false,
        }
    }
    is_open || rest.is_empty()
}

/// Opens an experiment by its deep link and waits until its buttons only want a guess.
pub(crate) async fn open(page: &Page, host: &TestServer, name: &str, mode: &str) -> Result<()> {
    page.open(&format!(
        "http://{}/#experiment={name}&mode={mode}",
        host.http()
    ))
    .await?;
    // The page may still be there from the experiment before: then nothing is loaded, and the card changes.
    let is_open =
        format!("return document.querySelector('article.experiment')?.dataset.name === '{name}'");
    page.wait_for("the card", &is_open).await?;
    let word = if mode == "live" { "live" } else { "simulated" };
    let stands = format!(
        "const all = [...document.querySelectorAll('.elements udp-echo')];
         return all.length && all.every((one) => one.state === '{word}')"
    );
    page.wait_for("its elements", &stands).await?;
    Ok(())
}

async fn guess(page: &Page, place: usize) -> Result<()> {
    page.click(&format!(".steps label:nth-of-type({}) input", place + 1))
        .await
}

async fn sentences(page: &Page) -> Result<Vec<String>> {
    let said = page
        .script("return [...document.querySelectorAll('.told li')].map((one) => one.textContent)")
        .await?;
    serde_json::from_value(said).context("sentences")
}

/// The verdict, once there is one.
async fn verdict(page: &Page) -> Result<String> {
    let said = page
        .wait_for(
            "the verdict",
            "return document.querySelector('.verdict').textContent",
        )
        .await;
    let said = match said {
        Ok(said) => said,
        Err(error) => bail!("{error:#}; told so far: {:?}", sentences(page).await?),
    };
    Ok(said.as_str().unwrap_or_default().to_owned())
}

/// Does what a reader does in an experiment that is open, and checks the verdict.
pub(crate) async fn act(page: &Page, case: &Case) -> Result<()> {
    guess(page, case.guess).await?;
    for (place, words) in case.presses {
        let button = format!(".actions button:nth-of-type({})", place + 1);
        page.wait_for(
            "a button that may be pressed",
            &format!("return !document.querySelector('{button}').hasAttribute('aria-disabled')"),
        )
        .await?;
        page.click(&button).await?;
        let said = eventually(words, async || {
            Ok(sentences(page)
                .await?
                .iter()
                .any(|one| one.contains(words))
                .then_some(()))
        })
        .await;
        if let Err(error) = said {
            bail!("{error:#}; told: {:#?}", sentences(page).await?);
        }
    }
    let verdict = verdict(page).await?;
    ensure!(verdict == case.verdict, "the verdict is {verdict:?}");
    Ok(())
}

pub(crate) async fn perform(page: &Page, host: &TestServer, case: &Case, mode: &str) -> Result<()> {
    open(page, host, case.name, mode).await?;
    let end = page.script(END).await?;
    ensure!(end == json!([false, false]), "at the beginning: {end}");
    act(page, case).await?;
    let server = if mode == "live" {
        host.udp().to_string()
    } else {
        "127.0.0.1:10000".to_owned()
    };
    let told = sentences(page).await?;
    for (place, pattern) in case.told.iter().enumerate() {
        let pattern = pattern.replace("SERVER", &server);
        let sentence = told.get(place).with_context(|| format!("only {told:#?}"))?;
        ensure!(fits(sentence, &pattern), "{sentence:?} is not {pattern:?}");
    }
    if case.name == "two-clients" {
        let address = |said: &str| said.split(", ").nth(1).map(str::to_owned);
        ensure!(
            address(&told[0]) != address(&told[1]),
            "one address for two clients: {told:#?}"
        );
    }
    let end = page.script(END).await?;
    ensure!(end == json!([true, true]), "the reason and Next: {end}");
    Ok(())
}

/// Whether the reason shows, and whether the way to the next experiment is the main button.
const END: &str = "const why = document.querySelector('.why');
    return [why.open && why.querySelector('p').checkVisibility(), 'main' in document.querySelector('.next').dataset]";

/// Which datagrams of the experiment `order` came back before the one sent before them. How far each leaps is a matter of
/// milliseconds; who does is a matter of the seed. The count that the page tells must fit the order that it tells.
async fn overtakers(page: &Page) -> Result<Vec<usize>> {
    let told = sentences(page).await?;
    let order = told.first().context("an order")?;
    let order: Vec<usize> = order
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    let place = |number: usize| order.iter().position(|other| *other == number);
    ensure!((1..=20).all(|number| place(number).is_some()), "{told:?}");
    let late = order
        .iter()
        .enumerate()
        .filter(|(at, number)| order[..*at].iter().any(|before| before > number));
    let counted = format!("20 came back, {} of them after a later one.", late.count());
    ensure!(
        told.get(1) == Some(&counted),
        "{told:?} instead of {counted:?}"
    );
    Ok((2..=20)
        .filter(|number| place(*number) < place(number - 1))
        .collect())
}

/// All of them in one browser. The list goes on after one that fails, so that a run tells all that is wrong.
async fn all(browser: Browser) {
    let host = TestServer::start(&[]).await;
    in_browser(browser, async |page| {
        let mut failures = Vec::new();
        let mut orders = Vec::new();
        for mode in ["live", "simulated"] {
            for case in &CASES {
                let started = std::time::Instant::now();
                if let Err(error) = perform(page, &host, case, mode).await {
                    failures.push(format!("{}, {mode}: {error:#}", case.name));
                }
                if case.name == "order" {
                    orders.push(overtakers(page).await?);
                }
                println!(
                    "{browser:?} {mode} {}: {} ms",
                    case.name,
                    started.elapsed().as_millis()
                );
            }
            if let Err(error) = terminal(page, &host, mode).await {
                failures.push(format!("terminal, {mode}: {error:#}"));
            }
        }
        // A browser that pauses for longer than the link's delay changes who overtakes whom, so both run again then.
        for _ in 0..3 {
            if orders[0] == orders[1] {
                break;
            }
            println!("live and simulated differ, and run again: {orders:?}");
            let order = CASES.iter().find(|case| case.name == "order");
            let order = order.context("the experiment is there")?;
            orders.clear();
            for mode in ["live", "simulated"] {
                perform(page, &host, order, mode).await?;
                orders.push(overtakers(page).await?);
            }
        }
        // One seed gives one list of events, whoever carries it out.
        if orders[0] != orders[1] || orders[0].is_empty() {
            failures.push(format!("live and simulated differ: {orders:?}"));
        }
        ensure!(failures.is_empty(), "{}", failures.join("\n"));
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// The one without buttons: the lines that the card shows are run as they are, in a shell.
async fn terminal(page: &Page, host: &TestServer, mode: &str) -> Result<()> {
    open(page, host, "terminal", mode).await?;
    guess(page, 1).await?;
    if mode == "simulated" {
        let remark = page
            .wait_for(
                "the remark",
                "return document.querySelector('.experiment .remark').textContent",
            )
            .await?;
        ensure!(
            remark
                .as_str()
                .is_some_and(|text| text.contains("needs a live host")),
            "{remark}"
        );
        ensure!(
            page.script("return document.querySelectorAll('.command').length")
                .await?
                == 0
        );
        // The reason is told all the same, and there is a way on.
        ensure!(sentences(page).await? == ["This cannot be tried here."]);
        ensure!(page.script(END).await? == json!([true, true]));
        return Ok(());
    }
    let lines = page
        .wait_for("the lines", "const all = [...document.querySelectorAll('.command code')].map((one) => one.textContent); return all.length === 2 && all")
        .await?;
    for (line, typed) in [(&lines[0], "from nc\n"), (&lines[1], "")] {
        let line = line.as_str().context("a line")?;
        ensure!(
            line.contains(&host.udp().port().to_string()),
            "{line:?} names the host's port"
        );
        // `exec`, or the shell would be ended and the program left behind.
        let mut shell = Program::other("sh", &["-c", &format!("exec {line}")]);
        shell.write(typed.as_bytes()).await;
        let words = if typed.is_empty() {
            "“\u{2068}from Python\u{2069}”; the server sent 11 back."
        } else {
            "“\u{2068}from nc\u{2069}”; the server sent 8 back."
        };
        eventually(words, async || {
            Ok(sentences(page)
                .await?
                .iter()
                .any(|one| one.contains(words))
                .then_some(()))
        })
        .await?;
        shell.killed().await;
    }
    ensure!(
        sentences(page).await?[0] == "2 datagrams came from outside this page.",
        "{:?}",
        sentences(page).await?
    );
    // The transcript of the element has them too, in the tutorial's words.
    let transcript = page.script("return document.querySelector('.elements udp-echo').shadowRoot.querySelector('[data-transcript=server]').textContent").await?;
    ensure!(
        transcript
            .as_str()
            .is_some_and(|text| text.contains("from Python")),
        "{transcript}"
    );
    ensure!(verdict(page).await? == RIGHT);
    Ok(())
}

#[tokio::test]
async fn every_experiment_tells_its_numbers_in_chromium() {
    all(Browser::Chromium).await;
}

#[tokio::test]
async fn every_experiment_tells_its_numbers_in_firefox() {
    all(Browser::Firefox).await;
}

#[tokio::test]
async fn a_wrong_deep_link_is_named_and_the_list_stays() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        page.open(&format!(
            "http://{}/#experiment=<b>nonsense</b>",
            host.http()
        ))
        .await?;
        let said = page
            .wait_for(
                "the complaint",
                "return document.querySelector('.complaint').textContent",
            )
            .await?;
        ensure!(
            said == "There is no experiment named “<b>nonsense</b>”. These are the ones there are:",
            "{said}"
        );
        ensure!(
            page.script("return document.querySelectorAll('.experiments a').length")
                .await?
                == 16
        );
        assert_accessible(page, "a wrong deep link").await?;
        page.click(".experiments a").await?;
        page.wait_for(
            "the first experiment",
            "return document.querySelector('article.experiment')?.dataset.name === 'first-echo'",
        )
        .await?;
        ensure!(
            page.script("return document.querySelector('.complaint').textContent")
                .await?
                == ""
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn an_experiment_is_done_by_keyboard_begins_anew_and_wants_a_guess_first() {
    use thirtyfour::Key;
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host, "empty", "live").await?;
        let focused = "return document.activeElement.textContent || document.activeElement.value || document.activeElement.localName";
        ensure!(page.script(focused).await? == "The empty datagram", "the card's title has the focus");
        // Without a guess, the button explains itself and sends nothing.
        page.click(".actions button").await?;
        ensure!(page.script("return document.querySelector('.hint').classList.contains('insistent')").await? == true);
        ensure!(sentences(page).await? == ["Nothing yet."]);
        page.script("document.querySelector('.experiment h3').focus()").await?;
        page.press(Key::Tab).await?;
        page.press(Key::Down).await?;
        ensure!(page.script("return document.activeElement.value").await? == "1", "the arrow keys choose");
        page.press(Key::Tab).await?;
        page.press(Key::Enter).await?;
        eventually("the first fate", async || Ok(sentences(page).await?[0].contains("not answered").then_some(()))).await?;
        // What is seen cannot be predicted any more.
        ensure!(page.script("return document.querySelector('.steps fieldset').disabled").await? == true);
        assert_accessible(page, "an experiment under way").await?;

        let before = page.script("return document.querySelector('.elements udp-echo').state").await?;
        ensure!(before == "live", "{before}");
        page.click(".again").await?;
        ensure!(sentences(page).await? == ["Nothing yet."]);
        let checked: Value = page.script("return document.querySelectorAll('.steps input:checked').length").await?;
        ensure!(checked == json!(0));
        open(page, &host, "empty", "live").await
    })
    .await;
    host.shutdown().await;
}

#[test]
fn patterns_fit_what_they_should_and_nothing_else() {
    assert!(fits("after 3 ms.", "after * ms."));
    assert!(fits("after 3 ms. And more", "after *"));
    assert!(!fits("after 3 ms. And more", "after * ms."));
    assert!(!fits("before 3 ms.", "after * ms."));
}
