async function render({ model, el }) {
  const part = frame(model, el, "photos", [
    "Choose photos, or drop them on the picture",
    "Enter or space on the picture opens the choice",
    "Delete removes your photos and brings the examples back",
  ]);
  const { canvas, pen } = part;
  const input = make("input", { type: "file", accept: "image/*", multiple: "", "aria-label": "Photos to upload", class: "wb-unseen", tabindex: -1 });
  const clear = button("Remove mine", () => send([]));
  part.tools.append(button("Choose photos", () => input.click()), clear, input);

  function send(uploads) {
    model.set("uploads", uploads);
    model.save_changes();
  }

  // Reduced here: less to send, and what the camera wrote into the file (place, time) stays behind.
  async function reduced(file) {
    let picture;
    try { picture = await createImageBitmap(file); }
    catch { return [file.name, new DataView(await file.slice(0, 64).arrayBuffer())]; }  // the kernel says what is wrong with it
    const scale = Math.min(1, model.get("side") / Math.max(picture.width, picture.height));
    const small = make("canvas");
    small.width = Math.max(1, Math.round(picture.width * scale));
    small.height = Math.max(1, Math.round(picture.height * scale));
    small.getContext("2d").drawImage(picture, 0, 0, small.width, small.height);
    const blob = await new Promise((done) => small.toBlob(done, "image/png"));
    return [file.name, new DataView(await blob.arrayBuffer())];
  }

  async function take(files) {
    if (!files.length) return;
    part.figures.textContent = `Reading ${files.length} …`;
    const uploads = [];
    for (const file of [...files].slice(0, model.get("most") + 1)) uploads.push(await reduced(file));
    send(uploads);
    input.value = "";  // the same files can be chosen again
  }

  input.addEventListener("change", () => take(input.files));
  canvas.addEventListener("dragover", (event) => event.preventDefault());
  canvas.addEventListener("drop", (event) => { event.preventDefault(); take(event.dataTransfer.files); });
  canvas.addEventListener("click", () => input.click());
  canvas.addEventListener("keydown", (event) => {
    if (!isPlain(event) || event.shiftKey) return;
    if (event.key === "Enter" || event.key === " ") input.click();
    else if (event.key === "Delete") send([]);
    else return;
    event.preventDefault();
  });

  async function renew() {
    const count = model.get("uploads").length;
    clear.disabled = !count;
    part.figures.textContent = count ? `${count} photo${count > 1 ? "s" : ""} of yours, on this computer only` : "the lesson's examples";
    part.spoken.textContent = part.figures.textContent;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(await bitmap(model), 0, 0, canvas.width, canvas.height);
  }
  model.on("change:picture", renew);
  model.on("change:uploads", renew);
  model.on("change:message", renew);
  await renew();
  return () => { model.off("change:picture", renew); model.off("change:uploads", renew); model.off("change:message", renew); part.close(); };
}
export default { render };
