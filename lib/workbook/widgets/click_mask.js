async function render({ model, el }) {
  const part = frame(model, el, "clicks", [
    "Click: a point that belongs to the object; Shift and click: a point that does not",
    "Drag: a box around the object",
    "Arrow keys move the cursor, with Shift by ten pixels",
    "Enter sets a point as chosen above, p a positive one, n a negative one",
    "x begins a box at the cursor and, a second time, ends it",
    "Backspace takes the last point or box back, Delete all",
  ]);
  const { width, height, scale, canvas, pen } = part;
  const ground = await bitmap(model);
  let positive = true, cursor = [Math.floor(width / 2), Math.floor(height / 2)], down = null, here = null, corner = null;
  let keyboard = false, overlay = null, waiting = false;
  const plus = button("+ belongs to it (p)", () => mode(true), true);
  const minus = button("− does not (n)", () => mode(false), false);
  const undo = button("Undo", () => send(model.get("prompts").slice(0, -1)));
  const clear = button("Clear", () => send([]));
  part.tools.append(plus, minus, undo, clear);

  function mode(value) {
    positive = value;
    plus.setAttribute("aria-pressed", String(value));
    minus.setAttribute("aria-pressed", String(!value));
  }

  function send(prompts) {
    waiting = true;
    model.set("prompts", prompts);
    model.save_changes();
    figures();
    draw();
  }
  const add = (prompt) => send([...model.get("prompts"), prompt]);
  const inside = ([x, y]) => [clamp(x, 0, width), clamp(y, 0, height)];
  const point = ([x, y], label) => add(["point", ...inside([x, y]), label ? 1 : 0]);
  function box(from, to) {
    const [x1, y1] = inside(from), [x2, y2] = inside(to);
    add(["box", Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)]);
  }

  function figures() {
    const prompts = model.get("prompts"), score = model.get("score");
    const positives = prompts.filter((prompt) => prompt[0] === "point" && prompt[3] === 1).length;
    const negatives = prompts.filter((prompt) => prompt[0] === "point" && prompt[3] === 0).length;
    const count = `points: ${positives} positive, ${negatives} negative${prompts.some((prompt) => prompt[0] === "box") ? " · a box" : ""}`;
    const verdict = waiting ? "asking the model …" : score === null ? "no mask yet: click on an object" : `predicted IoU ${score.toFixed(3)}`;
    part.figures.replaceChildren(make("b", { class: "wb-score" }, verdict), ` · ${count}`);
    undo.disabled = clear.disabled = !prompts.length;
  }

  function square([x1, y1, x2, y2]) {
    twice(pen, 2, () => pen.rect(x1 * scale, y1 * scale, (x2 - x1) * scale, (y2 - y1) * scale));
  }

  function sign(x, y, label) {
    pen.setLineDash([]);
    pen.beginPath(); pen.arc(x, y, 9, 0, 7);
    pen.fillStyle = label ? "#0b6e4f" : "#b3261e"; pen.fill();
    pen.strokeStyle = "#fff"; pen.lineWidth = 2; pen.stroke();
    pen.beginPath(); pen.moveTo(x - 5, y); pen.lineTo(x + 5, y);
    if (label) { pen.moveTo(x, y - 5); pen.lineTo(x, y + 5); }
    pen.stroke();
  }

  function draw() {
    pen.imageSmoothingEnabled = false;
    pen.drawImage(ground, 0, 0, canvas.width, canvas.height);
    if (overlay) pen.drawImage(overlay, 0, 0, canvas.width, canvas.height);
    const last = model.get("prompts").findLast((prompt) => prompt[0] === "box");
    if (last) square(last.slice(1));
    for (const [kind, x, y, label] of model.get("prompts")) if (kind === "point") sign(x * scale, y * scale, label);
    const from = down ?? corner, to = down ? here : cursor;
    if (from && to && !(down && still())) square([...from, ...to]);
    if (keyboard && document.activeElement === canvas) {
      const [x, y] = cursor.map((value) => value * scale);
      twice(pen, 2, () => { pen.moveTo(x - 14, y); pen.lineTo(x - 4, y); pen.moveTo(x + 4, y); pen.lineTo(x + 14, y);
        pen.moveTo(x, y - 14); pen.lineTo(x, y - 4); pen.moveTo(x, y + 4); pen.lineTo(x, y + 14); });
    }
  }

  // Below five CSS pixels a drag is a click: hands tremble.
  const still = () => Math.hypot(here[0] - down[0], here[1] - down[1]) * canvas.getBoundingClientRect().width / width < 5;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    down = here = part.at(event);
    keyboard = false;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => { if (down) { here = inside(part.at(event)); draw(); } });
  canvas.addEventListener("pointerup", (event) => {
    if (!down) return;
    const from = down, click = still();
    cursor = here.map(Math.round);
    down = null;
    if (click) point(from, event.shiftKey ? !positive : positive); else box(from, here);
  });
  canvas.addEventListener("pointercancel", () => { down = null; draw(); });
  canvas.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key], key = event.key;
    if (!isPlain(event) || (key === "Enter" && event.shiftKey)) return;
    if (step) cursor = inside([cursor[0] + step[0] * (event.shiftKey ? 10 : 1), cursor[1] + step[1] * (event.shiftKey ? 10 : 1)]);
    else if (key === "Enter") point(cursor, positive);
    else if (key === "p" || key === "n") point(cursor, key === "p");
    else if (key === "x") { if (corner) { const from = corner; corner = null; box(from, cursor); } else corner = [...cursor]; }
    else if (key === "Backspace" && corner) corner = null;
    else if (key === "Backspace") { if (model.get("prompts").length) send(model.get("prompts").slice(0, -1)); }
    else if (key === "Delete") { corner = null; send([]); }
    else return;
    event.preventDefault();
    keyboard = true;
    if (step) part.spoken.textContent = `Cursor at ${cursor[0]}, ${cursor[1]}`;
    draw();
  });
  canvas.addEventListener("focus", () => { keyboard = canvas.matches(":focus-visible"); draw(); });
  canvas.addEventListener("blur", draw);

  function renew() {
    waiting = false;
    const bits = model.get("bits");
    overlay = bits?.byteLength ? layer(unpack(bits, width * height), width, height, 0.45) : null;
    figures();
    part.spoken.textContent = part.figures.textContent;
    draw();
  }
  const again = () => { figures(); draw(); };
  model.on("change:answered", renew);
  model.on("change:message", renew);
  model.on("change:prompts", again);
  renew();
  return () => { model.off("change:answered", renew); model.off("change:message", renew); model.off("change:prompts", again); part.close(); };
}
export default { render };
