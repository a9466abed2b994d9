// Values as a performer reads them.

export function format(row, value) {
  switch (row.unit) {
    case "sigma":
    case "dB": return row.limits[0][0] < 0 ? signed(value, 1) : value.toFixed(1);
    case "BPM": return value.toFixed(1);
    case "s": return value < 10 ? `${value.toFixed(1)} s` : `${value.toFixed(0)} s`;
    case "beats": return value.toFixed(2);
    case "semitones":
    case "sixteenths": return signed(value, 0);
    case "steps": return value.toFixed(1);
  }
  if (row.types[0] === "i") return value.toFixed(0);
  const [low, high] = row.limits[0];
  return low < 0 ? signed(value * 100, 0) : (value / high * 100).toFixed(0);
}

function signed(value, digits) {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return (0).toFixed(digits);
  return value > 0 ? `+${text}` : text.replace("-", "−");
}

export function lasts(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}
