import socket
import sys

server = ("localhost", 10003)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = 0
    for at in range(0, len(data), 2):
        total += data[at] * 256 + data[at + 1]
    # What does not fit into 16 bits is added at the low end; that may carry once more.
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


for text in sys.argv[1:]:
    data = text.encode()
    sent = checksum(data).to_bytes(2, "big") + data
    sock.sendto(sent, server)
    came, address = sock.recvfrom(4096)
    found = "intact"
    if int.from_bytes(came[:2], "big") != checksum(came[2:]):
        for byte in range(len(sent)):
            for bit in range(8):
                if (sent[byte] ^ came[byte]) & 1 << bit:
                    found = f"byte {byte} bit {bit}"
    print(f"{text}: {checksum(data):04x} {found}")
