const FADE = 0.06, GAP = 2;  // seconds of a cross-fade; white pixels between two pictures

function buffers(context, model) {  // one AudioBuffer for each clip
  const view = model.get("sound"), count = model.get("count"), samples = view.byteLength / 2 / count;
  return Array.from({ length: count }, (_, place) => {
    const buffer = context.createBuffer(1, samples, model.get("rate")), channel = buffer.getChannelData(0);
    for (let i = 0; i < samples; i++) channel[i] = view.getInt16(2 * (place * samples + i), true) / 32767;
    return buffer;
  });
}

function curve(rises) {  // equal power: the squares of both curves add up to 1
  return Float32Array.from({ length: 33 }, (_, i) => Math.sin((Math.PI / 2) * (rises ? i : 32 - i) / 32));
}

async function render({ model, el }) {
  const part = frame(model, el, "player of riffs", [
    "Space or Enter plays the clip in a loop, and stops it",
    "Left and right arrow keys, or a click on a picture, choose the clip",
    "Home and End choose the first and the last",
  ]);
  const { width, height, scale, canvas, pen } = part;
  const count = model.get("count"), names = model.get("names"), rate = model.get("rate");
  const seconds = model.get("sound").byteLength / 2 / count / rate, tile = (width + GAP) / count;
  let context = null, loops = null, playing = null, began = 0, position = model.get("position"), beat = 0;
  const ground = await bitmap(model);
  const play = button("▶ Play", toggle, false);
  const slider = make("input", { type: "range", min: 0, max: count - 1, step: 1, value: position, "aria-label": "clip" });
  slider.style.width = "240px";
  part.tools.append(play, make("label", {}, "clip", slider));

  const phase = () => (playing ? (context.currentTime - began) % seconds : 0);

  function draw() {
    pen.imageSmoothingEnabled = false;
    pen.drawImage(ground, 0, 0, canvas.width, canvas.height);
    const left = position * tile * scale, across = (tile - GAP) * scale;
    twice(pen, 3, () => pen.rect(left + 2, 2, across - 4, canvas.height - 4));
    if (playing) {
      const x = left + (across * phase()) / seconds;
      twice(pen, 2, () => { pen.moveTo(x, 0); pen.lineTo(x, canvas.height); });
    }
    part.figures.innerHTML = `<b class="wb-place">clip ${position + 1} of ${count}</b> · <span class="wb-name"></span> · `
      + `<span class="wb-state">${playing ? "playing" : "stopped"}</span>, a loop of ${seconds.toFixed(2)} s`;
    part.figures.querySelector(".wb-name").textContent = names[position];
  }

  function animate() {
    if (!playing) return;
    draw();
    beat = requestAnimationFrame(animate);
  }

  function begin() {  // the chosen clip comes in where the circle is now, the one before goes out
    const now = context.currentTime, source = context.createBufferSource(), gain = context.createGain();
    source.buffer = loops[position];
    source.loop = true;
    source.connect(gain).connect(context.destination);
    const at = phase();
    if (playing) fadeOut(playing);
    else began = now;
    gain.gain.setValueCurveAtTime(curve(true), now, FADE);
    source.start(now, at);
    playing = { source, gain };
  }

  function fadeOut({ source, gain }) {
    const now = context.currentTime;
    gain.gain.cancelScheduledValues(now);
    gain.gain.setValueCurveAtTime(curve(false), now, FADE);
    source.stop(now + FADE);
  }

  function toggle() {
    if (playing) { fadeOut(playing); playing = null; cancelAnimationFrame(beat); }
    else {
      context ??= new AudioContext();
      loops ??= buffers(context, model);
      context.resume();
      begin();
      animate();
    }
    play.textContent = playing ? "■ Stop" : "▶ Play";
    play.setAttribute("aria-pressed", String(Boolean(playing)));
    draw();
  }

  function choose(place, send = true) {
    const next = clamp(place, 0, count - 1);
    if (next === position) return;
    position = next;
    slider.value = position;
    slider.setAttribute("aria-valuetext", names[position]);
    part.spoken.textContent = names[position];
    if (playing) begin();
    draw();
    if (!send) return;
    model.set("position", position);
    model.save_changes();
  }

  slider.addEventListener("input", () => choose(Number(slider.value)));
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button === 0) choose(Math.floor(part.at(event)[0] / tile));
  });
  canvas.addEventListener("keydown", (event) => {
    if (!isPlain(event) || event.shiftKey) return;
    if (event.key === " " || event.key === "Enter") toggle();
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") choose(position + ARROWS[event.key][0]);
    else if (event.key === "Home" || event.key === "End") choose(event.key === "Home" ? 0 : count - 1);
    else return;
    event.preventDefault();
  });
  const renew = () => choose(model.get("position"), false);
  model.on("change:position", renew);
  draw();
  return () => {
    model.off("change:position", renew);
    cancelAnimationFrame(beat);
    if (context) context.close();
    part.close();
  };
}
export default { render };
