const LETTERS = "ABCDEFGHI";
const keys = (scale) => ({
  rank: [
    "Drag a card up or down; on a touch screen by its handle on the left",
    "Tab goes from card to card; the up and down arrow keys move the card, Home and End to the top and the bottom",
    "t ties the card with the one above it, and unties it",
    "Enter saves and goes on, s skips, u takes the last judgement back",
  ],
  rate: [
    `1 to ${scale} rate the answer, from very bad to very good, save that and go on`,
    "s skips, u takes the last rating back",
  ],
});

async function render({ model, el }) {
  const mode = model.get("mode"), ranking = mode === "rank", scale = model.get("scale");
  const question = make("div", { class: "wb-prompt" });
  const list = make("div", { class: "wb-cards", role: "group", "aria-label": ranking ? "answers, the best first" : "the answer" });
  const part = shell(model, el, ranking ? "ranking" : "rating", keys(scale)[mode], make("div", {}, question, list));
  const { root, tools, figures, spoken } = part;
  const save = button("Save and go on (Enter)", () => send("save")), skip = button("Skip (s)", () => send("skip"));
  const undo = button("Undo (u)", () => send("undo"));
  tools.append(...(ranking ? [save] : []), skip, undo);
  const progress = make("b", { class: "wb-progress" }), status = make("span", { class: "wb-status" });
  figures.append(progress, " · ", status);
  const note = make("div", { class: "wb-note" });
  figures.after(note);

  let showing = {}, cards = [], order = [], tied = new Set(), drag = null, waiting = 0, sent = 0;

  function say(words) { status.textContent = words; spoken.textContent = words; }

  // ------------------------------------------------------------------------------------------- to and from the kernel

  function send(what, rating) {
    if (waiting || (!order.length && what !== "undo") || (what === "undo" && !showing.undo)) return;
    const action = { do: what, number: showing.number, id: `${Date.now()}-${++sent}` };
    if (what === "save") Object.assign(action, ranking ? { ranks: ranks() } : { rating });
    model.set("action", action);
    model.save_changes();
    say(what === "undo" ? "Taking it back …" : "Saving …");
    waiting = setTimeout(() => { free(); say("The kernel does not answer. Run the cell again: what was saved is kept."); }, 10000);
  }
  function free() { clearTimeout(waiting); waiting = 0; }
  const refused = () => { if (model.get("message")) { free(); describe(""); } };

  // ------------------------------------------------------------------------------------------------------ the ranking

  function ranks() {  // of the cards as they came, from 1, ties share a rank
    const found = [];
    let rank = 0;
    order.forEach((card, place) => { if (!place || !tied.has(card)) rank += 1; found[card] = rank; });
    return found;
  }

  function take(card, place) {  // out of its place and in at another
    const from = order.indexOf(card), after = order[from + 1];
    if (!tied.has(card)) tied.delete(after);  // what was tied with this card begins a rank of its own
    tied.delete(card);
    order.splice(from, 1);
    if (place && tied.has(order[place])) tied.add(card);  // in between two that are tied: one of them
    order.splice(place, 0, card);
    tied.delete(order[0]);
  }

  function move(card, place) {
    const to = clamp(place, 0, order.length - 1);
    if (to === order.indexOf(card)) return;
    take(card, to);
    layOut();
    cards[card].focus();
    say(spokenPlace(card));
  }

  function tie(card) {
    if (card === order[0]) { say("Nothing is above this answer to tie it with."); return; }
    if (!tied.delete(card)) tied.add(card);
    layOut();
    cards[card].focus();
    say(spokenPlace(card));
  }

  function spokenPlace(card) {
    const place = order.indexOf(card);
    return `Answer ${LETTERS[card]}: rank ${ranks()[card]}, ${place + 1} of ${order.length}${tied.has(card) ? ", tied with the one above" : ""}`;
  }

  function layOut() {  // the cards in their order, with their ranks
    const found = ranks();
    order.forEach((card, place) => {
      const node = cards[card], shared = found.filter((rank) => rank === found[card]).length > 1;
      list.append(node);
      node.classList.toggle("wb-tied", tied.has(card));
      node.querySelector(".wb-rank").textContent = `${shared ? "=" : ""}${found[card]}`;
      node.querySelector(".wb-tie").setAttribute("aria-pressed", String(tied.has(card)));
      node.querySelector(".wb-tie").disabled = !place;
      node.querySelector(".wb-up").disabled = !place;
      node.querySelector(".wb-down").disabled = place === order.length - 1;
      node.setAttribute("aria-label", `${spokenPlace(card)}. ${showing.answers[card]}`);
    });
  }

  // ---------------------------------------------------------------------------------------------------- drag and drop

  const others = () => order.filter((card) => card !== drag.card);

  function target(y) {  // where the dragged card would come to lie, counted without it
    return drag.middles.filter((middle) => middle < y).length;
  }

  function makeRoom(place) {  // the others move aside, so that one sees where the card would be let in
    const from = order.indexOf(drag.card);
    others().forEach((card, i) => {
      const way = i >= place && i < from ? drag.height : i >= from && i < place ? -drag.height : 0;
      cards[card].style.transform = way ? `translateY(${way}px)` : "";
    });
  }

  function grab(event, card) {
    if (event.button !== 0 || waiting || event.target.closest("button")) return;
    if (event.pointerType === "touch" && !event.target.closest(".wb-handle")) return;  // the rest of a card scrolls the page
    const middle = (node) => { const seen = node.getBoundingClientRect(); return seen.top + seen.height / 2; };
    drag = { card, from: event.clientY, middle: middle(cards[card]), height: cards[card].offsetHeight + 6, moved: false };
    drag.middles = others().map((other) => middle(cards[other]));
    cards[card].setPointerCapture(event.pointerId);
  }

  function pull(event) {
    if (!drag) return;
    const way = event.clientY - drag.from;
    if (!drag.moved && Math.abs(way) < 5) return;
    drag.moved = true;
    cards[drag.card].classList.add("wb-dragged");
    cards[drag.card].style.transform = `translateY(${way}px)`;
    makeRoom(target(drag.middle + way));
  }

  function drop(event) {
    if (!drag) return;
    const { card, moved, middle, from } = drag, place = target(middle + event.clientY - from);
    letGo();
    if (moved) move(card, place);
  }

  function letGo() {
    if (!drag) return;
    cards[drag.card].classList.remove("wb-dragged");
    for (const node of cards) node.style.transform = "";
    drag = null;
  }

  // -------------------------------------------------------------------------------------------------------- the cards

  function small(name, sign, words, action) {
    const node = button(sign, action);
    node.classList.add(name);
    node.setAttribute("aria-label", words);
    node.title = words;
    node.tabIndex = -1;  // the keys do the same, and Tab goes from card to card
    return node;
  }

  function rankCard(text, card) {
    const up = small("wb-up", "▲", `move answer ${LETTERS[card]} up`, () => move(card, order.indexOf(card) - 1));
    const down = small("wb-down", "▼", `move answer ${LETTERS[card]} down`, () => move(card, order.indexOf(card) + 1));
    const equal = small("wb-tie", "=", `tie answer ${LETTERS[card]} with the one above`, () => tie(card));
    equal.setAttribute("aria-pressed", "false");
    const node = make("div", { class: "wb-card", tabindex: 0, role: "group", "aria-roledescription": "card" },
      make("span", { class: "wb-handle", "aria-hidden": "true" }, "⠿"), make("span", { class: "wb-rank" }),
      make("span", { class: "wb-text" }, text), make("span", { class: "wb-moves" }, up, down, equal));
    node.addEventListener("pointerdown", (event) => grab(event, card));
    node.addEventListener("pointermove", pull);
    node.addEventListener("pointerup", drop);
    node.addEventListener("pointercancel", letGo);
    return node;
  }

  function rateCard(text) {
    const row = make("div", { class: "wb-tools wb-ratings", role: "group", "aria-label": "rating" }, "very bad");
    for (let rating = 1; rating <= scale; rating++) {
      const one = button(String(rating), () => send("save", rating), rating === showing.rating);
      one.setAttribute("aria-label", `${rating} of ${scale}`);
      row.append(one);
    }
    row.append("very good");
    const node = make("div", { class: "wb-card", tabindex: 0, role: "group", "aria-label": `Answer: ${text}` }, make("span", { class: "wb-text" }, text));
    return [node, row];
  }

  function describe(before) {
    const { place, total } = showing;
    note.textContent = model.get("note");
    if (!order.length) { progress.textContent = `${total} of ${total}`; say(`${before}All done, thank you. Undo takes the last one back.`); return; }
    progress.textContent = `${place} of ${total}`;
    say(`${before}${ranking ? "Put the best answer on top." : "How good is this answer?"}`);
  }

  function show() {
    const had = root.matches(":focus-within");
    letGo();
    free();
    showing = model.get("showing");
    order = showing.answers.map((_, card) => card);
    tied = new Set();
    question.textContent = order.length ? showing.prompt : "";
    if (ranking) {
      if (showing.ranks?.length) {  // what was taken back lies as it was left
        order.sort((a, b) => showing.ranks[a] - showing.ranks[b]);
        order.forEach((card, place) => { if (place && showing.ranks[card] === showing.ranks[order[place - 1]]) tied.add(card); });
      }
      cards = showing.answers.map(rankCard);
      list.replaceChildren();
      layOut();
    } else {
      cards = order.length ? rateCard(showing.answers[0]) : [];
      list.replaceChildren(...cards);
    }
    for (const one of [save, skip]) one.disabled = !order.length;
    undo.disabled = !showing.undo;
    describe(showing.said ? `${showing.said} ` : "");
    if (had) (order.length ? list.firstElementChild : undo).focus();
  }

  root.addEventListener("keydown", (event) => {
    if (!isPlain(event) || event.shiftKey) return;
    const { key, target: at } = event, pressesButton = at.closest("button, summary") && (key === "Enter" || key === " ");
    const node = at.closest(".wb-card"), card = ranking && node ? cards.indexOf(node) : -1;
    if (pressesButton) return;
    if (key === "Escape" && drag) letGo();
    else if (key === "s" || key === "u") send(key === "s" ? "skip" : "undo");
    else if (ranking && key === "Enter") send("save");
    else if (!ranking && /^[1-9]$/.test(key) && key <= String(scale)) send("save", Number(key));
    else if (card >= 0 && (key === "ArrowUp" || key === "ArrowDown")) move(card, order.indexOf(card) + ARROWS[key][1]);
    else if (card >= 0 && (key === "Home" || key === "End")) move(card, key === "Home" ? 0 : order.length - 1);
    else if (card >= 0 && key === "t") tie(card);
    else return;
    event.preventDefault();
  });

  model.on("change:showing", show);
  model.on("change:message", refused);
  show();
  return () => { free(); model.off("change:showing", show); model.off("change:message", refused); part.close(); };
}
export default { render };
