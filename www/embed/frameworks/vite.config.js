import { svelte } from "@sveltejs/vite-plugin-svelte";
import vue from "@vitejs/plugin-vue";

/** To Vue, a tag with a dash is an element and no component of its own. */
const isCustomElement = (tag) => tag.includes("-");

export default {
  plugins: [svelte(), vue({ template: { compilerOptions: { isCustomElement } } })],
  // The loader finds its neighbours by their addresses, which `vite` while it serves would move.
  optimizeDeps: { exclude: ["udp-echo"] },
  // A strict Content-Security-Policy allows no files inside addresses.
  build: { assetsInlineLimit: 0, target: "es2022", rollupOptions: { input: ["react/index.html", "vue/index.html", "svelte/index.html"] } },
};
