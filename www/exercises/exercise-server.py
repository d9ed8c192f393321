import socket
import sys

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("localhost", int(sys.argv[1])))

while True:
    data, address = sock.recvfrom(4096)
    sock.sendto(data, address)
