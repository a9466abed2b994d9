"""Zeroconf: the instrument tells the network where its OSC and OSCQuery are, so that a tablet finds it by itself."""

import asyncio
import socket
from collections.abc import Sequence

from zeroconf import Error, IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from performer.console import say
from performer.errors import PerformerError
from performer.surfaces.admission import LOOPBACK, own_addresses

NAME = "Loopmorph"
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


async def advertise(*, is_tablet: bool, osc_port: int, oscquery_port: int) -> None:
    """Tell the network until cancelled.

    Parameters
    ----------
    is_tablet : bool
        Whether other devices are listened to; else this machine alone is told.
    osc_port, oscquery_port
        Where OSC and OSCQuery are heard.

    Raises
    ------
    PerformerError
        If the network cannot be told.
    """
    addresses = own_addresses() if is_tablet else [LOOPBACK]
    try:
        if not addresses:
            raise OSError("this machine has no address on a network")
        told = AsyncZeroconf(interfaces=addresses, ip_version=IPVersion.V4Only)
    except OSError as error:
        raise PerformerError(
            f"not advertised on the network ({error}); type the address of this machine and the OSC port into the "
            "tablet instead"
        ) from error
    try:
        for service in describe(addresses, osc_port=osc_port, oscquery_port=oscquery_port):
            await (await told.async_register_service(service, allow_name_change=True))
            say(f"advertised: {service.name}")
        await asyncio.Event().wait()
    except (Error, OSError) as error:
        raise PerformerError(f"not advertised on the network ({error!r}); type the address into the tablet") from error
    finally:
        await told.async_close()
