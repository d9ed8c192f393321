//! Programs on the simulated machine: waiting takes no time, and the same seed gives the same run, however busy the machine is.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use test_support::host::TestServer;

use crate::browser::in_chromium;
use crate::page::Page;
use crate::python::{open, outcome, output, press, shadow, status};

/// A pinger that tells its times. Its server answers after a while.
const PINGER: &str = r#"
import socket, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(0.2)
for number in range(40):
    began = time.monotonic()
    sock.sendto(b"ping %d" % number, ("localhost", 10000))
    try:
        data, _ = sock.recvfrom(4096)
        print(number, data, "%.6f" % (time.monotonic() - began))
    except TimeoutError:
        print(number, "lost", "%.6f" % (time.monotonic() - began))
    time.sleep(1)
print("%.6f" % time.monotonic())
"#;

/// A link that loses, delays and shakes.
const LAB: &str = r#"{"up":{"loss_ppm":200000,"delay_us":50000,"jitter_us":20000},"seed":7}"#;

/// Has the programs of the page run on the simulated machine.
async fn simulate(page: &Page) -> Result<()> {
    page.script("for (const element of document.querySelectorAll('udp-run')) element.setAttribute('mode', 'simulated')")
        .await?;
    Ok(())
}

#[tokio::test]
async fn sleeps_and_timeouts_of_a_simulated_program_take_no_time_of_the_readers() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        simulate(page).await?;
        let program = r#"
import select, socket, time
def took(wait):
    date, began = time.time(), time.monotonic()
    try:
        wait()
    except TimeoutError:
        print("timed out")
    print(round(time.monotonic() - began, 1), round(time.time() - date, 1))
def until(end):
    while time.monotonic() < end: pass
def poll(end):
    sock.setblocking(False)
    while time.monotonic() < end:
        try:
            sock.recvfrom(1)
        except BlockingIOError:
            pass
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("localhost", 0))
took(lambda: time.sleep(3600))
sock.settimeout(30)
took(lambda: sock.recvfrom(4096))
took(lambda: select.select([sock], [], [], 20))
took(lambda: until(time.monotonic() + 0.5))
took(lambda: poll(time.monotonic() + 0.5))
"#;
        let began = Instant::now();
        let (said, code) = outcome(page, program).await?;
        ensure!(
            code == 0
                && said == "3600.0 3600.0\ntimed out\n30.0 30.0\n20.0 20.0\n0.5 0.5\n0.5 0.5\n",
            "{said}"
        );
        ensure!(
            began.elapsed() < Duration::from_secs(30),
            "{:?}",
            began.elapsed()
        );
        let mode = page
            .script(&format!(
                "{} return part('mode').textContent",
                shadow("run-client")
            ))
            .await?;
        ensure!(
            mode == "Simulated in this page, where waiting takes no time: this page asks no host",
            "{mode}"
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn one_seed_gives_one_run_however_busy_the_readers_machine_is() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        let mut runs = Vec::new();
        for is_busy in [false, true] {
            open(page, &host).await?;
            simulate(page).await?;
            if is_busy {
                page.script(
                    "setInterval(() => { const until = performance.now() + 15; while (performance.now() < until); }, 20)",
                )
                .await?;
            }
            page.script(&format!("{} element.program = {}; element.setAttribute('lab', '{LAB}')", shadow("run-client"), json!(PINGER)))
                .await?;
            press(page, "run-client", "both").await?;
            status(page, "run-client", "Ended").await?;
            runs.push(output(page, "run-client").await?);
        }
        let lost = runs[0].matches("lost 0.200").count();
        let echoed = runs[0].matches("b'ping").count();
        ensure!(lost + echoed == 40 && (3..=15).contains(&lost), "{}", runs[0]);
        // Forty seconds of sleep, and more, have been.
        let last = runs[0].lines().last().context("a line")?;
        ensure!(last.parse::<f64>()? > 40.0, "{last}");
        ensure!(runs[0] == runs[1], "{}\nand\n{}", runs[0], runs[1]);
        Ok(())
    })
    .await;
    host.shutdown().await;
}

#[tokio::test]
async fn while_a_program_waits_for_the_reader_the_clock_goes_as_the_readers() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        simulate(page).await?;
        // The server would time out at once if its clock did not wait for the reader.
        page.script(&format!(
            "{} element.program = `import socket\\nsock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\\nsock.bind((\"localhost\", 10000))\\nsock.settimeout(3600)\\nprint(sock.recvfrom(100)[0])\\n`",
            shadow("run-server")
        ))
        .await?;
        page.script(&format!(
            "{} element.program = `import socket, time\\nbegan = time.monotonic()\\nline = input(\"? \")\\nprint(0 < time.monotonic() - began < 600)\\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(line.encode(), (\"localhost\", 10000))\\n`; element.runBoth()",
            shadow("run-client")
        ))
        .await?;
        page.wait_for("the field", &format!("{} return !part('line').hidden", shadow("run-client")))
            .await?;
        page.script(&format!("{} part('field').value = 'at last'; part('enter').click()", shadow("run-client")))
            .await?;
        status(page, "run-client", "Ended").await?;
        ensure!(output(page, "run-client").await? == "? at last\nTrue\n");
        status(page, "run-server", "Ended").await?;
        ensure!(output(page, "run-server").await? == "b'at last'\n");
        Ok(())
    })
    .await;
    host.shutdown().await;
}
