// PCM blocks from a WebSocket -> AudioBuffers, scheduled end to end.
// (An AudioWorklet would need https when the page comes from another machine; scheduled buffers play anywhere.)

const LEAD_S = 0.25;        // sound held ready against a late block
const RECONNECT_MS = 1000;

const button = document.getElementById("play");
const status = document.getElementById("status");
const canvas = document.getElementById("wave");

let context = null;
let gain = null;
let endTime = 0;            // context time at which the last scheduled block ends
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
  figures.peak = Math.max(figures.peak * 0.9, ...buffer.getChannelData(0).map(Math.abs));
  draw(buffer.getChannelData(0));
  status.textContent = `Playing, ${((endTime - context.currentTime) * 1000).toFixed(0)} ms ahead, ${figures.gaps} gaps`;
}

function draw(samples) {
  const paint = canvas.getContext("2d");
  const { width, height } = canvas;
  const step = 8;
  paint.drawImage(canvas, -step, 0);
  paint.clearRect(width - step, 0, step, height);
  const peak = Math.min(Math.max(...samples.map(Math.abs)), 1);
  paint.fillStyle = "#ffb454";
  paint.fillRect(width - step + 1, (height * (1 - peak)) / 2, step - 2, Math.max(height * peak, 2));
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
    status.textContent = "The instrument is silent or gone; trying again";
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
