// For a page that shows the widget in an iframe: gives each such frame the height that it asks for.

addEventListener("message", ({ source, data }) => {
  if (data?.from !== "udp-echo" || !(data.height > 0)) return;
  for (const frame of document.querySelectorAll("iframe")) {
    if (frame.contentWindow === source) frame.height = data.height;
  }
});
