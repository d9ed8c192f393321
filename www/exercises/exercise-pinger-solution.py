import socket
import time

server = ("localhost", 10001)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
times = []

for number in range(1, 21):
    message = f"ping {number}".encode()
    begin = time.monotonic()
    sock.sendto(message, server)
    data = None
    try:
        # Another ping's answer may come late. Then wait for what is left of the second.
        while data != message:
            left = begin + 1 - time.monotonic()
            sock.settimeout(max(left, 0.001))
            data, address = sock.recvfrom(4096)
        times.append(1000 * (time.monotonic() - begin))
        print(f"ping {number}: {times[-1]:.1f} ms")
    except socket.timeout:
        print(f"ping {number}: lost")

lost = 20 - len(times)
print(f"20 sent, {len(times)} received, {100 * lost / 20:.0f} % lost")
if times:
    average = sum(times) / len(times)
    print(f"min {min(times):.1f} ms, average {average:.1f} ms, max {max(times):.1f} ms")
