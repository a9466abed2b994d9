"""A deck's loop as the worker draws it: where it is in W, where it goes, and what of it has been drawn."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from performer.desk.clips import PREROLL, TAIL, Clip, cut_clips
from performer.errors import PerformerError
from performer.generation.bass import HALF, Blend, join_loops, join_window
from performer.generation.governor import doubles
from performer.generation.renderer import Grid, LoopRenderer, Window
from performer.memory import N_CELLS, N_LOOPS
from performer.settings import DeckSettings


@dataclasses.dataclass(frozen=True, kw_only=True)
class Path:
    """The way of a deck through W."""

    target: np.ndarray
    """Where it goes, `[4, n_levels, w_dim]`."""
    origin: np.ndarray
    """Where it came from."""
    started_s: float = 0.0
    """When it left."""
    glide_s: float = 0.0
    """How long it takes."""

    def at(self, now_s: float) -> np.ndarray:
        """Tell where the deck is at a time."""
        if now_s >= self.started_s + self.glide_s:
            return self.target
        done = max((now_s - self.started_s) / self.glide_s, 0.0)
        return (self.origin + np.float32(done) * (self.target - self.origin)).astype(np.float32)


class Drawing:
    """One deck's loop."""

    def __init__(self) -> None:
        self.renderer: LoopRenderer | None = None
        self.settings: DeckSettings | None = None
        self.path: Path | None = None
        self.drawn: np.ndarray | None = None
        """Where in W the newest clips were drawn."""
        self.drawn_grid: Grid | None = None
        self.drawn_settings: DeckSettings | None = None
        """What the newest clips were drawn from; on a long way, where that leads."""
        self.revision = 0
        self.is_whole = False
        """Whether all of the loop was drawn at once, with its phases closed."""
        self.states: np.ndarray | None = None
        """State of the excitation at each frame of what sounds, `[4, 2, n_bands, n_frames]`."""
        self.blend = Blend()
        """How its loops add up."""

    def follow(self, settings: DeckSettings, renderer: LoopRenderer, *, glide_s: float, now_s: float) -> None:
        """Set out for where the controls point; nothing happens if the deck is on its way there.

        Parameters
        ----------
        settings : DeckSettings
            From the controls.
        renderer : LoopRenderer
            Of the deck's model.
        glide_s : float
            How long the way is to take.
        now_s : float
            Monotonic time.
        """
        if settings == self.settings and renderer is self.renderer:
            return
        target = renderer.latents(settings)
        if renderer is not self.renderer or self.path is None:
            self.renderer, self.path = renderer, Path(target=target, origin=target)
        elif not np.array_equal(target, self.path.target):
            self.path = Path(target=target, origin=self.path.at(now_s), started_s=now_s, glide_s=glide_s)
        self.settings = settings

    def is_drawn(self, now_s: float) -> bool:
        """Whether the newest clips are of where the deck is now."""
        if self.path is None or self.renderer is None or self.settings is None:
            return True
        return (
            self.drawn is not None
            and self.drawn_grid == self.renderer.grid(self.settings)
            and np.array_equal(self.drawn, self.path.at(now_s))
        )

    def is_complete(self) -> bool:
        """Whether the newest clips are the whole loop of where the deck goes."""
        if self.path is None or self.renderer is None or self.settings is None or not self.is_whole:
            return False
        same_grid = self.drawn_grid == self.renderer.grid(self.settings)
        return same_grid and self.drawn is not None and np.array_equal(self.drawn, self.path.target)

    def arrived(self, now_s: float) -> bool:
        """Whether the deck is where its controls point."""
        return self.path is None or self.path.at(now_s) is self.path.target

    def draw_window(
        self, first_cell: int, n_cells: int, *, n_loops: int = N_LOOPS, now_s: float
    ) -> list[tuple[int, Clip]]:
        """Draw some cells of where the deck is now, with the phases that sound before them.

        Parameters
        ----------
        first_cell, n_cells : int
            Which cells.
        n_loops : int
            Draw so many of the four loops; the others are their doubles.
        now_s : float
            Monotonic time.

        Returns
        -------
        list of (int, Clip)
            Each cell and its clip.
        """
        renderer, settings, path = self.ready()
        ws, grid = path.at(now_s), renderer.grid(settings)
        states = self.states_for(grid)
        frames_a_cell = grid.n_frames / N_CELLS
        begin, end = first_cell * frames_a_cell, (first_cell + n_cells) * frames_a_cell
        hop = renderer.hop_length
        first = math.floor(begin) - math.ceil((PREROLL + HALF) / hop)
        last = math.ceil(end) + math.ceil((TAIL + HALF) / hop)
        before = np.arange(first - renderer.halo, first + 1) % grid.n_frames
        window = renderer.window(
            ws[:n_loops], grid, first=first, n=last - first, states_in=states[:n_loops, ..., before]
        )
        require_finite(window, renderer)
        loops = doubles(n_loops)
        if not self.is_drawn(now_s) or self.is_whole:
            self.revision += 1
        self.drawn, self.drawn_grid, self.drawn_settings, self.is_whole = ws, grid, settings, False
        inner = np.arange(math.floor(begin), math.ceil(end))
        states[..., inner % grid.n_frames] = window.states[loops][..., inner - first]
        self.states = states
        blend = self.blend if n_loops == N_LOOPS else self.blend.doubled(loops)
        audio = join_window(window.audio, high_gain=blend.high_gain, sample_rate=renderer.sample_rate)[loops]
        offset = (begin - first) * hop - HALF
        return self.clips(audio, blend, first_cell, n_cells, cell_length=frames_a_cell * hop, offset=offset)

    def draw_whole(self) -> Iterator[list[tuple[int, Clip]] | None]:
        """Draw all of where the deck goes now, its phases closed over the loop.

        Returns
        -------
        iterator of None or list of (int, Clip)
            Nothing after each part but the last: then every cell and its clip.
        """
        renderer, settings, path = self.ready()
        return self.draw_parts(renderer, settings, path.target)

    def draw_parts(
        self, renderer: LoopRenderer, settings: DeckSettings, ws: np.ndarray
    ) -> Iterator[list[tuple[int, Clip]] | None]:
        """Draw a whole loop at a place in W, part by part; see `draw_whole`."""
        grid = renderer.grid(settings)
        for window in renderer.whole(ws, grid):
            if window is None:
                yield None
                continue
            require_finite(window, renderer)
            joined = join_loops(window.audio, sample_rate=renderer.sample_rate)
            self.blend = joined.blend
            self.states, self.drawn, self.drawn_grid, self.is_whole = window.states, ws, grid, True
            self.drawn_settings = settings
            self.revision += 1
            n = joined.audio.shape[1]
            around = np.take(joined.audio, np.arange(-PREROLL, n + TAIL), axis=1, mode="wrap")
            yield self.clips(around, joined.blend, 0, N_CELLS, cell_length=n / N_CELLS, offset=PREROLL)

    def clips(
        self, audio: np.ndarray, blend: Blend, first_cell: int, n_cells: int, *, cell_length: float, offset: float
    ) -> list[tuple[int, Clip]]:
        """Cut sound into the clips of its cells, of the present revision."""
        cut = cut_clips(audio, n_cells=n_cells, cell_length=cell_length, offset=offset)
        return [
            (
                (first_cell + index) % N_CELLS,
                Clip(audio=part, start=start, length=cell_length, revision=self.revision, covariance=blend.covariance),
            )
            for index, (part, start) in enumerate(cut)
        ]

    def ready(self) -> tuple[LoopRenderer, DeckSettings, Path]:
        """Give what drawing needs; `follow` has set it."""
        if self.renderer is None or self.settings is None or self.path is None:
            raise PerformerError("nothing to draw yet; follow the controls first")
        return self.renderer, self.settings, self.path

    def states_for(self, grid: Grid) -> np.ndarray:
        """Give the states that sound, at the frames of a grid."""
        if self.states is None:
            raise PerformerError("no phase to go on from; draw the whole loop first")
        n_frames = self.states.shape[-1]
        if n_frames == grid.n_frames:
            return self.states
        index = np.arange(grid.n_frames) * n_frames // grid.n_frames
        return self.states[..., index]


def require_finite(window: Window, renderer: LoopRenderer) -> None:
    """Check sound and phases before anything goes on from them: one phase that is no number would never heal.

    Raises
    ------
    PerformerError
        If they are not finite.
    """
    if not (np.isfinite(window.audio).all() and np.isfinite(window.states).all()):
        raise PerformerError(
            f"model {renderer.header.name!r} drew sound that is not finite; another seed is needed, or a truncation "
            "(psi) nearer to 0"
        )
