"""Columns of a window: more at the ends, pairs, the next coarser level, cuts round the loop's end."""

import pytest
import torch

from stylegan_audio.columns import Columns, take


def test_columns_widen_until_they_are_the_whole_loop() -> None:
    assert Columns(3, 4, 16).widened(2) == Columns(1, 8, 16)
    assert Columns(1, 4, 16).widened(2) == Columns(-1, 8, 16)
    assert Columns(3, 12, 16).widened(2) == Columns.whole(16)
    assert Columns(3, 13, 16).widened(2) == Columns.whole(16)


@pytest.mark.parametrize(
    ("columns", "pairs"),
    [((2, 4), (2, 4)), ((3, 4), (2, 6)), ((3, 3), (2, 4)), ((-1, 3), (-2, 4)), ((1, 14), (0, 16))],
)
def test_columns_become_whole_pairs(columns: tuple[int, int], pairs: tuple[int, int]) -> None:
    assert Columns(*columns, 16).even() == Columns(*pairs, 16)


def test_a_coarser_level_has_half_the_columns_and_one_more_at_each_end() -> None:
    assert Columns(4, 6, 16).coarser() == Columns(1, 5, 8)
    assert Columns(-2, 4, 16).coarser() == Columns(-2, 4, 8)
    assert Columns(2, 12, 16).coarser() == Columns.whole(8)
    assert Columns.whole(16).coarser() == Columns.whole(8)


@pytest.mark.parametrize(("first", "count"), [(0, 8), (2, 3), (-1, 10), (7, 2), (6, 8), (-8, 3), (15, 20)])
def test_columns_are_taken_round_the_end_of_a_whole_loop(first: int, count: int) -> None:
    x = torch.arange(8.0).expand(1, 2, 3, 8)
    taken = take(x, Columns.whole(8), first, count)
    assert taken[0, 1, 2].tolist() == [(first + index) % 8 for index in range(count)]


@pytest.mark.parametrize(("first", "count"), [(-2, 5), (-1, 3), (6, 5), (14, 2)])
def test_columns_are_taken_out_of_a_part_of_the_loop(first: int, count: int) -> None:
    x = torch.arange(6, 11).expand(1, 2, 3, 5) % 8
    assert take(x, Columns(6, 5, 8), first, count)[0, 1, 2].tolist() == [(first + index) % 8 for index in range(count)]


def test_taking_keeps_channels_last() -> None:
    x = torch.zeros(2, 4, 3, 8).contiguous(memory_format=torch.channels_last)
    assert take(x, Columns.whole(8), -1, 10).is_contiguous(memory_format=torch.channels_last)
