// The page as loudspeaker: PCM blocks from a WebSocket -> AudioBuffers, scheduled end to end.
// (An AudioWorklet would need https when the page comes from another machine; scheduled buffers play anywhere.)

import { button, put, make } from "./dom.js";

const LEAD_S = 0.25;          // sound held ready against a late block
const MOST_AHEAD_S = 0.75;    // more, as after a stall of the network, is left out: it would stay behind the hand for ever
const RECONNECT_MS = 1000;

export class Loudspeaker {
  constructor(instrument) {
    this.port = null;
    this.context = null;
    this.socket = null;
    this.endTime = 0;         // context time at which the last scheduled block ends
    this.isBehind = false;    // blocks are left out until `LEAD_S` is reached again
    this.figures = { blocks: 0, gaps: 0, peak: 0 };
    this.key = button("key listen", "PLAY", "this page is the loudspeaker: let it sound", () => this.play());
    const words = "another page is the loudspeaker; this one asks again when it is loaded again";
    const away = button("key", "NOT HERE", words, () => { this.element.hidden = true; });
    this.element = put(make("div", "loudspeaker"), this.key, away);
    this.element.hidden = true;
    document.body.append(this.element);
    instrument.watch("loudspeaker", (port) => this.tune(port));
  }

  tune(port) {
    if (port === this.port) return;
    this.port = port;
    this.socket?.close();
    this.element.hidden = port === null || this.isPlaying;
    if (port !== null && this.context) this.connect();
  }

  get isPlaying() {
    return this.context?.state === "running";
  }

  async play() {
    if (!this.context) {
      this.context = new AudioContext();
      this.gain = this.context.createGain();
      this.gain.connect(this.context.destination);
      this.context.onstatechange = () => { this.element.hidden = this.port === null || this.isPlaying; };
      this.connect();
    }
    await this.context.resume();
  }

  connect() {
    const socket = new WebSocket(`ws://${location.hostname}:${this.port}/audio`);
    let format = null;
    socket.binaryType = "arraybuffer";
    socket.onmessage = (message) => {
      if (typeof message.data === "string") format = JSON.parse(message.data);
      else if (this.isPlaying) {
        const ahead = this.endTime - this.context.currentTime;
        this.isBehind = ahead > (this.isBehind ? LEAD_S : MOST_AHEAD_S);
        if (!this.isBehind) this.schedule(new Float32Array(message.data), format);
      }
    };
    socket.onclose = () => {
      if (socket === this.socket && this.port !== null) setTimeout(() => this.connect(), RECONNECT_MS);
    };
    this.socket = socket;
  }

  schedule(samples, format) {
    const frames = samples.length / format.channels;
    const buffer = this.context.createBuffer(format.channels, frames, format.sample_rate);
    let peak = 0;
    for (let channel = 0; channel < format.channels; channel++) {
      const data = buffer.getChannelData(channel);
      for (let i = 0; i < frames; i++) {
        data[i] = samples[i * format.channels + channel];
        peak = Math.max(peak, Math.abs(data[i]));
      }
    }
    if (this.endTime < this.context.currentTime) {
      if (this.figures.blocks > 0) this.figures.gaps++;
      this.endTime = this.context.currentTime + LEAD_S;
    }
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.gain);
    source.start(this.endTime);
    this.endTime += buffer.duration;
    this.figures.blocks++;
    this.figures.peak = peak;
  }
}
