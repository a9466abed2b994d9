import pathlib

import pytest

from performer.surfaces.web import address as web_address
from performer.surfaces.web.address import draw_code, invite, keep_token, page_addresses


def test_a_token_is_made_once_and_kept_for_its_owner_alone(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "data" / "token"
    token = keep_token(path)
    assert len(token) == 12
    assert path.stat().st_mode & 0o777 == 0o600
    assert keep_token(path) == token  # a tablet finds back after a restart


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe"])
def test_a_token_that_is_none_is_made_anew(tmp_path: pathlib.Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    token = keep_token(path)
    assert len(token) == 12
    assert path.read_text().strip() == token


def test_the_address_is_printed_in_words_and_as_a_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_address, "own_addresses", lambda: ["192.168.1.5", "10.0.0.2"])
    assert page_addresses("t", http_port=80) == ["http://192.168.1.5:80/?token=t", "http://10.0.0.2:80/?token=t"]
    text = invite("secret", http_port=8765)
    assert "open http://192.168.1.5:8765/?token=secret" in text
    assert draw_code("http://192.168.1.5:8765/?token=secret") in text


def test_the_code_fits_a_terminal() -> None:
    rows = [line for line in draw_code("http://192.168.1.5:8765/?token=secret").splitlines() if line]
    assert len({len(row) for row in rows}) == 1
    assert set("".join(rows)) <= set("█▀▄ ")
    assert max(map(len, rows)) < 80


def test_a_machine_without_network_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_address, "own_addresses", list)
    assert "no address" in invite("secret", http_port=8765)
