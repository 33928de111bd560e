const byId = (id) => document.getElementById(id);
const figures = Object.fromEntries(data.figures.map((figure) => [figure.name, figure]));
const systems = data.systems.map((system) => system.name);
const truth = "ground_truth";
const palette = ["#7d8493", "#2f6fde", "#d9772b", "#2f9e6b", "#9a57c9", "#c9405b", "#1f9fb0", "#8a7a24", "#d15aa6", "#5b6ee1"];
const colour = (system) => palette[systems.indexOf(system) % palette.length];
const state = { hidden: new Set(), first: {}, sort: { key: null, direction: 1 }, shown: 8, open: null };
const PAGE = 8;

function show(value, figure) {
  if (value === null || value === undefined) return "n/a";
  if (figure.percent) return (100 * value).toFixed(1);
  return Math.abs(value) < 100 ? value.toFixed(3) : value.toFixed(1);
}
const unit = (figure) => (figure.unit ? ` ${figure.unit}` : "");
const arrow = (figure) => ({ higher: " ↑", lower: " ↓", neither: "" })[figure.better];
const label = (figure) => `${figure.title}${figure.unit ? ` (${figure.unit})` : ""}${arrow(figure)}`;
const dot = (system) => element("span", { class: "dot", style: `background:${colour(system)}` });
const visible = () => data.figures.filter((figure) => !state.hidden.has(figure.name));

/* ---- systems ---- */
function drawLead() {
  const counts = [
    [systems.length, "system"], [data.sentences.length, "sentence"],
    [data.sentences.reduce((sum, sentence) => sum + Object.keys(sentence.recordings).length, 0), "recording"],
    [data.metrics.length, "metric"],
  ];
  byId("lead").textContent = counts.map(([count, noun]) => `${count} ${noun}${count === 1 ? "" : "s"}`).join(" · ");
  byId("summary-note").textContent =
    `Bars are ${Math.round(100 * data.confidence)} % bootstrap intervals (BCa) over ${data.units} ` +
    `(${data.resamples} resamples), one scale a column. ${data.warnings.map((warning) => `${warning} `).join("")} n: where a figure could not be measured for every ` +
    "utterance. Figures of a set have no interval. The best systems of a column are green, *: differs from them " +
    `(p < ${(1 - data.confidence).toFixed(2)} after Holm's correction); ground truth is not ranked.`;
}

/* A chip goes from its first figure to all of them, to none, and back again. */
function drawChips() {
  const focused = document.activeElement?.dataset?.metric;
  byId("chips").replaceChildren(...data.metrics.map((metric) => {
    const shown = metric.figures.filter((name) => !state.hidden.has(name));
    const pressed = shown.length === 0 ? "false" : shown.length < metric.figures.length ? "mixed" : "true";
    return element("button", {
      class: "chip", type: "button", "aria-pressed": pressed, "data-metric": metric.name,
      title: `${metric.measures} (${shown.length} of ${metric.figures.length} figures shown)`,
      onclick: () => {
        const next = pressed === "mixed" ? metric.figures : pressed === "true" ? [] : state.first[metric.name];
        metric.figures.forEach((name) => (next.includes(name) ? state.hidden.delete(name) : state.hidden.add(name)));
        keepHidden();
        drawAll();
      },
    }, metric.name, pressed === "mixed" ? element("small", {}, ` ${shown.length}/${metric.figures.length}`) : null);
  }));
  [...byId("chips").children].find((chip) => chip.dataset.metric === focused)?.focus();
}

/* What is hidden survives a reload, where the browser stores it. */
const hiddenStore = `hiervox-report-${data.list}-${data.figures.map((figure) => figure.name).join(",")}`;
function keepHidden() {
  try { localStorage.setItem(hiddenStore, JSON.stringify([...state.hidden])); } catch { /* not allowed */ }
}
function recallHidden() {
  try { state.hidden = new Set(JSON.parse(localStorage.getItem(hiddenStore)) ?? state.hidden); } catch { /* not allowed */ }
}

function sortButton(text, sub, key, direction) {
  const active = state.sort.key === key;
  const ascending = state.sort.direction === 1;
  const button = element("button", {
    type: "button",
    onclick: () => {
      state.sort = { key, direction: active ? -state.sort.direction : direction };
      drawSummary();
    },
  }, element("span", {}, text, sub ? element("span", { class: "unit" }, sub) : null),
  element("span", { class: "sign" }, active ? (ascending ? "▲" : "▼") : "↕"));
  return element("th", { class: key === "system" ? "first" : "number", scope: "col", "data-key": key,
    "aria-sort": active ? (ascending ? "ascending" : "descending") : null }, button);
}

function sortedSystems() {
  const { key, direction } = state.sort;
  if (key === null) return data.systems;
  const value = (system) => {
    if (key === "system") return system.name;
    if (key === "utterances") return system.count;
    return data.summary[system.name][key]?.value ?? null;
  };
  return [...data.systems].sort((first, second) => {
    const [a, b] = [value(first), value(second)];
    if (a === null || b === null) return (a === null) - (b === null);
    return direction * (a < b ? -1 : a > b ? 1 : 0);
  });
}

function range(figure) {
  const found = systems.map((system) => data.summary[system][figure.name]).filter(Boolean);
  const low = Math.min(...found.map((one) => one.low ?? one.value));
  const high = Math.max(...found.map((one) => one.high ?? one.value));
  return [low, high];
}

/* The systems with the best value as it is shown; none where all are alike. */
function best(figure) {
  if (figure.better === "neither") return [];
  const ranked = systems.filter((system) => system !== truth && data.summary[system][figure.name]);
  const value = (system) => data.summary[system][figure.name].value;
  const most = Math[figure.better === "higher" ? "max" : "min"](...ranked.map(value));
  const first = ranked.filter((system) => show(value(system), figure) === show(most, figure));
  return first.length < ranked.length ? first : [];
}

/* Whether a system differs from all of the best ones, after correction. */
function differs(system, figure, winners) {
  const pairs = data.comparisons[figure.name] ?? [];
  return winners.length > 0 && !winners.includes(system) && winners.every((winner) => pairs.some((pair) =>
    pair.p_holm < 1 - data.confidence && [pair.first, pair.second].includes(system) && [pair.first, pair.second].includes(winner)));
}

function track(estimate, [low, high], tint) {
  const place = (value) => (high > low ? 3 + (98 * (value - low)) / (high - low) : 52);
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("class", "track");
  svg.setAttribute("viewBox", "0 0 104 9");
  svg.setAttribute("aria-hidden", "true");
  const shape = (tag, attributes) => {
    const made = document.createElementNS(space, tag);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    svg.append(made);
  };
  shape("line", { x1: 1, x2: 103, y1: 4.5, y2: 4.5, stroke: "var(--line)", "stroke-width": 1 });
  if (estimate.low !== null) {
    const [left, right] = [place(estimate.low), place(estimate.high)];
    shape("rect", { x: left, y: 2.5, width: Math.max(1, right - left), height: 4, rx: 2, fill: tint, opacity: 0.35 });
  }
  shape("circle", { cx: place(estimate.value), cy: 4.5, r: 3, fill: tint });
  return svg;
}

function summaryCell(system, figure, winners) {
  const estimate = data.summary[system.name][figure.name];
  if (!estimate) return element("td", { class: "number count" }, "n/a");
  const interval = estimate.low === null ? "" : `${show(estimate.low, figure)} – ${show(estimate.high, figure)}`;
  const missing = estimate.count === system.count ? "" : `${interval ? " · " : ""}n=${estimate.count}`;
  return element("td", { class: `number${winners.includes(system.name) ? " best" : ""}` },
    element("span", { class: "value" }, show(estimate.value, figure),
      differs(system.name, figure, winners) && system.name !== truth ? element("sup", { title: "differs from the best system" }, "*") : null),
    track(estimate, range(figure), colour(system.name)),
    element("span", { class: "interval" }, interval + missing));
}

function drawSummary() {
  const shown = visible();
  const header = [
    sortButton("system", "", "system", 1), sortButton("n", "", "utterances", -1),
    ...shown.map((figure) => sortButton(`${figure.title}${arrow(figure)}`, unit(figure), figure.name,
      figure.better === "higher" ? -1 : 1)),
  ];
  byId("summary").tHead.replaceChildren(element("tr", {}, ...header));
  const winners = Object.fromEntries(shown.map((figure) => [figure.name, best(figure)]));
  byId("summary").tBodies[0].replaceChildren(...sortedSystems().map((system) =>
    element("tr", { class: system.name === truth ? "truth" : null, "data-system": system.name },
      element("th", { class: "first name", scope: "row" }, dot(system.name), system.name),
      element("td", { class: "number count" }, String(system.count)),
      ...shown.map((figure) => summaryCell(system, figure, winners[figure.name])))));
}

/* ---- the table elsewhere ---- */
const spreadsheetCell = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const csvCell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const latexMarks = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "↑": "$\\uparrow$", "↓": "$\\downarrow$" };
const latexCell = (text) => text.replace(/[\\~^↑↓&%$#_{}]/g, (mark) => latexMarks[mark] ?? `\\${mark}`);

/* Values as they are, with the ends of their intervals; a row a system, as the table is sorted. */
function asCsv() {
  const shown = visible();
  const rows = [["system", "utterances", ...shown.flatMap(({ name }) => [name, `${name}_low`, `${name}_high`, `${name}_count`])]];
  for (const system of sortedSystems()) {
    const found = shown.map((figure) => data.summary[system.name][figure.name]);
    rows.push([spreadsheetCell(system.name), system.count, ...found.flatMap((one) => [one?.value, one?.low, one?.high, one?.count])]);
  }
  return rows.map((row) => row.map((value) => csvCell(String(value ?? ""))).join(",") + "\n").join("");
}

/* A table of booktabs, values as they are shown. */
function asLatex() {
  const shown = visible();
  const line = (cells) => `${cells.join(" & ")} \\\\`;
  const rows = sortedSystems().map((system) => line([latexCell(system.name), ...shown.map((figure) => {
    const estimate = data.summary[system.name][figure.name];
    if (!estimate) return "--";
    const winners = best(figure);
    const value = show(estimate.value, figure);
    const marked = winners.includes(system.name) ? `\\textbf{${value}}`
      : `${value}${system.name !== truth && differs(system.name, figure, winners) ? "$^{*}$" : ""}`;
    return estimate.low === null ? marked : `${marked} [${show(estimate.low, figure)}, ${show(estimate.high, figure)}]`;
  })]));
  return [`% brackets: ${Math.round(100 * data.confidence)} % intervals; bold: best; *: differs from the best`,
    `\\begin{tabular}{l${"r".repeat(shown.length)}}`, "\\toprule",
    line(["system", ...shown.map((figure) => latexCell(label(figure)))]), "\\midrule", ...rows,
    "\\bottomrule", "\\end{tabular}", ""].join("\n");
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { /* not allowed here: by a selection */
    const area = element("textarea", {});
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const said = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = said; }, 1200);
}

function download(text, name, type) {
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/* ---- differences ---- */
function option(value, text) {
  return element("option", { value }, text);
}

function drawPairs() {
  const name = byId("difference-figure").value;
  const pairs = data.comparisons[name] ?? [];
  const figure = figures[name];
  byId("pairs").tHead.replaceChildren(element("tr", {},
    ...["system", "other system", "difference", "p", "p (Holm)", "pairs"].map((text) =>
      element("th", { scope: "col" }, text))));
  const rows = pairs.map((pair) => {
    const differs = pair.p_holm < 1 - data.confidence;
    return element("tr", {},
      element("td", { class: "name" }, dot(pair.first), pair.first),
      element("td", { class: "name" }, dot(pair.second), pair.second),
      element("td", { class: "number" }, `${pair.difference > 0 ? "+" : ""}${show(pair.difference, figure)}${unit(figure)}`),
      element("td", { class: "number" }, pair.p.toFixed(4)),
      element("td", { class: differs ? "number value" : "number count" }, `${pair.p_holm.toFixed(4)}${differs ? "  ✓" : ""}`),
      element("td", { class: "number count" }, String(pair.count)));
  });
  byId("pairs").tBodies[0].replaceChildren(...(rows.length ? rows
    : [element("tr", {}, element("td", { class: "empty", colspan: 6 }, "No two systems share two sentences with this figure."))]));
  byId("pairs-note").textContent = `Paired two-sided permutation test (${data.permutations} permutations), ` +
    "corrected by Holm's method over the pairs of one figure; pairs with ground truth are corrected among themselves. " +
    "✓: differs after correction." + (pairs.length && pairs.every((pair) => pair.least >= 1 - data.confidence)
      ? ` So few speakers or utterances can show no difference, however large it is: the least p is ${Math.min(...pairs.map((pair) => pair.least)).toFixed(2)}.` : "");
}

/* ---- worst ---- */
function valuesOf(figure, system) {
  const found = [];
  for (const sentence of data.sentences) {
    for (const [name, recording] of Object.entries(sentence.recordings)) {
      const value = recording.scores[figure.column];
      if (typeof value === "number" && (!system || system === name)) found.push({ sentence, system: name, value });
    }
  }
  return found;
}
const worseFirst = (figure) => (first, second) =>
  (figure.better === "higher" ? 1 : -1) * (first.value - second.value);

function drawWorst() {
  const figure = figures[byId("worst-figure").value];
  const table = byId("worst-table");
  table.tHead.replaceChildren(element("tr", {}, ...["", "system", figure ? label(figure) : "", "sentence", ""].map((text) =>
    element("th", { scope: "col" }, text))));
  const chosen = byId("worst-system").value;
  const found = figure ? valuesOf(figure, chosen === "*" ? null : chosen).filter((one) => chosen !== "*" || one.system !== truth || systems.length === 1) : [];
  const worst = found.sort(worseFirst(figure)).slice(0, data.worst);
  const rows = worst.map((one, index) => element("tr", {},
    element("td", { class: "count" }, String(index + 1)),
    element("td", { class: "name" }, dot(one.system), one.system),
    element("td", { class: "number value" }, show(one.value, figure)),
    element("td", {}, element("div", { class: "wrap" }, one.sentence.text || one.sentence.id),
      element("code", { class: "count" }, one.sentence.text ? one.sentence.id : "")),
    element("td", {}, element("button", { class: "link", type: "button", onclick: () => open(one.sentence, one.system) }, "listen"))));
  table.tBodies[0].replaceChildren(...(rows.length ? rows
    : [element("tr", {}, element("td", { class: "empty", colspan: 5 }, "No values."))]));
}

/* ---- recordings ---- */
async function picture(uri) {
  const image = new Image();
  image.src = uri;
  await image.decode();
  return image;
}

const margin = { left: 44, right: 36, top: 6, bottom: 26 };
const F0_COLOUR = "#5df2d6";

function step(length, most) {
  const rough = length / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
}

/* One scale for all recordings of a sentence, so that what stands side by side can be compared. */
function highestF0(sentence) {
  const all = Object.values(sentence.recordings).flatMap((recording) => recording.f0 ?? []);
  return Math.max(300, 100 * Math.ceil(Math.max(1, ...all) / 100));
}

async function plot(canvas, recording, top) {
  const style = getComputedStyle(document.documentElement);
  const [ink, muted] = ["--ink", "--muted"].map((name) => style.getPropertyValue(name));
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  [canvas.width, canvas.height] = [width * scale, height * scale];
  const spectrogram = await picture(recording.picture);
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const box = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const x = (seconds) => margin.left + (box.width * seconds) / recording.seconds;
  const y = (hertz, top) => margin.top + box.height * (1 - hertz / top);
  context.drawImage(spectrogram, margin.left, margin.top, box.width, box.height);
  context.strokeStyle = F0_COLOUR;
  context.lineWidth = 1.8;
  context.lineJoin = "round";
  context.beginPath();
  recording.f0.forEach((hertz, index) => {
    if (hertz > 0) {
      const joined = index > 0 && recording.f0[index - 1] > 0;
      context[joined ? "lineTo" : "moveTo"](x(index * recording.f0Hop), y(hertz, top));
    }
  });
  context.stroke();
  context.font = "10.5px system-ui, sans-serif";
  context.fillStyle = muted;
  context.textBaseline = "middle";
  context.textAlign = "right";
  const hertzStep = step(recording.topHz, 5);
  for (let hertz = 0; hertz <= recording.topHz; hertz += hertzStep) context.fillText(String(hertz), margin.left - 6, y(hertz, recording.topHz));
  context.textAlign = "left";
  const f0Step = step(top, 4);
  for (let hertz = f0Step; hertz <= top; hertz += f0Step) context.fillText(String(hertz), width - margin.right + 6, y(hertz, top));
  context.textAlign = "center";
  context.textBaseline = "top";
  const secondStep = step(recording.seconds, Math.max(3, Math.floor(box.width / 60)));
  for (let seconds = 0; seconds <= recording.seconds + 1e-9; seconds += secondStep) {
    context.fillText(String(+seconds.toFixed(3)), x(seconds), height - margin.bottom + 5);
  }
  context.fillStyle = ink;
  context.textAlign = "left";
  context.fillText("Hz", 4, height - margin.bottom + 5);
  context.textAlign = "right";
  context.fillText("s · F0 Hz", width - 2, height - margin.bottom + 5);
}

function follow(audio, line, recording) {
  const draw = () => {
    const share = audio.currentTime / recording.seconds;
    line.style.left = `calc(${margin.left}px + (100% - ${margin.left + margin.right}px) * ${Math.min(1, share)})`;
    if (!audio.paused) requestAnimationFrame(draw);
  };
  playAlone(audio);
  audio.addEventListener("play", () => {
    line.style.display = "block";
    draw();
  });
  audio.addEventListener("seeked", draw);
  audio.addEventListener("ended", () => (line.style.display = "none"));
}

const observer = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    observer.unobserve(entry.target);
    entry.target.draw();
  }
}, { rootMargin: "400px" });

function scoreList(recording) {
  const found = [];
  for (const figure of visible()) {
    const value = recording.scores[figure.column];
    if (typeof value !== "number" || found.some((one) => one.column === figure.column)) continue;
    found.push({ column: figure.column, item: element("div", {},
      element("dt", {}, figure.title.replace(/ \((corpus|mean)\)$/, "")),
      element("dd", {}, `${show(value, figure)}${figure.unit && figure.unit !== "%" ? unit(figure) : figure.unit}`)) });
  }
  return element("dl", { class: "scores" }, ...found.map((one) => one.item));
}

function length(recording) {
  const [shown, whole] = [recording.seconds.toFixed(2), recording.wholeSeconds.toFixed(2)];
  return shown === whole ? `${whole} s` : `the first ${shown} of ${whole} s`;
}

function recordingView(system, recording, top) {
  if (!recording.picture) {
    return element("div", { class: "recording", "data-system": system }, element("h3", {}, dot(system), system),
      element("p", { class: "note" }, "The page holds the scores of this recording alone."), scoreList(recording));
  }
  const canvas = element("canvas", { role: "img", "aria-label": `Spectrogram and F0 of ${system}` });
  const line = element("div", { class: "head-line" });
  const audio = recording.sound ? element("audio", { controls: true, preload: "metadata" }) : null;
  const view = element("div", { class: "recording", "data-system": system },
    element("h3", {}, dot(system), system, element("span", { class: "count" }, `${length(recording)} · ${recording.rate} Hz`)),
    element("div", { class: "plot" }, canvas, line), audio, scoreList(recording),
    recording.scores.heard ? element("p", { class: "heard" }, `heard: ${recording.scores.heard}`) : null);
  view.draw = () => {
    if (audio && !audio.src) audio.src = recording.sound;
    return plot(canvas, recording, top);
  };
  if (audio) follow(audio, line, recording);
  observer.observe(view);
  return view;
}

function card(sentence) {
  const present = systems.filter((system) => sentence.recordings[system]);
  const top = highestF0(sentence);
  return element("article", { class: "panel card", "data-id": sentence.id },
    element("header", {}, element("span", { class: "id" }, sentence.id), element("span", {}, sentence.text)),
    element("div", { class: "grid" }, ...present.map((system) => recordingView(system, sentence.recordings[system], top))));
}

/* Without accents, case and the shape of quotation marks. */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").replace(/[\u2018\u2019]/g, "'").replace(/[\u201c\u201d]/g, '"').toLowerCase();
}

/* All that a sentence is found by: its name, its text, its systems and what was heard of them. */
const texts = new Map();
function searched(sentence) {
  if (!texts.has(sentence)) {
    const recordings = Object.entries(sentence.recordings).map(([system, recording]) => `${system} ${recording.scores.heard ?? ""}`);
    texts.set(sentence, plain([sentence.id, sentence.text, ...recordings].join(" ")));
  }
  return texts.get(sentence);
}

function orderedSentences() {
  const words = plain(byId("filter").value).split(/\s+/).filter(Boolean);
  const found = data.sentences.filter((sentence) => words.every((word) => searched(sentence).includes(word)));
  const [name, system] = byId("order").value.split("\u0000");
  if (!name) return found;
  const figure = figures[name];
  const value = (sentence) => sentence.recordings[system]?.scores[figure.column];
  return found.map((sentence) => ({ sentence, value: value(sentence) }))
    .sort((first, second) => (typeof first.value !== "number") - (typeof second.value !== "number") || worseFirst(figure)(first, second))
    .map((one) => one.sentence);
}

function drawCards() {
  let found = orderedSentences();
  if (state.open) found = [state.open, ...found.filter((sentence) => sentence !== state.open)];
  byId("cards").replaceChildren(...(found.length ? found.slice(0, state.shown).map(card)
    : [element("p", { class: "panel empty" }, "No sentence holds all of these words.")]));
  byId("more").hidden = found.length <= state.shown;
  byId("shown-count").textContent = `${Math.min(state.shown, found.length)} of ${found.length} sentences`;
}

/* Pictures are drawn when they come into view; a print has them all. */
async function printAll() {
  const before = state.shown;
  state.shown = data.sentences.length;
  drawCards();
  byId("print").disabled = true;
  await Promise.all([...document.querySelectorAll(".recording")].map((view) => view.draw?.()));
  byId("print").disabled = false;
  window.print();
  state.shown = before;
  drawCards();
}

function open(sentence, system) {
  state.open = sentence;
  byId("filter").value = "";
  drawCards();
  const shown = byId("cards").firstElementChild;
  shown.scrollIntoView();
  shown.querySelector(`[data-system="${CSS.escape(system)}"]`).draw?.();
  shown.querySelector(`[data-system="${CSS.escape(system)}"] audio`)?.play();
}

/* ---- metrics and versions ---- */
function plainTable(header, rows) {
  return element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {}, ...header.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell)))))));
}

function drawAbout() {
  const code = (text) => element("code", {}, text);
  const parts = [
    ["Metrics", plainTable(["name", "measures", "source"], data.metrics.map((metric) => [code(metric.name), metric.measures, metric.paper]))],
    ["Left out", Object.keys(data.leftOut).length
      ? plainTable(["name", "reason"], Object.entries(data.leftOut).map(([name, reason]) => [code(name), reason])) : null],
    ["Settings", plainTable(["setting", "value"], Object.entries(data.settings))],
    ["Networks", Object.keys(data.models).length
      ? plainTable(["network", "SHA-256 of its weights"], Object.entries(data.models).map(([name, sum]) => [name, code(sum)])) : null],
    ["Versions", element("p", {}, Object.entries(data.versions).map(([name, number]) => `${name} ${number}`).join(" · "))],
    ["List of sentences", element("p", {}, "SHA-256 ", code(data.list))],
  ];
  byId("about").firstElementChild.replaceChildren(...parts.filter(([, content]) => content).flatMap(([title, content]) =>
    [element("h2", {}, title), content]));
}

function drawAll() {
  drawChips();
  drawSummary();
  drawCards();
}

function fillSelects() {
  const withColumn = data.figures.filter((figure) => figure.column && figure.better !== "neither");
  const unique = withColumn.filter((figure, index) => withColumn.findIndex((other) => other.column === figure.column) === index);
  byId("difference-figure").append(...Object.keys(data.comparisons)
    .map((name) => option(name, label(figures[name]))));
  byId("worst-figure").append(...unique.map((figure) => option(figure.name, label(figure))));
  byId("worst-system").append(option("*", systems.length > 1 && systems.includes(truth) ? "all but ground truth" : "all systems"),
    ...systems.map((system) => option(system, system)));
  byId("order").append(option("", "in the table's order"), ...unique.flatMap((figure) =>
    systems.map((system) => option(`${figure.name}\u0000${system}`, `worst ${figure.title} of ${system}`))));
}

function hideMany() {
  const most = 10;
  const valued = (name) => systems.some((system) => data.summary[system][name]);
  for (const { name, figures: names } of data.metrics) {
    const first = names.filter(valued).slice(0, 1);
    state.first[name] = data.figures.length > most && first.length ? first : names;
  }
  if (data.figures.length <= most) return;
  const kept = new Set(Object.values(state.first).flat().filter(valued));
  data.figures.forEach((figure) => kept.has(figure.name) || state.hidden.add(figure.name));
}

byId("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  drawCards();
});
byId("copy-csv").addEventListener("click", (event) => copy(asCsv(), event.currentTarget));
byId("copy-latex").addEventListener("click", (event) => copy(asLatex(), event.currentTarget));
byId("save-csv").addEventListener("click", () => download(asCsv(), "systems.csv", "text/csv"));
byId("save-latex").addEventListener("click", () => download(asLatex(), "systems.tex", "application/x-tex"));
byId("print").addEventListener("click", printAll);
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "p") {
    event.preventDefault();
    printAll();
  }
});
byId("difference-figure").addEventListener("change", drawPairs);
byId("worst-figure").addEventListener("change", drawWorst);
byId("worst-system").addEventListener("change", drawWorst);
byId("order").addEventListener("change", drawCards);
byId("filter").addEventListener("input", () => { state.open = null; state.shown = PAGE; drawCards(); });
byId("more").addEventListener("click", () => { state.shown += PAGE; drawCards(); });
hideMany();
recallHidden();
fillSelects();
drawLead();
drawPairs();
drawWorst();
drawAbout();
drawAll();
