// The exercises' judges: each solution passes, and what beginners write instead does not. Run by
// web/e2e/tests/browser/exercises.rs; by hand, after `cargo xtask bundle`: `node --test web/e2e/tests/exercises/`.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Worker } from "node:worker_threads";

const BUNDLE = new URL("../../../../server/bundle/", import.meta.url).href;
const file = (name) => readFileSync(new URL(name, BUNDLE));
const text = (name) => file(name).toString();

const parts = {
  interpreter: await WebAssembly.compile(file("run/micropython.wasm")),
  machine: await WebAssembly.compile(file("udp-echo-machine_bg.wasm")),
  shim: text("udp-run-shim.py"),
};

/** What a case of a check gives: the record of its programs. */
function play(given) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("bench.mjs", import.meta.url), { workerData: { bundle: BUNDLE, parts, given } });
    const end = (settle) => (value) => worker.terminate().then(() => settle(value));
    worker.once("message", end(resolve));
    worker.once("error", end(reject));
  });
}

/** The titles of the cases that fail, each with what its judge says. */
async function check({ cases, programs, judge }, sources, seed) {
  const wrong = [];
  for (const one of cases(seed)) {
    const record = await play({ programs: programs({ ...one, sources }), limit: one.limit });
    const found = judge(record, one);
    if (found) wrong.push({ title: one.title, ...found });
  }
  return wrong;
}

const EXERCISES = {
  pinger: { others: { "server.py": "exercise-server.py" }, solution: { "pinger.py": "exercise-pinger-solution.py" } },
  count: { others: { "sender.py": "exercise-sender.py" }, solution: { "receiver.py": "exercise-count-solution.py" } },
  checksum: { others: { "server.py": "exercise-server.py" }, solution: { "checked.py": "exercise-checksum-solution.py" } },
  wait: { others: {}, solution: { "receiver.py": "exercise-wait-receiver-solution.py", "sender.py": "exercise-wait-sender-solution.py" } },
};

for (const exercise of Object.values(EXERCISES)) {
  for (const which of ["others", "solution"]) {
    exercise[which] = Object.fromEntries(Object.entries(exercise[which]).map(([name, path]) => [name, text(path)]));
  }
}
for (const [name, exercise] of Object.entries(EXERCISES)) exercise.judged = await import(`${BUNDLE}exercises-${name}.js`);

/** The solution with one passage replaced, in all of its programs that have it. */
function changed(solution, from, to) {
  const found = Object.entries(solution).map(([name, source]) => [name, source.replace(from, to)]);
  const result = Object.fromEntries(found);
  assert.notDeepEqual(result, solution, `no program of the solution has ${from}`);
  return result;
}

/** The programs that stand in the page at first. */
function start(name) {
  const page = text("index.html");
  const [, card] = page.split(`id="exercise-${name}"`);
  const programs = [...card.split(/id="exercise-\w+">/)[0].matchAll(/<udp-run [^>]*name="(.*?)"[^>]*><pre[^>]*><code>(.*?)<\/code>/gs)];
  const plain = (html) => html.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  return Object.fromEntries(programs.map(([, file, source]) => [file, plain(source)]));
}

for (const [name, { judged, others, solution }] of Object.entries(EXERCISES)) {
  for (const seed of [1, 7, 123_456_789]) {
    test(`${name}: the solution passes with seed ${seed}`, async () => {
      assert.deepEqual(await check(judged, { ...others, ...solution }, seed), []);
    });
  }
  test(`${name}: what stands in the page at first fails`, async () => {
    const sources = { ...others, ...start(name) };
    assert.deepEqual(Object.keys(start(name)).sort(), Object.keys(solution).sort());
    assert.notDeepEqual(await check(judged, sources, 1), []);
  });
}

/** What beginners write: by exercise and name, a passage of the solution, what stands there instead, and what the judge says. */
const WRONG = {
  pinger: {
    "no timeout": ["            sock.settimeout(max(left, 0.001))\n", "", /pinger\.py waits for ever\. .* no timeout ends the wait/],
    "a late answer is taken for the next one's": ["while data != message:", "if True:", /No answer to “ping \d+” came|The answer to “ping \d+” came after/],
    "each wait begins anew": ["left = begin + 1 - time.monotonic()", "left = 1", /came after 1\.\d+ s, which is later than one second/],
    "a wait that is too short": ["begin + 1 - time", "begin + 0.04 - time", /The answer to “ping \d+” came after 0\.0\d s\./],
    "the share that arrived instead of the share that was lost": ["{100 * lost / 20:.0f} % lost", "{100 * len(times) / 20:.0f} % lost", /The line that counts them is wrong\./],
    "a division by nothing": ["if times:", "if True:", /pinger\.py ended with an error in line \d+\. ZeroDivisionError/],
    "an average over all pings": ["sum(times) / len(times)", "sum(times) / 20", /The line of the round-trip times is wrong\./],
    "a second ping for one that was lost": ["        print(f\"ping {number}: lost\")", "        sock.sendto(message, server)\n        print(f\"ping {number}: lost\")", /was sent 2 times/],
  },
  count: {
    "no timeout": ["        sock.settimeout(2)\n", "", /receiver\.py waits for ever/],
    "a timeout before the first": ["received = 0\n", "received = 0\nsock.settimeout(2)\n", /ended at 2\.00 s, when 0 of 50 had been sent/],
    "a timeout that is too short": ["sock.settimeout(2)", "sock.settimeout(1)", /when 25 of 50 had been sent/],
    "ended as soon as it has fifty": ["    while True:\n", "    while received < 50:\n", /receiver\.py ended 0\.00 s after the last datagram\./],
    "copies hide losses": ["lost {total - len(seen)}", "lost {total - received}", /\d+ of the 50 numbers never came/],
    "as many as the highest number": ["lost {total - len(seen)}", "lost {highest - len(seen)}", /3 of the 50 numbers never came: 48, 49 and 50/],
    "a copy that comes late is out of order": ["if number not in seen and number < highest", "if number < highest", /for the first time after a higher/],
    "compared with the one before, not with the highest": ["highest = max(highest, number)", "highest = number", /for the first time after a higher/],
    "only what is new is received": ["        received += 1\n        if number not in seen", "        received += number not in seen\n        if number not in seen", /copies included/],
  },
  checksum: {
    "what does not fit is thrown away": ["(total & 0xFFFF) + (total >> 16)", "total & 0xFFFF", /have to be its checksum/],
    "it carries only once": ["while total > 0xFFFF:", "if total > 0xFFFF:", /OverflowError/],
    "the odd byte is a low one": ["data += b\"\\0\"", "data = data[:-1] + b\"\\0\" + data[-1:]", /have to be its checksum/],
    "the bits are not turned over": ["return total ^ 0xFFFF", "return total", /have to be its checksum/],
    "the low byte comes first": ["to_bytes(2, \"big\")", "to_bytes(2, \"little\")", /have to be its checksum/],
    "bits are counted from the highest": ["found = f\"byte {byte} bit {bit}\"", "found = f\"byte {byte} bit {7 - bit}\"", /came back as .* became/],
    "bytes are counted in the text": ["found = f\"byte {byte} bit", "found = f\"byte {byte - 2} bit", /came back as .* became/],
    "all is taken for intact": ["if int.from_bytes(came[:2], \"big\") != checksum(came[2:]):", "if False:", /came back as .* became/],
    "damage of the checksum itself is not looked for": ["checksum(came[2:]):", "checksum(came[2:]) and sent[2:] != came[2:]:", /in byte [01], /],
  },
  wait: {
    "sent and forgotten": ["    while answer != expected:\n", "    while False:\n", /is missing|left before anything came back/],
    "nothing is sent again": ["        except socket.timeout:\n            sock.sendto(message, receiver)", "        except ZeroDivisionError:\n            pass", /ended with an error in line \d+\./],
    "copies are printed": ["if int(number) == expected:", "if True:", /was printed again/],
    "copies are not acknowledged": ["    sock.sendto(f\"ack {number}\".encode(), address)", "    if int(number) == expected - 1:\n        sock.sendto(f\"ack {number}\".encode(), address) if expected not in done else None\n        done.add(expected)", /missing|does not know it/, ["expected = 0\n", "expected = 0\ndone = set()\n"]],
    "any acknowledgement will do": ["while answer != expected:", "while answer is None:", /is missing/],
    "the receiver ends after the last message": ["while True:\n    data", "while expected < 20:\n    data", /The receiver had ended at/],
    "a timeout of two seconds": ["sock.settimeout(0.2)", "sock.settimeout(2)", /was still running after 15 s/],
    "copies are told by their text": ["    if int(number) == expected:\n        print(text, flush=True)", "    if int(number) == expected:\n        if text != last: print(text, flush=True)\n        last = text", /message 4/, ["expected = 0\n", "expected = 0\nlast = ''\n"]],
    "given up after three tries": ["        except socket.timeout:\n            sock.sendto(message, receiver)", "        except socket.timeout:\n            sock.sendto(message, receiver)\n            tries += 1\n            if tries == 3: break", /is missing|left before anything came back/, ["    answer = None\n", "    answer = None\n    tries = 0\n"]],
  },
};

for (const [name, wrong] of Object.entries(WRONG)) {
  const { judged, others, solution } = EXERCISES[name];
  for (const [what, [from, to, said, more]] of Object.entries(wrong)) {
    test(`${name}: it fails, and says why: ${what}`, async () => {
      const once = changed(solution, from, to);
      const sources = { ...others, ...(more ? changed(once, ...more) : once) };
      assert.notEqual((await check(judged, sources, 7)).length, 0, "it passes with seed 7");
      const found = await check(judged, sources, 1);
      assert.notEqual(found.length, 0, "it passes");
      assert.ok(found.some(({ say, got }) => said.test(`${say} ${got ?? ""}`)), JSON.stringify(found, null, 1));
      // A reader has to see more than that it is wrong.
      for (const { say } of found) assert.match(say, /^[A-Za-z“\d].*[.”]$/s);
    });
  }
}

test("the output that a task shows is what the solution prints with the first seed", async () => {
  for (const [name, at] of [["pinger", 1], ["count", 1], ["checksum", 2]]) {
    const { judged, others, solution } = EXERCISES[name];
    const one = judged.cases(1)[at];
    assert.deepEqual(one.lab, judged.lab(1), "it is the link of Run");
    const { programs } = await play({ programs: judged.programs({ ...one, sources: { ...others, ...solution } }), limit: one.limit });
    const [, task] = text("index.html").split(`id="exercise-${name}"`);
    const [, shown] = /<pre[^>]*>\n(.*?)<\/pre>/s.exec(task);
    for (const part of shown.split("…\n")) assert.ok(programs[Object.keys(solution)[0]].printed.includes(part), `${name}: ${part} is not in ${programs[Object.keys(solution)[0]].printed}`);
  }
});

test("one seed gives one record, and another seed another", async () => {
  const { judged, others, solution } = EXERCISES.wait;
  const record = async (seed) => {
    const one = judged.cases(seed)[4];
    const { datagrams } = await play({ programs: judged.programs({ ...one, sources: { ...others, ...solution } }), limit: one.limit });
    return datagrams.map(({ program, way, text, fate }) => `${program} ${way} ${text} ${fate}`);
  };
  const [first, again, other] = [await record(7), await record(7), await record(8)];
  assert.deepEqual(first, again);
  assert.notDeepEqual(first, other);
});

test("a program that polls gets on, and one that sleeps an hour takes no hour", async () => {
  const source = "import socket, time\nsock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nsock.bind(('localhost', 20000))\nsock.setblocking(False)\nend = time.monotonic() + 1\nwhile time.monotonic() < end:\n    try:\n        sock.recvfrom(10)\n    except BlockingIOError:\n        pass\nend = time.time() + 1\nwhile time.time() < end:\n    pass\ntime.sleep(3600)\nprint('done')\n";
  const began = performance.now();
  const { programs, end, time } = await play({ programs: [{ name: "polls.py", source }], limit: 4_000_000 });
  assert.equal(end, "over");
  assert.equal(programs["polls.py"].printed, "done\n");
  assert.ok(time > 3_602_000 && time < 3_603_000, String(time));
  assert.ok(performance.now() - began < 60_000);
});
