import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.settimeout(2)
server = ("localhost", 10000)
message = b"This is the message.  It will be repeated."

try:
    print(f'sending "{message.decode()}"')
    sock.sendto(message, server)
    print("waiting to receive")
    data, address = sock.recvfrom(4096)
    print(f'received "{data.decode()}"')
finally:
    print("closing socket")
    sock.close()
