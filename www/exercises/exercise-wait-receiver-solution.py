import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("localhost", 10004))
expected = 0

# It never ends: who knows whether the last acknowledgement arrives?
while True:
    data, address = sock.recvfrom(4096)
    number, text = data.decode().split(" ", 1)
    if int(number) == expected:
        print(text, flush=True)
        expected += 1
    # A copy is acknowledged, too: the sender may not have heard of the first.
    sock.sendto(f"ack {number}".encode(), address)
