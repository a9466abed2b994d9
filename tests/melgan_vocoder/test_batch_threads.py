"""Parts of a batch in threads: the same as one after the other, in order, errors and all."""

import threading

import pytest
import torch
from torch import Tensor

from melgan_vocoder.batch_threads import BatchThreads
from melgan_vocoder.generator import Vocoder


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
def test_parts_come_back_in_order(n_threads: int) -> None:
    x, y = torch.arange(10).reshape(5, 2), torch.arange(5.0)
    doubled, total = BatchThreads(n_threads)(lambda x, y: (2 * x, x.sum(dim=1) + y), x, y)
    assert torch.equal(doubled, 2 * x)
    assert torch.equal(total, x.sum(dim=1) + y)


def test_each_part_has_a_thread_with_one_processor_and_no_gradients() -> None:
    seen, meet = [], threading.Barrier(2, timeout=20)

    def look(x: Tensor) -> tuple[Tensor]:
        meet.wait()
        seen.append((threading.get_ident(), torch.get_num_threads(), torch.is_inference_mode_enabled(), len(x)))
        return (x,)

    BatchThreads(2)(look, torch.zeros(4, 1))
    threads = {thread for thread, *_ in seen}
    assert len(threads) == 2
    assert threading.get_ident() not in threads
    assert [rest for _, *rest in seen] == [[1, True, 2]] * 2


def test_a_vocoder_draws_the_same_in_parts(toy_vocoder: Vocoder) -> None:
    spectrogram = torch.rand(4, 2, 16, 30) - 0.5
    audio, states = BatchThreads(2)(toy_vocoder.render, spectrogram)
    whole = toy_vocoder.render(spectrogram)
    torch.testing.assert_close(audio, whole.audio, atol=1e-5, rtol=0)
    torch.testing.assert_close(states, whole.states, atol=1e-5, rtol=0)


def test_an_error_of_a_part_is_that_of_the_whole() -> None:
    def fail(x: Tensor) -> tuple[Tensor]:
        if x[0] > 1:
            raise ValueError("the second half")
        return (x,)

    threads = BatchThreads(2)
    with pytest.raises(ValueError, match="the second half"):
        threads(fail, torch.arange(4))
    assert torch.equal(threads(lambda x: (x,), torch.arange(4))[0], torch.arange(4))
