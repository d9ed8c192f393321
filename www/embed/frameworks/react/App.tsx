import "udp-echo";
import type {} from "udp-echo/jsx";
import { useState } from "react";
import { createRoot } from "react-dom/client";

/** The one address to change: where the host is. */
const RELAY = "http://127.0.0.1:8000";

function App() {
  const [echoes, setEchoes] = useState(0);
  return (
    <main>
      <udp-echo relay={RELAY} view="transcript" autosend={false} onudp-echoed={({ detail }) => setEchoes(detail.number)}>
        <pre>{`sending "This is the message.  It will be repeated."`}</pre>
      </udp-echo>
      <output>{echoes}</output>
    </main>
  );
}

createRoot(document.querySelector("#app")!).render(<App />);
