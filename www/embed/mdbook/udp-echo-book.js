// The one address to change: where the host is. It has to allow the origin of your book:
//     udp-echo --allow-origin https://docs.example
// The classic form of the loader, for mdBook's own scripts cannot be modules.
const udpEcho = document.createElement("script");
udpEcho.src = "http://127.0.0.1:8000/udp-echo.classic.js";
document.head.append(udpEcho);
