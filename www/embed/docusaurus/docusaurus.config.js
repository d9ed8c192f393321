// The one address to change: where the host is. It has to allow the origin of your site:
//     udp-echo --allow-origin https://docs.example
const loader = "http://127.0.0.1:8000/udp-echo.js";

export default {
  title: "UDP in a Docusaurus site",
  url: "https://docs.example",
  baseUrl: "/",
  // On the server <udp-echo> is a tag like any other; this makes it more than that in the browser.
  scripts: [{ src: loader, type: "module" }],
  presets: [["classic", { docs: { routeBasePath: "/", sidebarPath: undefined }, blog: false }]],
};
