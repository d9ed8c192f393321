"""Holds contract.py, which was written from PROTOCOL.md alone, against the test vectors.

Usage: vectors.py DIR. Prints how many cases of each file agree; exits with 1 and a sentence at the first that does not.
"""

import json
import sys
from pathlib import Path

from contract import Ledger, Link, echo_answer, is_guarded
from tcp_model import deliver

folder = Path(sys.argv[1])


def load(name):
    return json.loads((folder / name).read_text())


def payload(spec):
    if isinstance(spec, str):
        return spec.encode()
    return bytes.fromhex(spec["hex"]) if "hex" in spec else bytes([spec["byte"]]) * spec["times"]


def check(where, got, expected):
    if got != expected:
        sys.exit(f"{where}: got {got}, the vector says {expected}")


def run_step(ledger, where, step):
    if "send" in step:
        ledger.send(step["at"], payload(step["send"]))
    elif "open" in step:
        ledger.open(step["at"], step["open"])
    elif "on_wire" in step:
        ledger.on_wire(step["of"], step["copy"], payload(step["on_wire"]))
    elif "answer" in step:
        check(where, list(ledger.deliver(payload(step["answer"]))), step["is"])
    elif "expire" in step:
        check(where, ledger.expire(step["at"], step["expire"]), step["ends"])
    elif "refuse" in step:
        check(where, ledger.refuse(), step["refuse"])
    elif "seen" in step:
        seen = ledger.seen_by_server(payload(step["seen"]))
        check(where, seen and list(seen), step["is"])
    elif "reject" in step:
        ledger.settle(step["reject"], "rejected")
    elif "duplicated" in step:
        ledger.duplicated(step["duplicated"])
    elif "copy_dropped" in step:
        check(where, ledger.copy_dropped(step["copy_dropped"]), step["last"])
    else:
        sys.exit(f"{where}: the step {step} is unknown")


for name in ["matching.json", "ledger.json"]:
    cases = load(name)["cases"]
    for case in cases:
        ledger = Ledger()
        for number, step in enumerate(case["steps"]):
            where = f"{name}, {case['name']!r}, step {number}"
            run_step(ledger, where, step)
            check(where + ", balance", ledger.balanced(), True)
        check(f"{name}, {case['name']!r}", ledger.counters, case["counters"])
    print(f"{name}: {len(cases)} cases agree")

echo = load("echo.json")
for case in echo["rule"]:
    answer = echo_answer(case["bytes"], case["buffer"], case["echo_empty"])
    check(f"echo.json, {case}", answer and {"bytes": answer[0], "cut": answer[1]}, case["answer"])
for case in echo["guard"]:
    check(f"echo.json, {case}", is_guarded(case["peer_port"], case["own_port"]), case["guarded"])
print(f"echo.json: {len(echo['rule']) + len(echo['guard'])} cases agree")

cases = load("link.json")["cases"]
for case in cases:
    link = Link(case["impairment"], case["seed"], case["direction"])
    verdicts, arrivals = [], []
    once = dict(case.get("once", []))
    for number in range(case["count"]):
        link.befall_next(once.get(number + 1))
        arrivals += link.due(number * case["every_us"])
        verdicts.append(link.offer(number * case["every_us"], number + 1, case["bytes"]))
    arrivals += link.due(1 << 62)
    check(f"link.json, {case['name']!r}, verdicts", verdicts, case["verdicts"])
    check(f"link.json, {case['name']!r}, arrivals", arrivals, case["arrivals"])
print(f"link.json: {len(cases)} cases agree")

tcp = load("tcp.json")
for case in tcp["cases"]:
    lost = [tuple(of) for of in case["lost"]]
    course = (case["messages"], case["every_us"], case["delay_us"])
    segments, delivered = deliver(*course, lambda message, attempt: (message, attempt) in lost)
    check(f"tcp.json, {case['name']!r}, segments", segments, case["segments"])
    check(f"tcp.json, {case['name']!r}, delivered", delivered, case["delivered"])
for case in tcp["races"]:
    there, again = (Link({"loss_ppm": case["loss_ppm"]}, case["seed"], way) for way in ("up", "down"))
    lost = [there.offer(0, 0, 0) == "loss" for _ in range(case["messages"])]
    is_lost = lambda message, attempt: lost[message] if attempt == 0 else again.offer(0, 0, 0) == "loss"
    segments, delivered = deliver(case["messages"], case["every_us"], case["delay_us"], is_lost)
    where = f"tcp.json, the race of {case['seed']}"
    check(where, [number for number, gone in enumerate(lost) if gone], case["lost"])
    check(where, [len(segments), delivered], [case["segments"], case["delivered"]])
print(f"tcp.json: {len(tcp['cases']) + len(tcp['races'])} cases agree")
