from melgan_vocoder.errors import LoopmorphError, VocoderError


def test_root_is_an_ordinary_exception() -> None:
    assert LoopmorphError.__bases__ == (Exception,)
    assert issubclass(VocoderError, LoopmorphError)
