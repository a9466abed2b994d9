import json

from performer.generation.drawing_log import DrawingLog
from performer.settings import DeckSettings


def test_a_moving_deck_takes_few_bytes() -> None:
    lines: list[dict[str, object]] = []
    log = DrawingLog(lambda *entries: lines.extend(entries))
    log.began([4, 0, 0, 0])
    log.set_out(0, DeckSettings(seed=3), glide_s=0.0, now_s=1.0)
    log.set_out(1, DeckSettings(seed=3), glide_s=0.0, now_s=1.0)
    log.set_out(0, DeckSettings(seed=3, morph=(0.25, 0.0), tempo_bpm=126.0), glide_s=2.0, now_s=1.5)
    log.window(0, 30, 2, n_loops=4, now_s=1.5, revision=5)
    assert lines[0] == {"worker": [4, 0, 0, 0]}
    assert lines[2] == {**lines[1], "deck": 2}
    assert DeckSettings(**lines[1]["to"]) == DeckSettings(seed=3)  # type: ignore[arg-type]
    assert lines[3:] == [
        {"deck": 1, "to": {"morph": (0.25, 0.0), "tempo_bpm": 126.0}, "glide_s": 2.0, "now_s": 1.5},
        {"deck": 1, "window": [30, 2], "loops": 4, "now_s": 1.5, "revision": 5},
    ]
    assert len(json.dumps(lines[4])) < 80


def test_a_worker_without_a_log_forgets() -> None:
    DrawingLog().missed(0, 5)
