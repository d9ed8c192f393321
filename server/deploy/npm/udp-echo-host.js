#!/usr/bin/env node
// Runs the host's binary, which comes in a package of its own for each platform.
"use strict";
const { spawn } = require("node:child_process");

const name = `udp-echo-host-${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "udp-echo.exe" : "udp-echo";

function find() {
  try {
    return require.resolve(`${name}/bin/${file}`);
  } catch {
    console.error(
      `udp-echo-host: the package ${name} is not installed. Either npm left out optional dependencies, or there is none for this ` +
        "platform: then build the host with Rust (cargo install --path server, in a checkout).",
    );
    process.exit(1);
  }
}

let told = false;
function stop(signal) {
  // A console of Windows tells the host itself.
  if (process.platform === "win32") return;
  if (told) return host.kill(signal);
  told = true;
  // A terminal tells the host as well. The host takes a second SIGINT for impatience, but not a SIGHUP that follows the first.
  setTimeout(() => host.kill("SIGHUP"), 100);
}
// Before there is a host: a signal that came in between would leave it behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);

const host = spawn(find(), process.argv.slice(2), { stdio: "inherit" });
host.on("error", (error) => {
  console.error(`udp-echo-host: ${host.spawnfile} cannot be started: ${error.message}`);
  process.exit(1);
});
host.on("exit", (code) => process.exit(code ?? 1));

// `npx` runs us in a shell, which does not pass on the signal that ends it.
const shell = process.ppid;
if (process.env.npm_lifecycle_event === "npx") {
  const look = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(look);
    stop("SIGHUP");
  }, 500);
}
