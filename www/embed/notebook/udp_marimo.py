# A notebook of marimo's: `marimo edit udp_marimo.py`.

import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    from udp_echo.notebook import UdpEcho

    echo, set_echo = mo.state(None)
    return UdpEcho, echo, mo, set_echo


@app.cell
def _(UdpEcho, set_echo):
    udp = UdpEcho(view="transcript", host="http://127.0.0.1:8000", on_echoed=set_echo)
    udp
    return (udp,)


@app.cell
def _(echo, mo):
    mo.stop(echo() is None, "Press Send.")
    f"datagram {echo()['number']} was back after {echo()['roundTrip']:.1f} ms"
    return


@app.cell
def _(mo):
    again = mo.ui.run_button(label="Show the run")
    again
    return (again,)


@app.cell
def _(again, mo, udp):
    mo.stop(not again.value)
    [(row["number"], row["text"], row["fate"]) for row in udp.export()["datagrams"]]
    return


if __name__ == "__main__":
    app.run()
