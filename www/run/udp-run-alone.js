// What a worker of programs gives away, before it loads anything else that it does.

/** What a program has no business with. The wasm's imports lead to none of it; this is the second wall. */
const GIVEN_AWAY = [
  "fetch", "WebSocket", "WebSocketStream", "WebTransport", "EventSource", "XMLHttpRequest", "importScripts", "indexedDB", "caches",
  "BroadcastChannel", "Worker", "SharedWorker", "navigator", "location", "Notification", "FileReaderSync", "eval", "Function",
];

for (const name of GIVEN_AWAY) {
  for (let owner = self; owner; owner = Object.getPrototypeOf(owner)) {
    if (!Object.hasOwn(owner, name)) continue;
    try {
      Object.defineProperty(owner, name, { value: undefined, writable: false, configurable: false });
    } catch {
      // What cannot be changed leads nowhere: the worker's policy allows no connection.
    }
  }
}
