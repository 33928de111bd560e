const main = document.getElementById("main");
const store = `hiervox-listening-${data.test}`;
const ab = data.kind === "ab";

function random(count) {
  const [drawn] = crypto.getRandomValues(new Uint32Array(1));
  return drawn % count;
}

function shuffled(values) {
  const found = [...values];
  for (let last = found.length - 1; last > 0; last -= 1) {
    const other = random(last + 1);
    [found[last], found[other]] = [found[other], found[last]];
  }
  return found;
}

/* What was answered survives a reload; where the browser refuses to store, it lives as long as the page. */
function load() {
  try {
    const found = JSON.parse(localStorage.getItem(store));
    if (found && found.order.length === data.trials.length) return found;
  } catch { /* nothing stored, or not allowed */ }
  const order = shuffled(data.trials.keys()).map((trial) => ({ trial, swapped: ab && random(2) === 1 }));
  return { listener: "", at: -1, order, answers: {} };
}
function save() {
  try { localStorage.setItem(store, JSON.stringify(state)); } catch { /* not allowed */ }
}
const state = load();

function welcome() {
  const name = element("input", { class: "field", id: "listener", value: state.listener, autocomplete: "off", maxlength: 60 });
  const start = () => {
    if (!name.value.trim()) return name.focus();
    state.listener = name.value.trim();
    state.at = Math.max(0, state.at);
    save();
    draw();
  };
  main.replaceChildren(
    element("h1", {}, data.title),
    element("p", { class: "lead" }, `${data.trials.length} questions. Use headphones in a quiet place, and set a comfortable level with the first recording.`),
    element("p", {}, data.question),
    element("label", { for: "listener" }, "Your name or number"), name,
    element("button", { class: "button main", type: "button", id: "start", onclick: start }, "Start"));
}

function player(label, sound, heard) {
  const audio = element("audio", { controls: true, preload: "auto", src: sound });
  playAlone(audio);
  audio.addEventListener("ended", heard, { once: true });
  return element("div", { class: "sound" }, element("strong", {}, label), audio);
}

function choices() {
  if (!ab) return data.ratings.map((text, index) => ({ value: index + 1, big: String(index + 1), small: text }));
  return [{ value: "A", big: "A", small: "" }, { value: "none", big: "=", small: "no preference" }, { value: "B", big: "B", small: "" }];
}

function draw() {
  if (state.at < 0) return welcome();
  if (state.at >= state.order.length) return finish();
  const { trial: index, swapped } = state.order[state.at];
  const trial = data.trials[index];
  const sounds = swapped ? [...trial.sounds].reverse() : trial.sounds;
  const labels = ab ? ["A", "B"] : ["Recording"];
  const waiting = new Set(sounds.keys());
  const next = element("button", { class: "button main", type: "button", id: "next", disabled: true, onclick: () => { state.at += 1; save(); draw(); } }, "Next");
  const buttons = choices().map((choice) => element("button", {
    class: "button", type: "button", disabled: true, "data-value": String(choice.value), "aria-pressed": "false",
    onclick: (event) => {
      buttons.forEach((button) => button.setAttribute("aria-pressed", String(button === event.currentTarget)));
      state.answers[trial.name] = { shown: choice.value, value: stored(choice.value, swapped), place: state.at + 1, swapped };
      save();
      next.disabled = false;
    },
  }, element("b", {}, choice.big), element("small", {}, choice.small)));
  const heard = (which) => () => {
    waiting.delete(which);
    if (!waiting.size) { buttons.forEach((button) => (button.disabled = false)); hint.textContent = ""; }
  };
  const hint = element("p", { class: "note" }, ab ? "Listen to both to the end to answer." : "Listen to the end to answer.");
  const bar = element("div");
  bar.style.width = `${(100 * state.at) / state.order.length}%`;
  main.replaceChildren(
    element("div", { class: "progress" }, bar),
    element("article", { class: "panel trial", "data-trial": trial.name },
      element("h2", {}, data.question),
      element("p", { class: "spoken" }, trial.text),
      trial.reference ? player("Reference", trial.reference, () => {}) : null,
      ...sounds.map((sound, which) => player(labels[which], sound, heard(which))),
      element("div", { class: ab ? "scale three" : "scale", role: "group", "aria-label": data.question }, ...buttons), hint,
      element("div", { class: "foot" }, element("span", { class: "count" }, `${state.at + 1} of ${state.order.length}`), element("span", { class: "grow" }), next)));
  const before = state.answers[trial.name];
  if (before) {
    sounds.forEach((_, which) => heard(which)());
    buttons.find((button) => button.dataset.value === String(before.shown)).click();
  }
}

/* In the file, the first system is the first of the key's pair, whatever side it was heard on. */
function stored(value, swapped) {
  if (!ab || value === "none") return value;
  return (value === "A") !== swapped ? "first" : "second";
}

function finish() {
  const answers = Object.entries(state.answers).map(([trial, { value, place, swapped }]) => ({ trial, value, place, swapped }));
  const file = new Blob([JSON.stringify({ test: data.test, kind: data.kind, listener: state.listener, answers }, null, 2)], { type: "application/json" });
  const name = `answers-${state.listener.replace(/[^\p{L}\p{N}]+/gu, "-")}.json`;
  main.replaceChildren(
    element("h1", {}, "Thank you"),
    element("p", { class: "lead" }, `${answers.length} of ${data.trials.length} answers. Save them and send the file to who asked you.`),
    element("a", { class: "button main", id: "save", href: URL.createObjectURL(file), download: name, style: "display:inline-block;text-decoration:none" }, "Save answers"),
    element("p", { class: "note" }, element("button", { class: "link", type: "button", onclick: () => { state.at = 0; save(); draw(); } }, "Go through them again")));
}

draw();
