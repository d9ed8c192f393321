import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("localhost", 10000))
print("starting up on %s port %s" % sock.getsockname())

while True:
    print("\nwaiting to receive message", flush=True)
    data, address = sock.recvfrom(4096)
    print(f"received {len(data)} bytes from {address}")
    print(data.decode(errors="backslashreplace"))

    if data:
        sent = sock.sendto(data, address)
        print(f"sent {sent} bytes back to {address}")
