"""Who may play: this machine, and with `perform --tablet` the devices that were let in.

Two checks keep out pages of other sites, which a browser would let send requests to this machine: `Host` must name the
instrument (no rebound DNS name does), and `Origin`, where there is one, must be the instrument's own page. A third one
keeps out other devices of the network: a token, printed at start and inside the QR code.
"""

import contextlib
import dataclasses
import hmac
import ipaddress
import json
import pathlib
import secrets
import socket
from typing import Any
from urllib.parse import urlsplit

import ifaddr

from performer.memory import replace_text

LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
TOKEN_BYTES = 9
"""72 bits, 12 letters."""
COOKIE = "loopmorph"
"""Where the page of another device keeps the token."""
MAX_ASKING = 16
"""Addresses that are remembered until they are let in."""


@dataclasses.dataclass
class Admission:
    """Who is let in.

    Parameters
    ----------
    is_tablet : bool
        Whether the local network is listened to; else this machine alone plays, and no token is needed.
    """

    is_tablet: bool = False
    token: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(TOKEN_BYTES))
    """What a page of another device must know."""
    names: frozenset[str] = dataclasses.field(default_factory=lambda: own_names())
    """Names and addresses of this machine that a `Host` may hold in `is_tablet`."""
    admitted: set[str] = dataclasses.field(default_factory=set)
    """Addresses of other devices whose OSC is obeyed."""
    asking: dict[str, None] = dataclasses.field(default_factory=dict)
    """Addresses that have sent OSC and were not let in yet, in the order in which they came."""

    kept: pathlib.Path | None = None
    """File that keeps `admitted`, for a control process that is started again."""

    def __post_init__(self) -> None:
        if self.kept is not None:
            with contextlib.suppress(OSError, ValueError):
                self.admitted |= set(json.loads(self.kept.read_text()))

    @classmethod
    def from_options(cls, options: dict[str, Any], *, kept: pathlib.Path | None = None) -> "Admission":
        """Make it as the command line says: `tablet`, and the `token` that all processes share then."""
        return cls(is_tablet=True, token=options["token"], kept=kept) if options.get("tablet") else cls()

    @property
    def host(self) -> str:
        """Address that servers listen on."""
        return EVERYWHERE if self.is_tablet else LOOPBACK

    def allows_page(self, host: str, origin: str | None) -> bool:
        """Whether a request's `Host` names this machine, and its `Origin`, if any, is the page of that very host."""
        try:
            name = urlsplit(f"//{host}").hostname
            from_own_page = origin is None or urlsplit(origin).netloc == host
        except ValueError:  # no address at all
            return False
        return from_own_page and (name in LOCAL_NAMES or (self.is_tablet and name is not None and self.is_own(name)))

    def is_own(self, name: str) -> bool:
        """Whether a name or address is this machine's; it may have joined a network since it was last asked."""
        if name not in self.names and is_address(name):
            self.names |= set(own_addresses())
        return name in self.names

    def allows_token(self, peer: str, token: str | None) -> bool:
        """Whether a request may go on: from this machine, or with the token."""
        return is_loopback(peer) or (
            self.is_tablet and token is not None and hmac.compare_digest(token.encode(), self.token.encode())
        )

    def allows_osc(self, peer: str) -> bool:
        """Whether the OSC of an address is obeyed; another one is remembered, to be asked about."""
        if is_loopback(peer) or (self.is_tablet and peer in self.admitted):
            return True
        if self.is_tablet and peer not in self.asking:
            while len(self.asking) >= MAX_ASKING:  # the oldest goes: a crowd must not keep out who comes after it
                del self.asking[next(iter(self.asking))]
            self.asking[peer] = None
        return False

    def admit(self, peer: str) -> None:
        """Let an address in: it opened the page with the token, or the performer said so."""
        self.asking.pop(peer, None)
        if peer in self.admitted:
            return
        self.admitted.add(peer)
        if self.kept is not None:
            replace_text(self.kept, json.dumps(sorted(self.admitted)))


def is_address(text: str) -> bool:
    """Whether a text is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(peer: str) -> bool:
    """Whether an address is of this machine itself."""
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False


def own_names() -> frozenset[str]:
    """List this machine's name, alone and with `.local`, and its addresses on the network."""
    name = socket.gethostname().lower()
    return frozenset({name, f"{name.split('.')[0]}.local", *own_addresses()})


def own_addresses() -> list[str]:
    """List this machine's IPv4 addresses on all its networks, the one that leads outside first."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing: asks which way packets would leave
        found.append(probe.getsockname()[0])
    found += [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return [address for address in dict.fromkeys(found) if not is_loopback(address)]
