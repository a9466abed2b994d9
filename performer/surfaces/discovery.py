"""Zeroconf: the instrument tells the network where its OSC and OSCQuery are, so that a tablet finds it by itself."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence

from zeroconf import Error, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from performer.console import say
from performer.surfaces.admission import LOOPBACK, own_addresses

NAME = "Loopmorph"
LOOK_S = 5.0
"""Time between two looks at this machine's addresses."""
OSC_TYPE, OSCQUERY_TYPE = "_osc._udp.local.", "_oscjson._tcp.local."


def describe(addresses: Sequence[str], *, osc_port: int, oscquery_port: int) -> list[AsyncServiceInfo]:
    """Describe what is told: one service for OSC over UDP, one for the OSCQuery tree.

    Parameters
    ----------
    addresses : sequence of str
        IPv4 addresses of this machine that others reach.
    osc_port, oscquery_port
        Where they are heard; a service without a port is left out.
    """
    host = socket.gethostname().split(".")[0]
    name = f"{NAME} on {host}"
    ports = {OSC_TYPE: osc_port, OSCQUERY_TYPE: oscquery_port}
    return [
        AsyncServiceInfo(
            kind,
            f"{name}.{kind}",
            addresses=[socket.inet_aton(address) for address in addresses],
            port=port,
            server=f"{host}.local.",
            properties={"txtvers": "1"},
        )
        for kind, port in ports.items()
        if port
    ]


async def networks(*, is_tablet: bool) -> AsyncIterator[list[str]]:
    """Find this machine's addresses: at once, and again whenever they have changed.

    Parameters
    ----------
    is_tablet : bool
        Whether other devices are listened to; else there is this machine alone, which does not change.

    Yields
    ------
    list of str
        IPv4 addresses; none while there is no network.
    """
    if not is_tablet:
        yield [LOOPBACK]
        await asyncio.Event().wait()
    known: set[str] | None = None
    while True:
        addresses = own_addresses()
        if set(addresses) != known:
            known = set(addresses)
            yield addresses
        await asyncio.sleep(LOOK_S)


async def tell(services: Sequence[AsyncServiceInfo], addresses: Sequence[str]) -> AsyncZeroconf | None:
    """Tell the networks of some addresses; None, and a line, if that cannot be."""
    try:
        if not addresses:
            raise OSError("this machine has no address on a network")
        told = AsyncZeroconf(interfaces=[*addresses], ip_version=IPVersion.V4Only)
        try:
            for service in services:
                await (await told.async_register_service(service, allow_name_change=True))
                say(f"advertised: {service.name}")
        except BaseException:
            await told.async_close()
            raise
    except (Error, OSError) as error:
        say(
            f"not advertised on the network ({error}); type the address of this machine and the OSC port into the "
            "tablet instead; it is tried again on another network"
        )
        return None
    return told


async def advertise(*, is_tablet: bool, osc_port: int, oscquery_port: int) -> None:
    """Tell the network until cancelled; another network is told anew.

    Parameters
    ----------
    is_tablet : bool
        Whether other devices are listened to; else this machine alone is told.
    osc_port, oscquery_port
        Where OSC and OSCQuery are heard.
    """
    told = None
    try:
        async for addresses in networks(is_tablet=is_tablet):
            if told is not None:
                await told.async_close()
            told = await tell(describe(addresses, osc_port=osc_port, oscquery_port=oscquery_port), addresses)
    finally:
        if told is not None:
            await told.async_close()
