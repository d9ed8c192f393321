import starlight from "@astrojs/starlight";
import { defineConfig } from "astro/config";

// The one address to change: where the host is. It has to allow the origin of your site:
//     udp-echo --allow-origin https://docs.example
const loader = "http://127.0.0.1:8000/udp-echo.js";

export default defineConfig({
  integrations: [
    starlight({
      title: "UDP in a Starlight site",
      head: [{ tag: "script", attrs: { type: "module", src: loader } }],
      sidebar: [{ label: "Message oriented", link: "/" }, { label: "Boundaries", link: "/boundaries/" }],
    }),
  ],
});
