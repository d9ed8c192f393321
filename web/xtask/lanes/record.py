"""The same hundred datagrams by WebSocket and by WebTransport, over a wire that really loses packets: `cargo xtask lanes`.

Chromium and the host run in network namespaces of their own; `network.py` is the wire between them. Of each lane at each loss, the
delays of the first round are kept; of those with the most loss, the whole run as the element exported it. The table has all rounds.
"""

import argparse
import datetime
import json
import math
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import network

LANES = ["websocket", "webtransport"]
LOSSES = [0, 1, 5]
DELAY = 0.020
DATAGRAMS = 100
EVERY = 20  # milliseconds
# A datagram that has no answer after this is lost. A WebSocket seldom stalls so long.
TIMEOUT = 4000
WARMING = 20
SITE = f"http://{network.HOST[2]}:8000"

# Sends all of them at a steady pace, waits until each has its fate, and exports the run.
SEND = """
const [datagrams, every, done] = arguments;
const element = document.querySelector("udp-echo");
let settled = 0;
const ways = ["udp-echoed", "udp-lost"];
const count = async () => {
  if (++settled < datagrams) return;
  ways.forEach((way) => element.removeEventListener(way, count));
  done(await element.export());
};
ways.forEach((way) => element.addEventListener(way, count));
let sent = 0;
const began = performance.now();
const next = () => {
  element.send(`datagram ${++sent}`);
  if (sent < datagrams) setTimeout(next, began + sent * every - performance.now());
};
next();
"""


# Begins a new session, in the same page.
RESET = """
const [done] = arguments;
const element = document.querySelector("udp-echo");
element.addEventListener("udp-ready", () => done(), { once: true });
element.reset();
"""


class Browser:
    """A headless Chromium, by chromedriver."""

    def __init__(self, folder):
        port = 9515
        self.program = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, cwd=folder)
        self.address = f"http://127.0.0.1:{port}/session"
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            # Browsers give WebTransport to secure pages only, and this one is read over http from another machine.
            f"--unsafely-treat-insecure-origin-as-secure={SITE}",
            f"--user-data-dir={folder}/profile",
        ]
        wanted = {"browserName": "chrome", "goog:chromeOptions": {"args": arguments}}
        until = time.monotonic() + 30
        while True:
            try:
                answer = self.ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})
                break
            except urllib.error.URLError as error:
                # It does not listen yet.
                if isinstance(error, urllib.error.HTTPError) or time.monotonic() > until:
                    raise
                time.sleep(0.1)
        self.version = f"Chromium {answer['capabilities']['browserVersion']}"
        self.session = f"/{answer['sessionId']}"
        self.ask("POST", self.session + "/timeouts", {"script": 60_000})

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]

    def open(self, address):
        self.ask("POST", self.session + "/url", {"url": address})

    def script(self, source, *arguments):
        return self.ask("POST", self.session + "/execute/sync", {"script": source, "args": arguments})

    def script_that_calls_back(self, source, *arguments):
        return self.ask("POST", self.session + "/execute/async", {"script": source, "args": arguments})

    def wait_for_badge(self, words):
        badge = "return document.querySelector('udp-echo')?.shadowRoot?.querySelector('[part=badge]')?.textContent.trim()"
        until = time.monotonic() + 60
        while (seen := self.script(badge)) != words:
            if time.monotonic() > until:
                raise TimeoutError(f"the badge says {seen!r} and not {words!r}")
            time.sleep(0.05)

    def quit(self):
        self.ask("DELETE", self.session)
        self.program.terminate()


class Wire:
    """The process that carries the packets."""

    def __init__(self):
        network.unplug()
        tuns = [network.plug(network.PAGE, network.HOST), network.plug(network.HOST, network.PAGE)]
        self.control, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            self.control.close()
            network.forward(tuns, far, DELAY)
            os._exit(0)
        far.close()

    def lose(self, percent, seed):
        """Loses from now on. Returns how many packets came, and how many of them were lost, since the last call."""
        self.control.send(f"{percent / 100} {seed}".encode())
        return [int(count) for count in self.control.recv(100).split()]


def run_once(browser, wire, lane, loss, seed):
    """One round: the session begins without loss, and the datagrams meet it."""
    browser.open(f"{SITE}/embed?motion=none&view=mini&timeout={TIMEOUT}&lane={lane}")
    badge = "Live" if lane == "websocket" else "Live over WebTransport"
    browser.wait_for_badge(badge)
    # What a page does for the first time is slow by itself.
    browser.script_that_calls_back(SEND, WARMING, EVERY)
    browser.script_that_calls_back(RESET)
    browser.wait_for_badge(badge)
    wire.lose(loss, seed)
    run = browser.script_that_calls_back(SEND, DATAGRAMS, EVERY)
    packets = wire.lose(0, 0)
    return json.loads(run), packets


def delays(run):
    """Milliseconds of each datagram until its answer; none for one that had none."""
    return [datagram["answered"] / 1000 if datagram["fate"] == "echoed" else None for datagram in run["datagrams"]]


def row(lane, loss, rounds):
    """A line of the table."""
    every = [delay for run, _ in rounds for delay in delays(run)]
    echoed = sorted(delay for delay in every if delay is not None)
    # The smallest delay that this share of the answers did not exceed.
    share = lambda part: round(echoed[math.ceil(part * len(echoed)) - 1], 1)
    packets, dropped = (sum(counts[which] for _, counts in rounds) for which in range(2))
    return {
        "lane": lane,
        "loss": loss,
        "datagrams": len(every),
        "lost": len(every) - len(echoed),
        "p50": share(0.5),
        "p99": share(0.99),
        "max": round(echoed[-1], 1),
        "packets": packets,
        "dropped": dropped,
    }


def compact(run):
    """A run with one line for each datagram, as the element writes it."""
    text = lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    head = text({name: value for name, value in run.items() if name != "datagrams"})
    return head[:-1] + ',"datagrams":[\n' + ",\n".join(text(datagram) for datagram in run["datagrams"]) + "\n]}\n"


def show(rows):
    print("\n| loss each way | lane | datagrams | lost | p50 | p99 | longest | packets, and dropped of them |")
    print("|---|---|---|---|---|---|---|---|")
    names = {"websocket": "WebSocket", "webtransport": "WebTransport"}
    for row in rows:
        print(
            f"| {row['loss']} % | {names[row['lane']]} | {row['datagrams']:,} | {row['lost']} | {row['p50']} ms | {row['p99']} ms"
            f" | {row['max']} ms | {row['packets']:,}, {row['dropped']} |"
        )


def main():
    parser = argparse.ArgumentParser(prog="cargo xtask lanes", description=__doc__.splitlines()[0])
    parser.add_argument("--host", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs and their conditions")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of a hundred datagrams, of each lane at each loss")
    parser.add_argument("--seed", type=int, default=20, help="decides which packets are lost")
    told = parser.parse_args()
    if os.geteuid() or platform.system() != "Linux":
        sys.exit("error: network namespaces need Linux, and root: run this with sudo")
    for program in ["ip", "chromedriver"]:
        if not shutil.which(program):
            sys.exit(f"error: no {program} in PATH: install it (Debian: iproute2, chromium-driver)")

    # Before all other programs of this machine, and the wire before these: delays are to be the wire's.
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(2))
    wire = Wire()
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    folder = tempfile.mkdtemp()
    serve = ["serve", "--http", f"{network.HOST[2]}:8000", "--udp", "127.0.0.1:0", "--webtransport", "4433"]
    host = subprocess.Popen(["ip", "netns", "exec", network.HOST[0], told.host, *serve], stdout=subprocess.DEVNULL, env={**os.environ, "RUST_LOG": "warn"})
    network.enter(network.PAGE)
    browser = None
    try:
        until = time.monotonic() + 10
        while True:
            try:
                urllib.request.urlopen(f"{SITE}/healthz", timeout=1).close()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        browser = Browser(folder)
        record(browser, wire, told)
    finally:
        if browser:
            browser.quit()
        host.terminate()
        host.wait()
        wire.control.close()
        os.wait()
        network.unplug()
        shutil.rmtree(folder, ignore_errors=True)


def record(browser, wire, told):
    rows, kept = [], {}
    for loss in LOSSES:
        for lane in LANES:
            rounds = [run_once(browser, wire, lane, loss, f"{told.seed}.{number}") for number in range(told.rounds)]
            rows.append(row(lane, loss, rounds))
            kept[lane] = first = rounds[0][0]
            rows[-1]["first"] = [delay and round(delay, 1) for delay in delays(first)]
            print(f"{loss} % each way by {lane}: done", flush=True)
    show(rows)
    told.out.mkdir(parents=True, exist_ok=True)
    for lane, run in kept.items():
        (told.out / f"experiments-{lane}.json").write_text(compact(run))
    conditions = {
        "date": datetime.date.today().isoformat(),
        "kernel": f"{platform.system()} {re.match(r'[0-9.]+', platform.release())[0].rstrip('.')}",
        "browser": browser.version,
        "delay": DELAY * 1000,
        "every": EVERY,
        "datagrams": DATAGRAMS,
        "rounds": told.rounds,
        "seed": told.seed,
        "congestion": Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip(),
    }
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    text = f'{{"conditions": {json.dumps(conditions)},\n"rows": [\n{lines}\n]}}\n'
    (told.out / "experiments-lanes.json").write_text(text)


if __name__ == "__main__":
    main()
