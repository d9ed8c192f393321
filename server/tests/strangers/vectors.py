"""Holds contract.py, which was written from PROTOCOL.md alone, against the test vectors.

Usage: vectors.py DIR. Prints how many cases of each file agree; exits with 1 and a sentence at the first that does not.
"""

import json
import sys
from pathlib import Path

from contract import Ledger, Link, echo_answer, is_guarded
from sockets_contract import Session, address_of, read_header, write_header
from sockets_route import Failed, Surroundings, bind, connect, resolve, route
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


def run_socket_step(session, where, step):
    """Feeds a step to the session and compares all that comes of it."""
    at, answer = step["at"], None
    if "open" in step:
        session.open(step["open"])
    elif "close" in step:
        session.close(step["close"])
    elif "ask" in step:
        answer = session.ask(step["ask"])
    elif "message" in step:
        session.message(at, bytes.fromhex(step["message"]))
    elif "reject" in step:
        session.reject(at, bytes.fromhex(step["reject"][0]), step["reject"][1])
    elif "arrive" in step:
        *way, data = step["arrive"]
        session.arrive(at, *way, bytes.fromhex(data))
    elif "receipt" in step:
        sender, to, data, outcome = step["receipt"]
        session.receipt(at, sender, to, bytes.fromhex(data), outcome)
    elif "receiver_closed" in step:
        session.receiver_closed(at, step["receiver_closed"])
    elif "error" in step:
        session.error(*step["error"])
    session.counters["strangers"] += step.get("strangers", 0)
    session.has_room = step.get("room", session.has_room)
    session.client_takes = step.get("client_takes", session.client_takes)

    ends = list(step.get("carry", []))
    got = {"sends": session.run(at, ends)}
    check(f"{where}, ends of copies that were not sent", ends, [])
    got["messages"], session.messages = session.messages, []
    got["receipts"], session.receipts = session.receipts, []
    if not step.get("later"):
        got["events"], session.events = session.events, []
        got["errors"], session.errors = session.errors, []
    for name, value in got.items():
        check(f"{where}, {name}", value, step.get(name, []))
    check(f"{where}, answer", answer, step.get("answer"))
    check(f"{where}, balance", session.balanced(), True)


sockets = load("sockets.json")
for case in sockets["headers"]:
    message = bytes.fromhex(case["message"])
    socket, address, data = read_header(message)
    check(f"sockets.json, {case}", [socket, address, data.hex()], [case["socket"], case["address"], case["payload"]])
    check(f"sockets.json, {case}", write_header(socket, address) + data, message)
for message in sockets["unreadable"]:
    check(f"sockets.json, header {message!r}", read_header(bytes.fromhex(message)), None)
for case in sockets["sessions"]:
    session = Session(7)
    for number, step in enumerate(case["steps"]):
        run_socket_step(session, f"sockets.json, {case['name']!r}, step {number}", step)
    check(f"sockets.json, {case['name']!r}", session.counters, case["counters"])
count = len(sockets["headers"]) + len(sockets["unreadable"]) + len(sockets["sessions"])
print(f"sockets.json: {count} cases agree")


def given(call, *arguments):
    """What a call gives: a text, or the errno with which it fails."""
    try:
        return call(*arguments)
    except Failed as error:
        return error.args[0]


routes = load("route.json")
around = {family: Surroundings(routes["surroundings"], family) for family in ("ipv4", "ipv6")}
for case in routes["destinations"]:
    check(f"route.json, {case}", given(route, address_of(case["to"]), around[case["family"]]), case["route"])
for name, call in (("binds", bind), ("connects", connect)):
    for case in routes[name]:
        gives = given(call, case["host"], case["port"], around[case["family"]])
        check(f"route.json, {name}, {case}", gives, case["gives"])
for case in routes["resolves"]:
    gives = given(resolve, case["host"], case["family"], around["ipv4"])
    check(f"route.json, resolves, {case}", gives, case["gives"])
count = sum(len(routes[name]) for name in ("destinations", "binds", "connects", "resolves"))
print(f"route.json: {count} cases agree")
