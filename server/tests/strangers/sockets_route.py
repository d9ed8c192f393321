"""Where a datagram of /sockets may go, and what names mean, written from PROTOCOL.md alone.

`vectors.py` holds it against server/wire/vectors/route.json.
"""

import ipaddress
import re

from sockets_contract import address_of, text_of

LOOPBACK = {"ipv4": ipaddress.ip_address("127.0.0.1"), "ipv6": ipaddress.ip_address("::1")}
UNSPECIFIED = [ipaddress.ip_address("0.0.0.0"), ipaddress.ip_address("::")]
# Addresses of no single machine, besides multicast and broadcast.
RESERVED = [ipaddress.ip_network(text) for text in ("0.0.0.0/8", "192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4")]
# The only parts of IPv6 from which addresses of single machines are given out.
GIVEN_OUT = [ipaddress.ip_network(text) for text in ("2000::/3", "fc00::/7", "64:ff9b:1::/48", "100::/64")]
CARRIES_IPV4 = [ipaddress.ip_network(text) for text in ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "2002::/16")]


class Failed(Exception):
    """An errno."""


class Surroundings:
    """What a socket of this family has around it, as the vectors describe it."""

    def __init__(self, vectors, family):
        self.family = family
        self.own = ipaddress.ip_address(vectors["own"]) if family == "ipv4" else LOOPBACK["ipv6"]
        self.owns = [ipaddress.ip_address(vectors["own"]), LOOPBACK["ipv6"]]
        self.bound = vectors["bound"]
        self.visitors = [address_of(text) for text in vectors["visitors"]]
        self.targets = {target["name"]: address_of(target["address"]) for target in vectors["targets"]}
        self.peers = [
            (ipaddress.ip_network(f"{peer['network']}/{peer['bits']}"), range(peer["ports"][0], peer["ports"][1] + 1))
            for peer in vectors["peers"]
        ]

    def is_family(self, ip):
        return ip.version == self.own.version

    def admits(self, ip, port):
        return any(ip in network and (port is None or port in ports) for network, ports in self.peers)


def check_peer(ip, port, around):
    """Raises unless the address may be sent to although it is neither own nor a target's."""
    carries = ip.version == 6 and any(ip in network for network in CARRIES_IPV4)
    if ip.is_loopback or carries or ip.is_link_local or ip.is_multicast:
        raise Failed("EACCES")
    if any(ip in network for network in RESERVED) or ip.version == 6 and not any(ip in net for net in GIVEN_OUT):
        raise Failed("EACCES")
    if not around.admits(ip, port):
        raise Failed("EACCES")


def route(to, around):
    """Where a datagram goes, in the words of the vectors; raises the errno where it goes nowhere."""
    ip, port = to
    if not around.is_family(ip):
        raise Failed("EAFNOSUPPORT")
    if port == 0:
        raise Failed("EINVAL")
    if port < 1024:
        raise Failed("EACCES")
    is_shared = ip == LOOPBACK[around.family]
    may_be_own = is_shared or ip == around.own or ip in UNSPECIFIED
    if may_be_own and port in around.bound:
        return f"own {text_of((around.own, port))}"
    if is_shared and to in around.visitors:
        return "visitor"
    for name, address in around.targets.items():
        if to == address:
            return f"target {name}"
    if may_be_own:
        return "unbound"
    check_peer(ip, port, around)
    return "peer"


def read_host(host, around):
    """Returns "localhost", the name of a target, or an address."""
    name = host.removesuffix(".").lower()
    if host == "" or name == "localhost" or name.endswith(".localhost"):
        return "localhost"
    if host in around.targets:
        return host
    try:
        if host.startswith("[") and host.endswith("]"):
            return ipaddress.IPv6Address(host[1:-1])
        if "%" not in host:
            return ipaddress.ip_address(host)
    except ValueError:
        pass
    is_odd = "%" in host or re.fullmatch(r"[0-9]+|0x.*", name.split(".")[-1], re.ASCII)
    raise Failed("EACCES" if is_odd else "ENOENT")


def bind(host, port, around):
    try:
        meant = read_host(host, around)
    except Failed as error:
        raise Failed("EADDRNOTAVAIL" if error.args == ("EACCES",) else error.args[0]) from None
    if meant != "localhost":
        if isinstance(meant, str):
            raise Failed("EADDRNOTAVAIL")
        if not around.is_family(meant):
            raise Failed("EAFNOSUPPORT")
        if meant not in (around.own, LOOPBACK[around.family], *UNSPECIFIED):
            raise Failed("EADDRNOTAVAIL")
    if 0 < port < 1024:
        raise Failed("EACCES")
    return text_of((around.own, port))


def connect(host, port, around):
    meant = read_host(host, around)
    if meant == "localhost":
        to = (around.own, port)
    elif isinstance(meant, str):
        to = around.targets[meant]
        if port not in (0, to[1]):
            raise Failed("EACCES")
    else:
        to = (meant, port)
    where = route(to, around)
    # The own address by whatever name: the peer is the address that its answers come from.
    return text_of((around.own, to[1])) if where.startswith("own") or where == "unbound" else text_of(to)


def resolve(host, family, around):
    def fits(ip):
        return family is None or ip.version == LOOPBACK[family].version

    meant = read_host(host, around)
    if meant == "localhost":
        return " ".join(str(ip) for ip in around.owns if fits(ip))
    if isinstance(meant, str):
        ip, text = around.targets[meant][0], text_of(around.targets[meant])
    else:
        ip, text = meant, str(meant)
        known = [*around.owns, *LOOPBACK.values(), *UNSPECIFIED, *(address[0] for address in around.targets.values())]
        if ip not in known:
            check_peer(ip, None, around)
    if not fits(ip):
        raise Failed("EAFNOSUPPORT")
    return text
