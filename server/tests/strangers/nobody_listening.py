"""What a socket hears of a port that nobody has bound, before and after connect. Prints one line for each."""

import socket

SECONDS = 0.5


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()


def hears(client):
    """The name of the error that the socket is told, or "nothing"."""
    try:
        client.recvfrom(4096)
    except TimeoutError:
        return "nothing"
    except OSError as error:
        return error.strerror
    return "an answer"


nobody = free_port()
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(SECONDS)

client.sendto(b"is anybody there?", nobody)
print("sendto and recvfrom, not connected:", hears(client))

client.connect(nobody)
print("after connect, which sends nothing:", hears(client))

client.send(b"is anybody there?")
print("send and recv, connected:", hears(client))
