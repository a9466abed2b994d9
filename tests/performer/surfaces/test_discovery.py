"""A real zeroconf browser on loopback finds the instrument."""

import asyncio
import gc
import socket

import pytest
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from performer.surfaces import discovery
from performer.surfaces.discovery import OSC_TYPE, OSCQUERY_TYPE, advertise, describe
from tests.performer.surfaces.osc.osc_stage import run, until


def test_the_network_is_told_where_osc_and_oscquery_are() -> None:
    osc, query = describe(["192.168.1.5"], osc_port=9000, oscquery_port=9001)
    assert [(service.type, service.port) for service in (osc, query)] == [(OSC_TYPE, 9000), (OSCQUERY_TYPE, 9001)]
    assert osc.parsed_addresses() == ["192.168.1.5"]
    assert osc.server == f"{socket.gethostname().split('.')[0]}.local."
    assert len(describe(["192.168.1.5"], osc_port=9000, oscquery_port=0)) == 1


async def find(browsing: AsyncZeroconf, patience_s: float = 20) -> dict[str, AsyncServiceInfo]:
    """Services that are found, by type."""
    found: dict[str, AsyncServiceInfo] = {}
    names: list[tuple[str, str]] = []
    browser = AsyncServiceBrowser(
        browsing.zeroconf,
        [OSC_TYPE, OSCQUERY_TYPE],
        handlers=[lambda zeroconf, service_type, name, state_change: names.append((service_type, name))],
    )
    try:
        await until(lambda: len(names) >= 2, patience_s=patience_s)
        for kind, name in names:
            found[kind] = AsyncServiceInfo(kind, name)
            assert await found[kind].async_request(browsing.zeroconf, 5000)
    finally:
        await browser.async_cancel()
    return found


def test_a_tablet_finds_the_instrument_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    async def scene() -> None:
        task = asyncio.create_task(advertise(is_tablet=False, osc_port=9123, oscquery_port=9124))
        browsing = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        try:
            found = await find(browsing)
            assert (found[OSC_TYPE].port, found[OSCQUERY_TYPE].port) == (9123, 9124)
            assert found[OSC_TYPE].parsed_addresses() == ["127.0.0.1"]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await browsing.async_close()

    run(scene())
    assert "advertised: Loopmorph on" in capsys.readouterr().err


def test_two_instruments_have_two_names() -> None:
    async def scene() -> None:
        tasks = [asyncio.create_task(advertise(is_tablet=False, osc_port=port, oscquery_port=0)) for port in (1, 2)]
        browsing = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        names: set[str] = set()
        browser = AsyncServiceBrowser(
            browsing.zeroconf,
            OSC_TYPE,
            handlers=[lambda zeroconf, service_type, name, state_change: names.add(name)],
        )
        try:
            await until(lambda: len(names) >= 2, patience_s=30)
        finally:
            await browser.async_cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await browsing.async_close()

    run(scene())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # zeroconf leaves a socket open
@pytest.mark.parametrize("before", [[], ["203.0.113.9"]])  # none; one that is not of this machine
def test_without_a_network_it_says_what_to_do_and_tells_the_one_that_comes(
    before: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [before]
    said: list[str] = []
    monkeypatch.setattr(discovery, "own_addresses", lambda: addresses[-1])
    monkeypatch.setattr(discovery, "say", said.append)
    monkeypatch.setattr(discovery, "LOOK_S", 0.02)

    async def scene() -> None:
        task = asyncio.create_task(advertise(is_tablet=True, osc_port=9133, oscquery_port=9134))
        await until(lambda: said)
        assert said[0].startswith("not advertised on the network")
        assert "type the address of this machine" in said[0]
        addresses.append(["127.0.0.1"])
        browsing = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        try:
            found = await find(browsing)
            assert found[OSC_TYPE].port == 9133
            await until(lambda: len(said) == 3)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await browsing.async_close()

    run(scene())
    gc.collect()
