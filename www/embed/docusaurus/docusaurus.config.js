// The one address to change: where the host is. It has to allow the origin of your site:
//     udp-echo --allow-origin https://docs.example
const loader = "http://127.0.0.1:8000/udp-echo.js";
// Only for a site with programs that readers run.
const programs = "http://127.0.0.1:8000/udp-run.js";

export default {
  title: "UDP in a Docusaurus site",
  url: "https://docs.example",
  baseUrl: "/",
  // On the server <udp-echo> and <udp-run> are tags like any others; this makes them more than that in the browser.
  scripts: [
    { src: loader, type: "module" },
    { src: programs, type: "module" },
  ],
  presets: [["classic", { docs: { routeBasePath: "/", sidebarPath: undefined }, blog: false }]],
};
