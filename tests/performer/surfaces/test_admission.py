import pytest

from performer.surfaces.admission import MAX_ASKING, Admission

HOME = Admission(names=frozenset({"stage.local", "192.168.1.5"}))
TABLET = Admission(is_tablet=True, token="secret", names=frozenset({"stage.local", "192.168.1.5"}))


@pytest.mark.parametrize(
    ("admission", "host", "origin", "allowed"),
    [
        (HOME, "localhost:8765", None, True),
        (HOME, "127.0.0.1:8765", "http://127.0.0.1:8765", True),
        (HOME, "[::1]:8765", "http://[::1]:8765", True),
        (HOME, "localhost:8765", "http://localhost:9999", False),
        (HOME, "localhost:8765", "http://evil.example", False),
        (HOME, "evil.example:8765", None, False),
        (HOME, "192.168.1.5:8765", None, False),
        (HOME, "localhost:8765", "null", False),
        (HOME, "", None, False),
        (HOME, "[::1", None, False),
        (TABLET, "192.168.1.5:8765", "http://192.168.1.5:8765", True),
        (TABLET, "stage.local:8765", None, True),
        (TABLET, "STAGE.local:8765", None, True),
        (TABLET, "192.168.1.6:8765", None, False),
        (TABLET, "192.168.1.5.evil.example", None, False),
        (TABLET, "192.168.1.5:8765", "http://evil.example", False),
    ],
)
def test_pages_of_other_sites_are_kept_out(admission: Admission, host: str, origin: str | None, allowed: bool) -> None:
    assert admission.allows_page(host, origin) is allowed


@pytest.mark.parametrize(
    ("admission", "peer", "token", "allowed"),
    [
        (HOME, "127.0.0.1", None, True),
        (HOME, "192.168.1.9", HOME.token, False),
        (TABLET, "127.0.0.1", None, True),
        (TABLET, "192.168.1.9", "secret", True),
        (TABLET, "192.168.1.9", "secreT", False),
        (TABLET, "192.168.1.9", "sécret", False),
        (TABLET, "192.168.1.9", "", False),
        (TABLET, "192.168.1.9", None, False),
        (TABLET, "nobody", None, False),
    ],
)
def test_other_devices_need_the_token(admission: Admission, peer: str, token: str | None, allowed: bool) -> None:
    assert admission.allows_token(peer, token) is allowed


def test_a_device_asks_until_it_is_let_in() -> None:
    admission = Admission(is_tablet=True)
    assert not admission.allows_osc("192.168.1.9")
    assert list(admission.asking) == ["192.168.1.9"]
    admission.admit("192.168.1.9")
    assert admission.allows_osc("192.168.1.9")
    assert not admission.asking


def test_a_crowd_that_asks_fills_nothing() -> None:
    admission = Admission(is_tablet=True)
    for number in range(1000):
        admission.allows_osc(f"10.0.{number // 256}.{number % 256}")
    assert len(admission.asking) == MAX_ASKING


def test_on_this_machine_alone_nobody_else_is_heard_or_asked_about() -> None:
    admission = Admission()
    admission.admit("192.168.1.9")
    assert not admission.allows_osc("192.168.1.9")
    assert not admission.asking
    assert (admission.host, Admission(is_tablet=True).host) == ("127.0.0.1", "0.0.0.0")


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {Admission().token for _ in range(50)}
    assert len(tokens) == 50
    assert all(len(token) == 12 for token in tokens)


def test_an_address_that_this_machine_has_got_since_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    admission = Admission(is_tablet=True, names=frozenset({"stage.local"}))
    monkeypatch.setattr("performer.surfaces.admission.own_addresses", lambda: ["192.168.43.1"])
    assert admission.allows_page("192.168.43.1:8765", "http://192.168.43.1:8765")
    assert not admission.allows_page("192.168.43.2:8765", None)
    assert not admission.allows_page("evil.example:8765", None)
