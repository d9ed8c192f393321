import socket

sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("localhost", 10002))
received = 0
late = 0
seen = set()
highest = 0
total = 0

try:
    while True:
        data, address = sock.recvfrom(4096)
        # The first one may take as long as it likes.
        sock.settimeout(2)
        number, total = map(int, data.decode().split(" of "))
        received += 1
        if number not in seen and number < highest:
            late += 1
        seen.add(number)
        highest = max(highest, number)
except socket.timeout:
    pass

print(f"received {received}")
print(f"lost {total - len(seen)}")
print(f"duplicates {received - len(seen)}")
print(f"out of order {late}")
