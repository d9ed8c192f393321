# The cells of a notebook, each below its `# %%`. Paste them, or open this file in VS Code or Spyder as it is.

# %%
from udp_echo.notebook import UdpEcho

udp = UdpEcho(
    view="transcript",
    host="http://127.0.0.1:8000",
)
udp

# %%
from ipywidgets import Output

output = Output()


@udp.on_echoed
def show(echo):
    with output:
        print(f"datagram {echo['number']} was back after {echo['roundTrip']:.1f} ms")


output

# %%
udp.send("from a notebook")

# %%
[(row["number"], row["text"], row["fate"]) for row in udp.export()["datagrams"]]
