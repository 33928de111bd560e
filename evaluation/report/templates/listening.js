const main = document.getElementById("main");
const store = `hiervox-listening-${data.test}`;
const ab = data.kind === "ab";
const mushra = data.kind === "mushra";
const HEARD = 0.95; /* of a recording's length that has to be played */

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

/* What was answered survives a reload, for each listener; where the browser refuses to store, it lives as long as the page. */
function fresh(listener) {
  const order = shuffled(data.trials.keys()).map((trial) => {
    const places = [...data.trials[trial].sounds.keys()];
    return { trial, places: ab || mushra ? shuffled(places) : places };
  });
  return { listener, at: 0, order, answers: {} };
}
function load() {
  try {
    const found = JSON.parse(localStorage.getItem(store));
    if (found?.listeners && Object.values(found.listeners).every((one) => one.order.length === data.trials.length)) return found;
  } catch { /* nothing stored, or not allowed */ }
  return { current: null, listeners: {} };
}
function save() {
  try { localStorage.setItem(store, JSON.stringify(all)); } catch { /* not allowed */ }
}
const all = load();
let state = all.listeners[all.current] ?? null;

function welcome() {
  const name = element("input", { class: "field", id: "listener", autocomplete: "off", maxlength: 60 });
  const start = () => {
    const listener = name.value.trim();
    if (!listener) return name.focus();
    all.current = listener;
    all.listeners[listener] = Object.hasOwn(all.listeners, listener) ? all.listeners[listener] : fresh(listener);
    state = all.listeners[listener];
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

function another() {
  all.current = null;
  state = null;
  save();
  draw();
}

/* Seconds of a recording that were played, whatever was skipped. */
function played(audio) {
  let sum = 0;
  for (let index = 0; index < audio.played.length; index += 1) sum += audio.played.end(index) - audio.played.start(index);
  return sum;
}

function player(label, sound, heard) {
  const audio = element("audio", { controls: true, preload: "auto", src: sound });
  playAlone(audio);
  let done = false;
  const check = () => {
    if (done || !(played(audio) >= HEARD * audio.duration)) return;
    done = true;
    heard();
  };
  ["timeupdate", "pause", "ended"].forEach((event) => audio.addEventListener(event, check));
  audio.addEventListener("ratechange", () => { if (audio.playbackRate !== 1) audio.playbackRate = 1; });
  return element("div", { class: "sound" }, element("strong", {}, label), audio);
}

function choices() {
  if (!ab) return data.ratings.map((text, index) => ({ value: index + 1, big: String(index + 1), small: text }));
  return [{ value: "A", big: "A", small: "" }, { value: "none", big: "=", small: "no preference" }, { value: "B", big: "B", small: "" }];
}

/* Buttons of a rating or preference; `answered` is called with what is shown and what is stored. */
function scale(before, swapped, answered) {
  const buttons = choices().map((choice) => element("button", {
    class: "button", type: "button", disabled: true, "data-value": String(choice.value), "aria-pressed": "false",
    onclick: (event) => {
      buttons.forEach((button) => button.setAttribute("aria-pressed", String(button === event.currentTarget)));
      answered(choice.value, stored(choice.value, swapped));
    },
  }, element("b", {}, choice.big), element("small", {}, choice.small)));
  return {
    view: element("div", { class: ab ? "scale three" : "scale", role: "group", "aria-label": data.question }, ...buttons),
    enable: () => buttons.forEach((button) => (button.disabled = false)),
    recall: () => buttons.find((button) => button.dataset.value === String(before)).click(),
  };
}

/* Sliders of 0 to 100, one a recording, in the order that they are heard in; stored in that of the key. */
function sliders(labels, before, places, answered) {
  const moved = new Set();
  const inputs = labels.map((label, at) => {
    const value = element("output", {}, "–");
    const input = element("input", {
      type: "range", min: 0, max: 100, step: 1, disabled: true, "aria-label": label,
      oninput: () => {
        moved.add(at);
        value.textContent = input.value;
        if (moved.size < labels.length) return;
        const shown = inputs.map((one) => Number(one.input.value));
        const kept = [];
        places.forEach((place, index) => (kept[place] = shown[index]));
        answered(shown, kept);
      },
    });
    input.value = 50;
    return { input, row: element("label", { class: "slider" }, element("strong", {}, label), input, value) };
  });
  const bands = element("div", { class: "bands", "aria-hidden": "true" }, ...data.ratings.map((text) => element("span", {}, text)));
  return {
    view: element("div", { class: "sliders" }, bands, ...inputs.map((one) => one.row)),
    enable: () => inputs.forEach((one) => (one.input.disabled = false)),
    recall: () => inputs.forEach((one, at) => { one.input.value = before[at]; one.input.dispatchEvent(new Event("input")); }),
  };
}

function draw() {
  if (!state) return welcome();
  if (state.at >= state.order.length) return finish();
  const { trial: index, places } = state.order[state.at];
  const trial = data.trials[index];
  const swapped = ab && places[0] !== 0;
  const sounds = places.map((place) => trial.sounds[place]);
  const letters = sounds.map((_, at) => String.fromCharCode(65 + at));
  const labels = ab || mushra ? letters : ["Recording"];
  const waiting = new Set([...sounds.keys(), ...(trial.reference ? ["reference"] : [])]);
  const before = state.answers[trial.name];
  const next = element("button", { class: "button main", type: "button", id: "next", disabled: true, onclick: () => { state.at += 1; save(); draw(); } }, "Next");
  const answered = (shown, value) => {
    state.answers[trial.name] = { shown, value, place: state.at + 1, swapped };
    save();
    next.disabled = false;
  };
  const asked = mushra ? sliders(labels, before?.shown, places, answered) : scale(before?.shown, swapped, answered);
  const heard = (which) => () => {
    waiting.delete(which);
    if (!waiting.size) { asked.enable(); hint.textContent = mushra ? "Move every slider to go on." : ""; }
  };
  const hint = element("p", { class: "note" }, waiting.size > 1 ? "Listen to all of them to the end to answer." : "Listen to the end to answer.");
  const bar = element("div");
  bar.style.width = `${(100 * state.at) / state.order.length}%`;
  main.replaceChildren(
    element("div", { class: "progress" }, bar),
    element("article", { class: "panel trial", "data-trial": trial.name },
      element("h2", {}, data.question),
      element("p", { class: "spoken" }, trial.text),
      trial.reference ? player("Reference", trial.reference, heard("reference")) : null,
      ...sounds.map((sound, which) => player(labels[which], sound, heard(which))),
      asked.view, hint,
      element("div", { class: "foot" }, element("span", { class: "count" }, `${state.at + 1} of ${state.order.length}`), element("span", { class: "grow" }), next)),
    element("p", { class: "note" }, `${state.listener} · `, element("button", { class: "link", type: "button", id: "another", onclick: another }, "another listener")));
  if (before) {
    [...waiting].forEach((which) => heard(which)());
    asked.recall();
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
    element("p", { class: "lead" }, `${answers.length} of ${data.trials.length} answers of ${state.listener}. Save them and send the file to who asked you.`),
    element("a", { class: "button main", id: "save", href: URL.createObjectURL(file), download: name, style: "display:inline-block;text-decoration:none" }, "Save answers"),
    element("p", { class: "note" }, element("button", { class: "link", type: "button", onclick: () => { state.at = 0; save(); draw(); } }, "Go through them again"),
      " · ", element("button", { class: "link", type: "button", id: "another", onclick: another }, "Another listener")));
}

draw();
