import init from "./udp-echo-web.js"; await init();
