import pytest

from performer.errors import PerformerError
from performer.surfaces.listening import listen


def test_a_taken_port_is_named_with_what_it_is_for_and_how_to_choose_another() -> None:
    with listen("127.0.0.1", 0, what="OSCQuery", option="--oscquery-port") as listening:
        port = listening.getsockname()[1]
        with pytest.raises(
            PerformerError,
            match=rf"TCP port {port} on 127.0.0.1 cannot be taken .* for OSCQuery; choose it with --oscquery-port",
        ):
            listen("127.0.0.1", port, what="OSCQuery", option="--oscquery-port")
