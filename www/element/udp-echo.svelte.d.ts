// Types of our elements in templates of Svelte 5: import type {} from "udp-echo/svelte". The attributes and events are those of JSX.

import type { HTMLAttributes } from "svelte/elements";
import type { UdpEchoElement } from "./udp-echo.js";
import type { UdpEchoProps, UdpRunProps } from "./udp-echo.jsx.js";
import type { UdpRun } from "./udp-run.js";

declare module "svelte/elements" {
  interface SvelteHTMLElements {
    "udp-echo": Omit<HTMLAttributes<UdpEchoElement>, keyof UdpEchoProps> & UdpEchoProps;
    "udp-run": Omit<HTMLAttributes<UdpRun>, keyof UdpRunProps> & UdpRunProps;
  }
}
