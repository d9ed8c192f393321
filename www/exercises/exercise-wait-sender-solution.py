import socket
import sys

receiver = ("localhost", 10004)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(0.2)

for number, text in enumerate(sys.argv[1:]):
    message = f"{number} {text}".encode()
    expected = f"ack {number}".encode()
    answer = None
    sock.sendto(message, receiver)
    while answer != expected:
        try:
            answer, address = sock.recvfrom(4096)
        except socket.timeout:
            sock.sendto(message, receiver)
