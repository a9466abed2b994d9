// PCM blocks from a WebSocket -> AudioBuffers, scheduled end to end.
// (An AudioWorklet would need https when the page comes from another machine; scheduled buffers play anywhere.)

const LEAD_S = 0.25;        // sound held ready against a late block
const RECONNECT_MS = 1000;
const BAR_SAMPLES = 512;
const BAR_WIDTH = 4;        // canvas pixels

const button = document.getElementById("play");
const status = document.getElementById("status");
const canvas = document.getElementById("wave");

let context = null;
let gain = null;
let endTime = 0;            // context time at which the last scheduled block ends
const bars = [];
const figures = { blocks: 0, gaps: 0, peak: 0 };
window.loudspeaker = figures;

function schedule(samples, format) {
  const frames = samples.length / format.channels;
  const buffer = context.createBuffer(format.channels, frames, format.sample_rate);
  for (let channel = 0; channel < format.channels; channel++) {
    const data = buffer.getChannelData(channel);
    for (let i = 0; i < frames; i++) data[i] = samples[i * format.channels + channel];
  }
  if (endTime < context.currentTime) {
    if (figures.blocks > 0) figures.gaps++;
    endTime = context.currentTime + LEAD_S;
  }
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(gain);
  source.start(endTime);
  endTime += buffer.duration;
  figures.blocks++;
  draw(buffer.getChannelData(0));
  figures.peak = Math.max(...bars);
  status.textContent = `Playing, ${((endTime - context.currentTime) * 1000).toFixed(0)} ms ahead, ${figures.gaps} gaps`;
}

// One bar for each short stretch of sound, newest on the right: its height is the peak.
function draw(samples) {
  for (let start = 0; start < samples.length; start += BAR_SAMPLES) {
    bars.push(samples.subarray(start, start + BAR_SAMPLES).reduce((peak, x) => Math.max(peak, Math.abs(x)), 0));
  }
  bars.splice(0, bars.length - canvas.width / BAR_WIDTH);
  const paint = canvas.getContext("2d");
  paint.clearRect(0, 0, canvas.width, canvas.height);
  paint.fillStyle = "#ffb454";
  bars.forEach((peak, index) => {
    const height = Math.max(Math.min(peak, 1) * canvas.height, 2);
    const left = canvas.width - (bars.length - index) * BAR_WIDTH;
    paint.fillRect(left, (canvas.height - height) / 2, BAR_WIDTH - 1, height);
  });
}

function connect() {
  const socket = new WebSocket(`ws://${location.host}/audio`);
  let format = null;
  socket.binaryType = "arraybuffer";
  socket.onmessage = (message) => {
    if (typeof message.data === "string") format = JSON.parse(message.data);
    else if (context && endTime - context.currentTime < 2) schedule(new Float32Array(message.data), format);
  };
  socket.onclose = () => {
    status.textContent = "The instrument has stopped; waiting for it to come back";
    setTimeout(connect, RECONNECT_MS);
  };
}

button.onclick = async () => {
  if (context) {
    const playing = context.state === "running";
    await (playing ? context.suspend() : context.resume());
    button.textContent = playing ? "Play" : "Pause";
    return;
  }
  context = new AudioContext();
  gain = context.createGain();
  gain.connect(context.destination);
  await context.resume();
  button.textContent = "Pause";
  connect();
};
