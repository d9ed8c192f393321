// The one address to change: where the host is. It has to allow the origin of your book:
//     udp-echo --allow-origin https://docs.example
// The classic form of the loader, for mdBook's own scripts cannot be modules.
const udpEcho = document.createElement("script");
udpEcho.src = "http://127.0.0.1:8000/udp-echo.classic.js";
document.head.append(udpEcho);

// Programs that readers run, on pages that have some.
if (document.querySelector("udp-run")) {
  const udpRun = document.createElement("script");
  udpRun.type = "module";
  udpRun.src = "http://127.0.0.1:8000/udp-run.js";
  document.head.append(udpRun);
}
