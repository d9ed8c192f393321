//! What a program of the page costs: seconds to its first line, echoes a second, and memory.
//!
//! `cargo test -p e2e --features browser python::figures -- --nocapture` prints them; those of the guide are from a machine that
//! does nothing else, with the host of `--release`. Beside other tests they hold only what no machine may exceed.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use test_support::host::TestServer;

use super::{open, outcome, press, shadow};
use crate::browser::in_chromium;
use crate::page::Page;

/// Echoes of one run.
const ECHOES: usize = 500;

/// KiB that a program may take which does nothing but wait.
const MOST_KILOBYTES: u64 = 32 << 10;

/// A client that counts how many echoes it gets in a second.
const CLIENT: &str = "import socket, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(5)
began = time.time()
for number in range(ECHOES):
    sock.sendto(b\"This is the message.  It will be repeated.\", (\"localhost\", 10000))
    sock.recvfrom(4096)
print(ECHOES / (time.time() - began))
";

/// A program that has printed a line and waits.
const WAITS: &str = "import socket
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((\"localhost\", 0))
print(\"waits\", flush=True)
sock.recvfrom(10)
";

/// Milliseconds from Run to the first line, of a program that ends.
async fn first_line(page: &Page) -> Result<f64> {
    let first = page
        .script_that_calls_back(&format!(
            "const done = arguments[arguments.length - 1];
             {} element.program = 'print(1)\\n';
             element.addEventListener('udp-run-exit', ({{ detail }}) => done([detail.first]), {{ once: true }});
             element.run()",
            shadow("run-client")
        ))
        .await?;
    first[0].as_f64().context("milliseconds")
}

#[tokio::test]
async fn seconds_to_the_first_line_and_echoes_a_second() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let cold = first_line(page).await?;
        let mut warm = Vec::new();
        for _ in 0..5 {
            warm.push(first_line(page).await?);
        }
        warm.sort_by(f64::total_cmp);
        println!(
            "first line: {:.2} s after the first Run, {:.2} s after a later one",
            cold / 1000.0,
            warm[2] / 1000.0
        );
        press(page, "run-server", "run").await?;
        let waits = format!(
            "{} return part('output').textContent.includes('waiting')",
            shadow("run-server")
        );
        page.wait_for("the server", &waits).await?;
        // What the article's server prints for each datagram is part of the figure.
        let (said, code) = outcome(page, &CLIENT.replace("ECHOES", &ECHOES.to_string())).await?;
        ensure!(code == 0, "{said}");
        let rate: f64 = said.trim().parse().with_context(|| said.clone())?;
        println!(
            "echoes: {rate:.0} a second between the article's server and a client of the page"
        );
        ensure!(
            cold < 20_000.0 && rate > 5.0,
            "{cold} ms, {rate} echoes a second"
        );
        Ok(())
    })
    .await;
    host.shutdown().await;
}

/// Adds programs that wait to the page, until there are so many.
async fn runners(page: &Page, count: usize) -> Result<()> {
    page.script(&format!(
        "while (document.querySelectorAll('.waits').length < {count}) {{
            const element = Object.assign(document.createElement('udp-run'), {{ className: 'waits', textContent: {} }});
            document.body.append(element);
            element.run();
        }}",
        json!(WAITS)
    ))
    .await?;
    page.wait_for(
        "all to wait",
        &format!("return [...document.querySelectorAll('.waits')].filter(({{ shadowRoot }}) => shadowRoot.textContent.includes('waits\\n')).length === {count}"),
    )
    .await?;
    Ok(())
}

/// KiB that the processes of the pages of this browser take: the shares of what several have, and all of what one has (`Pss`).
fn memory_of_pages(browser: u64) -> Result<u64> {
    let mut parents = HashMap::new();
    let mut pages = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let path = entry?.path();
        // A process may end while this looks.
        let Some(id) = path
            .file_name()
            .and_then(|name| name.to_str()?.parse::<u64>().ok())
        else {
            continue;
        };
        let (Ok(stat), Ok(line)) = (
            fs::read_to_string(path.join("stat")),
            fs::read(path.join("cmdline")),
        ) else {
            continue;
        };
        // The name of the program, in brackets, may hold anything.
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1)?.parse::<u64>().ok());
        parents.insert(id, parent.unwrap_or_default());
        if String::from_utf8_lossy(&line).contains("--type=renderer") {
            pages.push(id);
        }
    }
    let is_ours = |mut id: u64| loop {
        match parents.get(&id) {
            _ if id == browser => return true,
            Some(parent) => id = *parent,
            None => return false,
        }
    };
    pages.retain(|id| is_ours(*id));
    ensure!(!pages.is_empty(), "process {browser} has no pages");
    let mut kilobytes = 0;
    for id in pages {
        let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
        let share = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let share = share.and_then(|share| share.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kilobytes += share.unwrap_or_default();
    }
    Ok(kilobytes)
}

#[tokio::test]
async fn memory_of_a_program() {
    let host = TestServer::start(&[]).await;
    in_chromium(async |page| {
        open(page, &host).await?;
        let mut figures = Vec::new();
        for count in [0, 1, 10] {
            runners(page, count).await?;
            page.collect_garbage().await?;
            figures.push((count, memory_of_pages(page.process_id()?)?));
        }
        for (count, kilobytes) in &figures {
            println!("memory of the page's process with {count} programs: {kilobytes} KiB");
        }
        let first = figures[1].1.saturating_sub(figures[0].1);
        let each = figures[2].1.saturating_sub(figures[1].1) / 9;
        println!("the first program: {first} KiB; each after it: {each} KiB");
        ensure!(each < MOST_KILOBYTES, "{each} KiB for each");
        // What the interpreter itself has taken, as the element tells its page.
        let memory = page
            .script_that_calls_back(&format!(
                "const done = arguments[arguments.length - 1];
                 {} element.program = 'import time\\ntime.sleep(1.5)\\n';
                 element.addEventListener('udp-run-exit', ({{ detail }}) => done([detail.memory ?? 0]), {{ once: true }});
                 element.run()",
                shadow("run-client")
            ))
            .await?;
        let memory = memory[0].as_u64().context("bytes")?;
        println!("of which wasm memory: {} KiB", memory / 1024);
        ensure!(memory > 0);
        Ok(())
    })
    .await;
    host.shutdown().await;
}
