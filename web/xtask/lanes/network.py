"""Two network namespaces, and between them a wire of two TUN devices that delays every packet and loses some.

`tc netem` would do the same, where the kernel has it. Linux, as root.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import time

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
CLONE_NEWNET = 0x40000000

# Each end of the wire: its namespace, its device and its address.
PAGE = ("udp-echo-page", "lanepage", "10.99.0.2")
HOST = ("udp-echo-host", "lanehost", "10.99.0.1")


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def plug(end, other):
    """Makes a namespace with a TUN device in it. Returns the device's descriptor, which stays with this process."""
    namespace, device, address = end
    ip("netns", "add", namespace)
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN_NO_PI))
    ip("link", "set", device, "netns", namespace)
    ip("-n", namespace, "address", "add", address, "peer", other[2], "dev", device)
    ip("-n", namespace, "link", "set", device, "up")
    ip("-n", namespace, "link", "set", "lo", "up")
    return tun


def enter(end):
    """Moves this thread, and whatever it starts, into a namespace."""
    with open(f"/run/netns/{end[0]}") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"enter {end[0]}")


def forward(tuns, control, delay):
    """Carries packets until the other end of `control` is closed.

    What comes by `control` is `LOSS SEED`, a share and a number; the answer is how many packets have come and were lost since the
    last. A packet's fate depends on the seed, its direction and its place, and so is the same for the same sequence of packets.
    """
    loss, chances = 0.0, [random.Random(0), random.Random(1)]
    came = lost = order = 0
    under_way = []
    while True:
        wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
        ready, _, _ = select.select([*tuns, control], [], [], wait)
        if control in ready:
            told = control.recv(100)
            if not told:
                return
            control.send(f"{came} {lost}".encode())
            share, seed = told.split()
            loss, came, lost = float(share), 0, 0
            chances = [random.Random(f"{seed.decode()} {direction}") for direction in range(2)]
        for direction, tun in enumerate(tuns):
            if tun not in ready:
                continue
            packet = os.read(tun, 65536)
            came += 1
            if chances[direction].random() < loss:
                lost += 1
                continue
            order += 1
            heapq.heappush(under_way, (time.monotonic() + delay, order, tuns[1 - direction], packet))
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, tun, packet = heapq.heappop(under_way)
            os.write(tun, packet)


def unplug():
    """Removes both namespaces, and their devices with them."""
    for namespace, _, _ in (PAGE, HOST):
        subprocess.run(["ip", "netns", "delete", namespace], stderr=subprocess.DEVNULL)
