"""LoopGAN's patch: what it asks for, what is drawn, the files, and the server with a drawer of made-up loops."""

import contextlib
import io
import pathlib
import select
import socket
import struct
from collections.abc import Iterator

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from directions.move import move
from directions.table import read_directions
from performer.errors import PerformerError
from performer.surfaces.loopgan.batch import PEAK, Batch, BatchDrawer, change_rate, principal_components
from performer.surfaces.loopgan.command import loopgan
from performer.surfaces.loopgan.files import LoopFiles
from performer.surfaces.loopgan.request import MOVE, RANDOM, Request, RequestError, read_requests
from performer.surfaces.loopgan.server import Server, open_folder
from stylegan_audio.model_file import ModelHeader
from tests.performer.taught_model import teach_drums

REST = (0.0,) * 6


def packet(address: str, *arguments: object) -> bytes:
    builder = OscMessageBuilder(address)
    for argument in arguments:
        builder.add_arg(argument)
    data: bytes = builder.build().dgram
    return data


def test_the_patchs_two_messages_are_read() -> None:
    assert read_requests(packet(RANDOM, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.5)) == [Request(True, (1, 2, 3, 4, 5, 6), 0.5)]
    assert read_requests(packet(MOVE, *REST, 0.0)) == [Request(False, REST, 0)]
    assert read_requests(packet(MOVE, 0, 0, 0, 0, 0, 0, 0)) == [Request(False, REST, 0)]


def test_numbers_are_clipped_to_the_sliders() -> None:
    (request,) = read_requests(packet(MOVE, 99.0, -99.0, 0.0, 0.0, 0.0, 0.0, 7.0))
    assert request == Request(False, (10, -10, 0, 0, 0, 0), 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (packet("/generate", 1.0), "/generate is not known, /generate_random or /generate_xy is needed"),
        (packet(RANDOM), "/generate_random got nothing; 6 coefficients from -10 to 10, then the variation"),
        (packet(RANDOM, *REST), "are needed; send seven numbers"),
        (packet(RANDOM, *REST, 0.0, 0.0), "are needed"),
        (packet(RANDOM, *REST, "loud"), "got .* loud; 6 coeff"),
        (packet(RANDOM, *REST, True), "got .* True; 6 coeff"),
        (packet(MOVE, *REST, float("nan")), "got .* nan; 6 coeff"),
        (b"hello", "packet of 5 bytes"),
        (b"/generate_xy\0\0\0\0,fff\0\0\0\0", "cannot be read"),
        (b"#bundle\0\0\0\0\0\0\0\0\1\xff\xff\xff\xfc/x\0\0", "bundle element of -4 bytes"),
    ],
)
def test_what_is_no_request_is_refused_in_words(data: bytes, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        read_requests(data)


@given(st.binary(max_size=120))
def test_no_packet_does_more_than_be_refused(data: bytes) -> None:
    with contextlib.suppress(RequestError):
        read_requests(data)


@pytest.fixture(scope="module")
def drawer(drums_header: ModelHeader) -> BatchDrawer:
    return BatchDrawer(drums_header, bars=1, seed=5)


def test_a_new_loop_is_one_z_four_times_and_its_coefficients_are_passed_over(drums_header: ModelHeader) -> None:
    def drawn(*requests: Request) -> list[np.ndarray]:
        drawer = BatchDrawer(drums_header, bars=1, seed=3)
        return [drawer.take(request) for request in requests]

    (still,) = drawn(Request(True, REST, 0.0))
    assert np.array_equal(still[0], still[3])
    (pushed,) = drawn(Request(True, (9.0,) * 6, 0.0))
    assert np.array_equal(pushed, still)
    (near,), (far,) = drawn(Request(True, REST, 0.1)), drawn(Request(True, REST, 0.5))
    assert 0 < np.ptp(near, axis=0).max() < np.ptp(far, axis=0).max()


def test_a_move_starts_from_the_newest_new_loop_and_not_from_the_last_move(drawer: BatchDrawer) -> None:
    start = drawer.take(Request(True, REST, 0.1))
    once = drawer.take(Request(False, (4.0, 0, 0, 3.0, 0, 0), 0.9))
    assert np.array_equal(drawer.take(Request(False, (4.0, 0, 0, 3.0, 0, 0), 0.1)), once)
    assert np.array_equal(drawer.take(Request(False, REST, 0.1)), start)
    assert not np.allclose(once, start)


def test_a_move_before_any_loop_starts_from_a_new_one(drums_header: ModelHeader) -> None:
    fresh = BatchDrawer(drums_header, bars=1, seed=4)
    assert np.isfinite(fresh.take(Request(False, (1.0,) * 6, 0.1))).all()


def test_the_first_axes_are_the_models_directions_at_three_sigma(drawer: BatchDrawer) -> None:
    start = drawer.take(Request(True, REST, 0.1))
    denser = drawer.take(Request(False, (10.0, 0, 0, 0, 0, 0), 0.1))
    heavier = drawer.take(Request(False, (0, -10.0, 0, 0, 0, 0), 0.1))
    directions = read_directions(drawer.renderer.header)
    for found, name, strength in ((denser, "density", 3.0), (heavier, "bass", -3.0)):
        moved = move(start[:, 0], [(directions[name], strength)], n_levels=start.shape[1])
        np.testing.assert_allclose(found, moved, atol=1e-5)


def test_the_axes_stay_what_they_are_for_a_model_with_more_directions(tmp_path: pathlib.Path) -> None:
    taught = BatchDrawer(teach_drums(tmp_path / "drums.safetensors"), bars=1, seed=5)
    assert [direction.name for direction in taught.directions] == ["density", "bass"]
    assert len(taught.components) == 4


def test_the_other_axes_are_principal_components_of_w_without_the_directions(drawer: BatchDrawer) -> None:
    components = drawer.components
    n_named = len(drawer.directions)
    assert components.shape[0] == 6 - n_named
    lengths = np.linalg.norm(components, axis=1)
    assert np.all(np.diff(lengths) <= 0)
    unit = components / lengths[:, None]
    np.testing.assert_allclose(unit @ unit.T, np.eye(len(unit)), atol=1e-4)
    assert np.abs(unit @ drawer.lines().T).max() < 1e-4
    start = drawer.take(Request(True, REST, 0.1))
    moved = drawer.take(Request(False, (*(0.0,) * 5, 10.0), 0.1))
    np.testing.assert_allclose((moved - start)[2, 0], 3 * components[-1], atol=1e-4)


def test_what_would_be_cut_off_is_made_softer_and_nothing_else(rng: np.random.Generator) -> None:
    quiet = 0.2 * rng.standard_normal((4, 96_000)).astype(np.float32)
    loud = change_rate(3 * quiet, 48_000)
    assert np.abs(loud).max() == pytest.approx(PEAK)
    whole = change_rate(0.1 * quiet, 48_000)
    np.testing.assert_allclose(loud / np.abs(loud).max(), whole / np.abs(whole).max(), atol=1e-5)
    soft = change_rate(0.1 * quiet, 48_000)
    np.testing.assert_allclose(soft, 0.5 * change_rate(0.2 * quiet, 48_000), atol=1e-6)


def test_components_are_as_long_as_the_population_is_wide(rng: np.random.Generator) -> None:
    population = rng.standard_normal((4000, 3)) * [5.0, 2.0, 1.0] + 7
    found = principal_components(population, n=2, without=np.array([[0.0, 1.0, 0.0]]))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [5.0, 1.0], rtol=0.05)


@pytest.mark.parametrize(("bars", "n_samples"), [(1, 88_200), (2, 176_400)])
def test_a_batch_is_one_bar_or_two_to_the_sample_and_has_no_seam(
    drums_header: ModelHeader, bars: int, n_samples: int
) -> None:
    drawer = BatchDrawer(drums_header, bars=bars, seed=5)
    batch = drawer.draw(drawer.take(Request(True, REST, 0.2)))
    assert batch.audio.shape == (n_samples, 4)
    assert batch.mel.shape == (4, 128, 256 * bars)
    assert 0.05 < np.abs(batch.audio).max() <= 1
    assert not np.allclose(batch.audio[:, 0], batch.audio[:, 1], atol=0.01)
    steps = np.abs(np.diff(batch.audio, axis=0)).max(axis=0)
    assert np.all(np.abs(batch.audio[0] - batch.audio[-1]) <= steps)


def test_the_rate_is_changed_going_round() -> None:
    time = np.arange(96_000) / 48_000
    tones = np.stack([0.5 * np.sin(2 * np.pi * hz * time + 1) for hz in (50, 440, 5_000, 15_000)]).astype(np.float32)
    wanted = [0.5 * np.sin(2 * np.pi * hz * np.arange(88_200) / 44_100 + 1) for hz in (50, 440, 5_000, 15_000)]
    np.testing.assert_allclose(change_rate(tones, 48_000), np.stack(wanted, axis=1), atol=1e-4)


def test_files_are_of_four_channels_of_16_bits_and_old_ones_go(
    tmp_path: pathlib.Path, rng: np.random.Generator
) -> None:
    files = LoopFiles(tmp_path / "new" / "folder", kept=2)
    audio = rng.uniform(-1, 1, (441, 4)).astype(np.float32)
    mel = rng.uniform(-1, 1, (4, 8, 16)).astype(np.float32)
    pairs = [files.write(audio, mel, sample_rate=44_100) for _ in range(3)]
    assert [path.exists() for pair in pairs for path in pair] == [False, False, True, True, True, True]
    wav, png = pairs[-1]
    about = soundfile.info(wav)
    assert (about.channels, about.samplerate, about.subtype, about.frames) == (4, 44_100, "PCM_16", 441)
    np.testing.assert_allclose(soundfile.read(wav)[0], audio, atol=2 / 32768)
    with Image.open(io.BytesIO(png.read_bytes())) as picture:
        picture.load()
        assert picture.size == (16, 4 * 8 + 3 * 4)
        assert picture.mode == "RGB"
    files.close()
    assert list(files.folder.iterdir()) == []


def test_files_of_others_stay(tmp_path: pathlib.Path) -> None:
    mine = tmp_path / "mine.wav"
    mine.write_bytes(b"music")
    files = LoopFiles(tmp_path, kept=1)
    for _ in range(3):
        files.write(np.zeros((10, 4), np.float32), np.zeros((4, 2, 2)), sample_rate=44_100)
    files.close()
    assert mine.exists()


def test_a_folder_that_cannot_be_is_said(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PerformerError, match=r"file cannot be made .* name another with --folder"):
        LoopFiles(tmp_path / "file")
    files = LoopFiles(tmp_path / "gone")
    files.folder.rmdir()
    with pytest.raises(PerformerError, match="cannot be written"):
        files.write(np.zeros((10, 4), np.float32), np.zeros((4, 2, 2)), sample_rate=44_100)


class FakeDrawer:
    """Loops whose every sample is a hundredth of how many requests came before."""

    def __init__(self) -> None:
        self.taken: list[Request] = []
        self.drawn = 0
        self.fails = False

    def take(self, request: Request) -> np.ndarray:
        self.taken.append(request)
        return np.full((4, 6, 2), len(self.taken), np.float32)

    def draw(self, ws: np.ndarray) -> Batch:
        if self.fails:
            raise PerformerError("the disk is full; room is needed; make some")
        self.drawn += 1
        return Batch(audio=np.full((88_200, 4), ws[0, 0, 0] / 100, np.float32), mel=np.zeros((4, 8, 8), np.float32))


class Patch:
    """The Max patch's side: a port that answers come to, and one that it sends from."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.drawer = FakeDrawer()
        reply_port = self.socket.getsockname()[1]
        self.server = Server(self.drawer, LoopFiles(folder), port=0, reply_port=reply_port)

    def send(self, *packets: bytes) -> None:
        for data in packets:
            self.socket.sendto(data, ("127.0.0.1", self.server.port))

    def answers(self) -> list[tuple[str, list[str]]]:
        found = []
        while select.select([self.socket], [], [], 0)[0]:
            message = OscMessage(self.socket.recv(4096))
            found.append((message.address, message.params))
        return found

    def close(self) -> None:
        self.server.close()
        self.socket.close()


@pytest.fixture
def patch(tmp_path: pathlib.Path) -> Iterator[Patch]:
    found = Patch(tmp_path / "loops")
    yield found
    found.close()


def test_a_request_is_answered_with_the_paths_of_both_files(patch: Patch) -> None:
    patch.send(packet(RANDOM, *REST, 0.1))
    patch.server.step(timeout_s=1)
    ((address, (wav, png)),) = patch.answers()
    assert address == "/generated"
    assert soundfile.info(wav).frames == 88_200
    assert soundfile.read(wav)[0][0, 0] == pytest.approx(0.01, abs=1e-4)
    with Image.open(png) as picture:
        picture.load()


def test_the_newest_request_wins_and_moves_start_from_the_newest_loop(patch: Patch) -> None:
    patch.send(*(packet(MOVE, float(x), *REST[1:], 0.1) for x in range(5)))
    patch.send(packet(RANDOM, *REST, 0.3), packet(MOVE, 7.0, *REST[1:], 0.1))
    patch.server.step(timeout_s=1)
    assert patch.drawer.drawn == 1
    assert len(patch.answers()) == 1
    assert [request.is_new for request in patch.drawer.taken[-2:]] == [True, False]
    assert patch.drawer.taken[-1].coefficients[0] == 7


def test_what_is_no_request_is_answered_in_words_and_the_next_one_is_served(
    patch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    patch.send(packet(RANDOM, 1.0), packet("/x", 1.0), b"??", packet(RANDOM, *REST, 0.1))
    patch.server.step(timeout_s=1)
    addresses = [address for address, _ in patch.answers()]
    assert addresses == ["/error", "/error", "/error", "/generated"]
    assert "loopmorph: /generate_random got 1.0; 6 coefficients" in capsys.readouterr().err


def test_a_failure_is_answered_and_the_next_one_is_served(patch: Patch) -> None:
    patch.drawer.fails = True
    patch.send(packet(RANDOM, *REST, 0.1))
    patch.server.step(timeout_s=1)
    assert patch.answers() == [("/error", ["the disk is full; room is needed; make some"])]
    patch.drawer.fails = False
    patch.send(packet(RANDOM, *REST, 0.1))
    patch.server.step(timeout_s=1)
    assert patch.answers()[0][0] == "/generated"


def test_only_this_machine_is_heard(patch: Patch) -> None:
    assert patch.server.socket.getsockname()[0] == "127.0.0.1"


def test_without_a_patch_that_listens_it_serves_on(tmp_path: pathlib.Path) -> None:
    with contextlib.closing(Server(FakeDrawer(), LoopFiles(tmp_path), port=0, reply_port=9)) as server:
        for _ in range(3):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
                sending.sendto(packet(RANDOM, *REST, 0.1), ("127.0.0.1", server.port))
            server.step(timeout_s=1)
        assert server.drawer.drawn == 3


def test_a_taken_port_is_said(patch: Patch, tmp_path: pathlib.Path) -> None:
    with pytest.raises(PerformerError, match=r"UDP port \d+ cannot be taken .*choose another with --port"):
        Server(FakeDrawer(), LoopFiles(tmp_path), port=patch.server.port, reply_port=9)


def test_a_folder_of_its_own_is_removed_in_the_end(tmp_path: pathlib.Path) -> None:
    with contextlib.ExitStack() as stack:
        folder = open_folder(None, stack).folder
        assert folder.is_dir()
    assert not folder.exists()
    with contextlib.ExitStack() as stack:
        assert open_folder(tmp_path, stack).folder == tmp_path
    assert tmp_path.is_dir()


def test_help_says_what_the_patch_needs() -> None:
    text = CliRunner().invoke(loopgan, ["--help"]).output
    assert "10015" in text
    assert "10018" in text


def test_garbage_in_a_bundle_does_not_hang(patch: Patch) -> None:
    patch.send(b"#bundle\0" + struct.pack(">Qi", 1, -4) + b"/x\0\0")
    patch.server.step(timeout_s=1)
    assert patch.answers()[0][0] == "/error"
