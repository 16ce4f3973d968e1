const COLOURS = { a: "#0072b2", b: "#d55e00" };
const area = ([x1, y1, x2, y2]) => Math.max(0, x2 - x1) * Math.max(0, y2 - y1);

function overlap(a, b) {
  const shared = [Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])];
  const intersection = area(shared), union = area(a) + area(b) - intersection;
  return { shared, intersection, union, iou: union > 0 ? intersection / union : 0 };
}

async function render({ model, el }) {
  const part = frame(model, el, "pair of boxes", [
    "Drag a box to move it, a corner to resize it",
    "1 or 2, or Tab, selects box a or b",
    "Arrow keys move the selected box",
    "Shift and arrow keys resize it at its lower right corner",
  ]);
  const { width, height, scale, canvas, pen } = part;
  const boxes = { a: [...model.get("a")], b: [...model.get("b")] };
  let selected = "a", drag = null, moved = false, repeats = 0;
  const ground = model.get("blank") ? null : await bitmap(model);
  const choose = { a: button("Box a (1)", () => select("a"), true), b: button("Box b (2)", () => select("b"), false) };
  part.tools.append(choose.a, choose.b);

  function outline(name) {
    const [x1, y1, x2, y2] = boxes[name].map((value) => value * scale);
    pen.setLineDash([]);
    pen.strokeStyle = "#fff"; pen.lineWidth = 6; pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
    pen.setLineDash(name === "b" ? [10, 5] : []);
    pen.strokeStyle = COLOURS[name]; pen.lineWidth = 3; pen.strokeRect(x1, y1, x2 - x1, y2 - y1);
    pen.setLineDash([]);
    pen.font = "bold 20px sans-serif"; pen.textBaseline = "top";
    pen.lineWidth = 4; pen.strokeStyle = "#fff"; pen.strokeText(name, x1 + 8, y1 + 6);
    pen.fillStyle = COLOURS[name]; pen.fillText(name, x1 + 8, y1 + 6);
    for (const [x, y] of [[x1, y1], [x2, y1], [x1, y2], [x2, y2]]) {
      pen.fillStyle = name === selected ? COLOURS[name] : "#fff";
      pen.strokeStyle = name === selected ? "#fff" : COLOURS[name]; pen.lineWidth = 2;
      pen.fillRect(x - 6, y - 6, 12, 12); pen.strokeRect(x - 6, y - 6, 12, 12);
    }
  }

  function hatch([x1, y1, x2, y2]) {  // the intersection: tinted and hatched
    pen.save();
    pen.beginPath(); pen.rect(x1, y1, x2 - x1, y2 - y1); pen.clip();
    pen.fillStyle = "rgba(90, 60, 150, .3)"; pen.fill();
    pen.strokeStyle = "rgba(50, 20, 110, .8)"; pen.lineWidth = 1; pen.beginPath();
    for (let x = x1 - (y2 - y1); x < x2; x += 9) { pen.moveTo(x, y2); pen.lineTo(x + y2 - y1, y1); }
    pen.stroke(); pen.restore();
  }

  function draw() {
    pen.fillStyle = "#fff"; pen.fillRect(0, 0, canvas.width, canvas.height);
    if (ground) { pen.imageSmoothingEnabled = false; pen.drawImage(ground, 0, 0, canvas.width, canvas.height); }
    const { shared, intersection, union, iou } = overlap(boxes.a, boxes.b);
    if (intersection > 0) hatch(shared.map((value) => value * scale));
    outline(selected === "a" ? "b" : "a");
    outline(selected);
    const whole = (value) => Math.round(value).toLocaleString("en");
    part.figures.innerHTML = `intersection <b>${whole(intersection)}</b> px · union <b>${whole(union)}</b> px · IoU <b class="wb-iou">${iou.toFixed(3)}</b>`;
  }

  function select(name) {
    selected = name;
    for (const key of ["a", "b"]) choose[key].setAttribute("aria-pressed", String(key === name));
    part.spoken.textContent = `Box ${name} selected`;
    draw();
  }

  function commit() {  // one message for each gesture, not for each step of it
    if (!moved) return;
    moved = false;
    model.set(selected, [...boxes[selected]]);
    model.save_changes();
    part.spoken.textContent = `IoU ${overlap(boxes.a, boxes.b).iou.toFixed(3)}`;
  }

  function put(box) { boxes[selected] = box; moved = true; draw(); }

  function shift([x1, y1, x2, y2], dx, dy) {
    const x = clamp(dx, -x1, width - x2), y = clamp(dy, -y1, height - y2);
    return [x1 + x, y1 + y, x2 + x, y2 + y];
  }

  function resize(box, corner, x, y) {  // corner: its places in x1 y1 x2 y2, for example [2, 3]; the box keeps a pixel
    const result = [...box], [i, j] = corner;
    result[i] = i === 0 ? clamp(x, 0, Math.max(0, box[2] - 1)) : clamp(x, Math.min(width, box[0] + 1), width);
    result[j] = j === 1 ? clamp(y, 0, Math.max(0, box[3] - 1)) : clamp(y, Math.min(height, box[1] + 1), height);
    return result;
  }

  function hit([x, y]) {
    const near = 12 * width / canvas.getBoundingClientRect().width;  // pixels of the picture
    const order = selected === "a" ? ["a", "b"] : ["b", "a"];
    for (const name of order) for (const corner of [[0, 1], [2, 1], [0, 3], [2, 3]]) {
      if (Math.hypot(x - boxes[name][corner[0]], y - boxes[name][corner[1]]) <= near) return { name, corner };
    }
    for (const name of order) {
      const [x1, y1, x2, y2] = boxes[name];
      if (x >= x1 && x <= x2 && y >= y1 && y <= y2) return { name, corner: null };
    }
    return null;
  }

  canvas.addEventListener("pointerdown", (event) => {
    const found = event.button === 0 && hit(part.at(event));
    if (!found) return;
    commit();
    select(found.name);
    drag = { from: part.at(event), corner: found.corner, box: [...boxes[found.name]] };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = part.at(event);
    if (!drag) { const over = hit([x, y]); canvas.style.cursor = over ? (over.corner ? "nwse-resize" : "move") : "default"; return; }
    put(drag.corner ? resize(drag.box, drag.corner, Math.round(x), Math.round(y))
      : shift(drag.box, Math.round(x - drag.from[0]), Math.round(y - drag.from[1])));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { if (drag) { drag = null; commit(); } });

  canvas.addEventListener("keydown", (event) => {
    const step = ARROWS[event.key];
    if (!isPlain(event) || drag) return;
    if (step) {
      repeats = event.repeat ? repeats + 1 : 0;
      const [dx, dy] = step.map((value) => value * (repeats > 8 ? 5 : 1)), box = boxes[selected];
      put(event.shiftKey ? resize(box, [2, 3], box[2] + dx, box[3] + dy) : shift(box, dx, dy));
    } else if (event.key === "1" || event.key === "2") { commit(); select(event.key === "1" ? "a" : "b"); }
    else if (event.key === "Tab" && selected === (event.shiftKey ? "b" : "a")) { commit(); select(event.shiftKey ? "a" : "b"); }
    else return;  // Tab on the last box leaves the widget, as Tab should
    event.preventDefault();
  });
  canvas.addEventListener("keyup", (event) => { if (ARROWS[event.key]) commit(); });
  canvas.addEventListener("blur", commit);

  const renew = () => {
    if (drag || moved) return;
    for (const name of ["a", "b"]) boxes[name] = [...model.get(name)];
    draw();
  };
  model.on("change:a", renew);
  model.on("change:b", renew);
  draw();
  return () => { model.off("change:a", renew); model.off("change:b", renew); part.close(); };
}
export default { render };
