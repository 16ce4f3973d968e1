const MOST_STEPS = 60, LARGEST = 30, MOST_ZOOM = 12;

async function render({ model, el }) {
  const part = frame(model, el, "mask", [
    "Drag: paint or erase; b is the brush, e the eraser, [ and ] change its size",
    "z takes a stroke back, y does it again",
    "+ and − zoom, 0 shows all; the wheel zooms once the picture has been clicked on; Shift and drag moves the picture",
    "Arrow keys move the cursor, with Shift by ten pixels",
    "Hold Space, or press Enter to put the brush down and again to lift it, and paint with the arrow keys",
  ]);
  const { width, height, scale, canvas, pen } = part, pixels = width * height;
  const ground = await bitmap(model), original = unpack(model.get("original_bits"), pixels);
  let mask = unpack(model.get("bits"), pixels), undone = [], done = [], before = null;
  let size = clamp(Math.round(Math.min(width, height) / 30), 2, LARGEST), erasing = false, opacity = 0.45;
  let cursor = [width >> 1, height >> 1], shown = false, last = null, pan = null, held = "", due = false;
  const view = { zoom: 1, x: 0, y: 0 };

  const brush = button("Brush (b)", () => tool(false), true), eraser = button("Eraser (e)", () => tool(true), false);
  const sizes = make("input", { type: "range", min: 1, max: LARGEST, value: size });
  const sizeText = make("output", {}, String(size));
  const undo = button("Undo (z)", () => step(done, undone)), redo = button("Redo (y)", () => step(undone, done));
  const further = button("−", () => zoom(1 / 1.5)), nearer = button("+", () => zoom(1.5)), all = button("Show all (0)", () => zoom(0));
  further.setAttribute("aria-label", "zoom out");
  nearer.setAttribute("aria-label", "zoom in");
  const opacities = make("input", { type: "range", min: 0, max: 100, value: 100 * opacity });
  const restart = button("Back to the original", () => { begin(); mask = original.slice(); end(); });
  part.tools.append(brush, eraser, make("label", {}, "size", sizes, sizeText), undo, redo, further, nearer, all,
    make("label", {}, "opacity", opacities), restart);
  const note = make("div", { class: "wb-note" });
  part.figures.after(make("div", { class: "wb-note" }, "Cyan: your mask. Magenta dots: the outline of the original."), note);

  function figures() {
    let both = 0, either = 0, painted = 0;
    for (let i = 0; i < pixels; i++) { both += mask[i] & original[i]; either += mask[i] | original[i]; painted += mask[i]; }
    const iou = either ? both / either : 1;
    part.figures.innerHTML = `IoU with the original <b class="wb-iou">${iou.toFixed(3)}</b> · ${painted.toLocaleString("en")} pixels in the mask · zoom ${view.zoom.toFixed(1)}×`;
    undo.disabled = !done.length;
    redo.disabled = !undone.length;
    return iou;
  }

  function draw() {
    due = false;
    const k = scale * view.zoom;
    pen.setTransform(k, 0, 0, k, -view.x * k, -view.y * k);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(ground, 0, 0);
    pen.drawImage(layer(mask, width, height, opacity, original), 0, 0);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    if (shown) {
      const [x, y] = [(cursor[0] + 0.5 - view.x) * k, (cursor[1] + 0.5 - view.y) * k];
      twice(pen, erasing ? 1 : 2, () => pen.arc(x, y, Math.max(3, (size - 0.5) * k), 0, 7));
      twice(pen, 1, () => { pen.moveTo(x - 4, y); pen.lineTo(x + 4, y); if (!erasing) { pen.moveTo(x, y - 4); pen.lineTo(x, y + 4); } });
    }
    figures();
  }
  const later = () => { if (!due) { due = true; requestAnimationFrame(draw); } };

  function dab(x, y) {  // a disc; size 1 is a single pixel
    for (let j = 1 - size; j < size; j++) for (let i = 1 - size; i < size; i++) {
      const X = x + i, Y = y + j;
      if (i * i + j * j < size * size && X >= 0 && Y >= 0 && X < width && Y < height) mask[Y * width + X] = erasing ? 0 : 1;
    }
  }
  function line(from, to) {
    const steps = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1);
    for (let k = 0; k <= steps; k++) dab(...[0, 1].map((axis) => Math.round(from[axis] + ((to[axis] - from[axis]) * k) / steps)));
    later();
  }

  const begin = () => { before = mask.slice(); };
  function end() {  // one message for each stroke; a stroke that changed nothing is none
    if (!before) return;
    const old = before;
    before = null;
    if (mask.some((value, i) => value !== old[i])) { remember(done, old); undone = []; send(); } else draw();
  }
  function remember(stack, old) { stack.push(old); if (stack.length > MOST_STEPS) stack.shift(); }
  function step(from, to) {
    if (!from.length || before) return;
    remember(to, mask);
    mask = from.pop();
    send();
  }
  function send() {
    model.set("bits", pack(mask));
    model.save_changes();
    draw();
    part.spoken.textContent = `IoU with the original ${figures().toFixed(3)}`;
  }

  function tool(value) {
    erasing = value;
    brush.setAttribute("aria-pressed", String(!value));
    eraser.setAttribute("aria-pressed", String(value));
    draw();
  }
  function resize(value) { size = clamp(value, 1, LARGEST); sizes.value = size; sizeText.textContent = String(size); draw(); }

  function look(x, y) {
    view.x = clamp(x, 0, width - width / view.zoom);
    view.y = clamp(y, 0, height - height / view.zoom);
    later();
  }
  function zoom(factor, place = cursor) {  // the pixel at `place` stays where it is
    const old = view.zoom;
    view.zoom = factor ? clamp(old * factor, 1, MOST_ZOOM) : 1;
    look(place[0] - ((place[0] - view.x) * old) / view.zoom, place[1] - ((place[1] - view.y) * old) / view.zoom);
  }
  function follow() {  // keep the keyboard's cursor in sight
    const [w, h] = [width / view.zoom, height / view.zoom];
    look(clamp(view.x, cursor[0] + 1 - w, cursor[0]), clamp(view.y, cursor[1] + 1 - h, cursor[1]));
  }
  const exact = (event) => { const [x, y] = part.at(event); return [x / view.zoom + view.x, y / view.zoom + view.y]; };
  const pixel = (event) => exact(event).map(Math.floor);

  canvas.addEventListener("pointerdown", (event) => {
    if (held) lift();
    if (event.button === 1 || (event.button === 0 && event.shiftKey)) { pan = exact(event); event.preventDefault(); }
    else if (event.button === 0) { begin(); last = cursor = pixel(event); line(last, last); }
    else return;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (pan) { const [x, y] = exact(event); look(view.x + pan[0] - x, view.y + pan[1] - y); return; }
    if (held) return;
    cursor = pixel(event);
    shown = true;
    if (last) { line(last, cursor); last = cursor; } else later();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { pan = null; if (last) { last = null; end(); } });
  canvas.addEventListener("pointerleave", () => {
    cursor = [clamp(cursor[0], 0, width - 1), clamp(cursor[1], 0, height - 1)];
    shown = document.activeElement === canvas;
    later();
  });
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement !== canvas) return;  // else one could not scroll past the picture
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.25 : 0.8, exact(event));
  }, { passive: false });

  function lift() { held = ""; end(); }
  function press(key) { held = key; begin(); line(cursor, cursor); }
  const keys = {
    b: () => tool(false), e: () => tool(true), "[": () => resize(size - 1), "]": () => resize(size + 1),
    z: () => step(done, undone), y: () => step(undone, done),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: () => zoom(0),
  };
  canvas.addEventListener("keydown", (event) => {
    const arrow = ARROWS[event.key];
    if (!isPlain(event) || last || (event.key === "Enter" && event.shiftKey)) return;
    if (arrow) {
      const from = cursor, far = event.shiftKey ? 10 : 1;
      cursor = [clamp(from[0] + arrow[0] * far, 0, width - 1), clamp(from[1] + arrow[1] * far, 0, height - 1)];
      if (held) line(from, cursor);
      follow();
    } else if (event.key === " ") { if (!held) press(" "); }
    else if (event.key === "Enter") { if (held) lift(); else press("Enter"); }
    else if (keys[event.key]) { if (held) lift(); keys[event.key](); }
    else return;
    event.preventDefault();
    shown = true;
    later();
  });
  canvas.addEventListener("keyup", (event) => { if (event.key === " " && held === " ") lift(); });
  canvas.addEventListener("focus", () => { shown = true; later(); });
  canvas.addEventListener("blur", () => { if (held) lift(); shown = false; later(); });
  sizes.addEventListener("input", () => resize(Number(sizes.value)));
  opacities.addEventListener("input", () => { opacity = Number(opacities.value) / 100; draw(); });

  const renew = () => {  // the kernel set another mask, or refused ours
    const now = unpack(model.get("bits"), pixels);
    if (before || now.every((value, i) => value === mask[i])) return;
    remember(done, mask);
    mask = now;
    draw();
  };
  const renewNote = () => { note.textContent = model.get("note"); };
  model.on("change:bits", renew);
  model.on("change:note", renewNote);
  renewNote();
  draw();
  return () => { model.off("change:bits", renew); model.off("change:note", renewNote); part.close(); };
}
export default { render };
