// The one address to change: where the host is. It has to allow the origin of your site:
//     udp-echo --allow-origin https://docs.example
const loader = "http://127.0.0.1:8000/udp-echo.js";

export default {
  title: "UDP in a VitePress site",
  cleanUrls: true,
  head: [["script", { type: "module", src: loader }]],
  // To Vue, a tag with a dash would be a component that nobody has defined.
  vue: { template: { compilerOptions: { isCustomElement: (tag) => /^udp-(echo|run)$/.test(tag) } } },
  themeConfig: { sidebar: [{ text: "Message oriented", link: "/" }, { text: "Boundaries", link: "/boundaries" }] },
};
