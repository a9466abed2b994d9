"""The performer's hands: `osc`, `midi`, the page (`web`), Ableton Link, LoopGAN's patch; `layouts` for tablets.

All of them meet at the `hub`; `admission` says who may play, `feed` what each listener has not heard yet.
"""
