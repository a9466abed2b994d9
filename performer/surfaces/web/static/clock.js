// The music's clock: ticks (thirty-second notes) as they are heard, between two readings of the instrument.

const JUMP_TICKS = 0.5;
const EASE = 0.2;             // share of an error that a reading mends: the network's haste and delay average out

export class Clock {
  constructor() {
    this.tick = 0;
    this.atMs = 0;
    this.ticksASecond = 0;
  }

  read([tick, ticksASecond], nowMs) {
    const expected = this.at(nowMs);
    const error = tick - expected;
    const jumps = ticksASecond !== this.ticksASecond || Math.abs(error) > JUMP_TICKS;
    this.tick = jumps ? tick : expected + EASE * error;
    this.ticksASecond = ticksASecond;
    this.atMs = nowMs;
  }

  at(nowMs) {
    return this.tick + (nowMs - this.atMs) / 1000 * this.ticksASecond;
  }
}
