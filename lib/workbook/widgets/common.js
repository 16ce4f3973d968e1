// What all widgets share. It is put before each widget's own file: no imports, no build, works offline.
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const CYAN = [0, 229, 255];

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function button(words, action, pressed) {
  const node = make("button", { type: "button" }, words);
  if (pressed !== undefined) node.setAttribute("aria-pressed", String(pressed));
  node.addEventListener("click", action);
  return node;
}

// What is around a widget's body: tools, figures, message, help. Returns its parts.
function shell(model, el, name, keys, body) {
  const tools = make("div", { class: "wb-tools", role: "toolbar", "aria-label": `tools of the ${name}` });
  const figures = make("div", { class: "wb-figures" });
  const spoken = make("div", { class: "wb-unseen", role: "status" });
  const message = make("div", { class: "wb-message", role: "alert" });
  const help = make("details", {}, make("summary", {}, "Mouse and keys"), make("ul", {}, ...keys.map((key) => make("li", {}, key))));
  const root = make("div", { class: `wb-widget wb-${name.replaceAll(" ", "-")}` }, tools, body, figures, spoken, message, help);
  // JupyterLab takes single letters for commands (b inserts a cell): they stay here. Shift+Enter and Ctrl+... go on.
  root.addEventListener("keydown", (event) => {
    const passes = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape" || (event.key === "Enter" && event.shiftKey);
    if (!passes) event.stopPropagation();
  });
  el.append(root);
  const showMessage = () => { message.textContent = model.get("message"); };
  model.on("change:message", showMessage);
  showMessage();
  const close = () => model.off("change:message", showMessage);
  return { root, tools, figures, spoken, message, close };
}

// A shell around a canvas that shows the widget's picture.
function frame(model, el, name, keys) {
  const width = model.get("width"), height = model.get("height");
  const scale = Math.max(1, Math.ceil(480 / width));
  const canvas = make("canvas", { tabindex: 0, role: "application", "aria-label": `${model.get("alt")} ${keys.join(". ")}.` });
  canvas.width = width * scale;
  canvas.height = height * scale;
  const at = (event) => {  // CSS pixels to pixels of the picture: the canvas may be shrunk by max-width
    const seen = canvas.getBoundingClientRect();
    return [((event.clientX - seen.left) * width) / seen.width, ((event.clientY - seen.top) * height) / seen.height];
  };
  return { ...shell(model, el, name, keys, canvas), width, height, scale, canvas, pen: canvas.getContext("2d"), at };
}

const isPlain = (event) => !(event.ctrlKey || event.metaKey || event.altKey);
const bitmap = (model) => createImageBitmap(new Blob([model.get("picture")], { type: "image/png" }));

function unpack(view, pixels) {  // eight pixels a byte, the first in the highest bit, as numpy packs them
  const mask = new Uint8Array(pixels);
  if (!view || view.byteLength !== (pixels + 7) >> 3) return mask;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (let i = 0; i < pixels; i++) mask[i] = (bytes[i >> 3] >> (7 - (i & 7))) & 1;
  return mask;
}

function pack(mask) {
  const bytes = new Uint8Array((mask.length + 7) >> 3);
  for (let i = 0; i < mask.length; i++) if (mask[i]) bytes[i >> 3] |= 128 >> (i & 7);
  return new DataView(bytes.buffer);
}

function isEdge(mask, i, width) {  // a pixel of the mask that touches its outside
  if (!mask[i]) return false;
  const x = i % width;
  return (x > 0 && !mask[i - 1]) || (x < width - 1 && !mask[i + 1]) || (i >= width && !mask[i - width])
    || (i + width < mask.length && !mask[i + width]);
}

// The mask as a layer: filled with this opacity, its outline solid; `other` gives a second outline, magenta and dotted.
function layer(mask, width, height, opacity, other) {
  const canvas = make("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d"), pixels = pen.createImageData(width, height);
  for (let i = 0; i < mask.length; i++) {
    let colour = CYAN, alpha = mask[i] ? (isEdge(mask, i, width) ? 255 : Math.round(255 * opacity)) : 0;
    if (other && isEdge(other, i, width) && ((i % width) + Math.floor(i / width)) % 2) { colour = [214, 0, 147]; alpha = 255; }
    if (alpha) pixels.data.set([...colour, alpha], 4 * i);
  }
  pen.putImageData(pixels, 0, 0);
  return canvas;
}

// A line that is seen on any ground: dark below, light above.
function twice(pen, thick, path) {
  pen.beginPath();
  path();
  pen.setLineDash([]);
  pen.lineWidth = thick + 2; pen.strokeStyle = "#000"; pen.stroke();
  pen.lineWidth = thick; pen.strokeStyle = "#fff"; pen.stroke();
}
