from performer.controls import SLOTS
from performer.memory import Memory
from performer.surfaces.feed import PATHS, Feed, read_all


def test_at_first_everything_is_news_then_what_changes(memory: Memory) -> None:
    feed = Feed()
    assert set(feed.news(read_all(memory))) == set(PATHS)
    assert feed.news(read_all(memory)) == {}
    memory.state["controls"][0, SLOTS["/deck/2/morph"]] = 0.25, 0.5
    assert feed.news(read_all(memory)) == {"/deck/2/morph": (0.25, 0.5)}
    assert feed.news(read_all(memory)) == {}


def test_of_many_changes_only_the_newest_is_told(memory: Memory) -> None:
    feed = Feed(["/tempo"])
    feed.news(read_all(memory))
    for tempo_bpm in (121, 122, 123):
        memory.state["controls"][0, SLOTS["/tempo"]] = tempo_bpm
    assert feed.news(read_all(memory)) == {"/tempo": (123.0,)}


def test_a_listener_hears_only_what_it_asked_for(memory: Memory) -> None:
    feed = Feed([])
    assert feed.news(read_all(memory)) == {}
    feed.listen("/deck/1/level")
    assert feed.news(read_all(memory)) == {"/deck/1/level": (0.8,)}
    feed.listen("/deck/1/level")  # asked again, told again
    assert feed.news(read_all(memory)) == {"/deck/1/level": (0.8,)}
    feed.ignore("/deck/1/level")
    memory.state["controls"][0, SLOTS["/deck/1/level"]] = 0.1
    assert feed.news(read_all(memory)) == {}
