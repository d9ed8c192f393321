// For a page that shows the widget or programs in an iframe: gives each such frame the height that it asks for.

addEventListener("message", ({ source, data }) => {
  if (!/^udp-(echo|run)$/.test(data?.from) || !(data.height > 0)) return;
  for (const frame of document.querySelectorAll("iframe")) {
    if (frame.contentWindow === source) frame.height = data.height;
  }
});
