import socket
import sys
import time

count, first_pause, other_pause = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
time.sleep(first_pause)

for number in range(1, count + 1):
    sock.sendto(f"{number} of {count}".encode(), ("localhost", 10002))
    time.sleep(other_pause if number == count // 2 else 0.02)
