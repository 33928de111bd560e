document.getElementById("title").textContent = data.title;
document.getElementById("facts").textContent = Object.entries(data.facts).map(([key, value]) => `${key}: ${value}`).join(" · ");

/* A place for the picture, the sound and the figures of one condition; `show` puts a step's there. */
function place(label) {
  const pictures = element("div");
  const audio = element("audio", { controls: true, preload: "metadata" });
  const figures = element("dl", { class: "scores" });
  const none = element("p", { class: "note" });
  playAlone(audio);
  const root = element("div", { class: "recording" }, label ? element("h3", {}, label) : null, pictures, audio, figures, none);
  function show(made, name) {
    const shown = (made && made.pictures) || [];
    while (pictures.childElementCount > shown.length) pictures.lastChild.remove();
    while (pictures.childElementCount < shown.length) pictures.append(element("img", { class: "picture" }));
    shown.forEach((uri, index) => {
      pictures.children[index].src = uri;
      pictures.children[index].alt = `${index ? "spectrogram of " : ""}${name}${label ? `, ${label}` : ""}`;
    });
    audio.hidden = !(made && made.sound);
    const was = { playing: !audio.paused, time: audio.currentTime };
    if (audio.hidden) audio.removeAttribute("src");
    else if (audio.getAttribute("src") !== made.sound) {
      audio.src = made.sound;
      if (was.playing) {
        audio.currentTime = was.time;
        audio.play().catch(() => {});
      }
    }
    none.textContent = shown.length || (made && made.sound) ? "" : "Nothing to show at this step.";
    figures.replaceChildren(...Object.entries((made && made.figures) || {}).map(([key, value]) =>
      element("div", {}, element("dt", {}, key), element("dd", {}, value))));
  }
  return { root, show };
}

function stage(section, number) {
  const id = `stage-${number}`;
  document.getElementById("sections").append(element("a", { href: `#${id}` }, section.name));
  const several = data.conditions.length > 1;
  const places = data.conditions.map((label) => place(several ? label : ""));
  const difference = place("difference: second minus first");
  const name = element("output", { for: `${id}-step` });
  const count = section.steps.length;
  const slider = element("input", {
    type: "range", id: `${id}-step`, min: 0, max: count - 1, value: count - 1, "aria-label": `${section.name}: step`,
    oninput: () => show(Number(slider.value)),
  });
  function show(step) {
    const { label, made, difference: apart } = section.steps[step];
    name.textContent = label;
    slider.setAttribute("aria-valuetext", label);
    places.forEach((one, index) => one.show(made[index], `${section.name}, ${label}`));
    difference.root.hidden = !apart;
    difference.show({ pictures: apart ? [apart] : [] }, `${section.name}, ${label}`);
  }
  const isText = section.steps.every(({ made }) => made.every((one) => !one || (!one.pictures.length && !one.sound)));
  const root = element("section", { id }, element("div", { class: "head" }, element("h2", {}, section.name)));
  const panel = element("div", { class: "panel stage" });
  if (count > 1) panel.append(element("div", { class: "step" }, slider, name));
  if (isText) panel.append(element("p", {}, section.note));
  else panel.append(element("div", { class: "wide" }, ...places.map((one) => one.root), difference.root));
  if (section.curves) {
    panel.append(element("details", {}, element("summary", {}, `Over the steps, against ${section.against}`),
      element("img", { class: "picture", src: section.curves, alt: `${section.name}: figures over the steps` })));
  }
  root.append(panel);
  if (section.note && !isText) root.append(element("p", { class: "note" }, section.note));
  show(count - 1);
  return root;
}

/* Voices on a plane; a click plays one. */
function map({ points, shares }) {
  const [width, height, edge] = [760, 460, 48];
  const svg = (tag, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const place = (key, size) => {
    const values = points.map((point) => point[key]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (value) => edge + ((value - low) / (high - low || 1)) * (size - 2 * edge);
  };
  const [across, up] = [place("x", width), place("y", height)];
  const audio = element("audio", { controls: true, preload: "none" });
  const said = element("output");
  playAlone(audio);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "map", role: "group", "aria-label": "Map of voices" });
  for (const point of points) {
    const dot = svg("circle", { cx: across(point.x), cy: height - up(point.y), r: 7 });
    const name = svg("text", { x: across(point.x) + 10, y: height - up(point.y) + 4 }, point.name);
    const mark = svg("g", { role: "button", tabindex: 0, "aria-label": `Hear ${point.name}` }, dot, name);
    const hear = () => {
      picture.querySelectorAll(".chosen").forEach((other) => other.classList.remove("chosen"));
      mark.classList.add("chosen");
      said.textContent = point.name;
      audio.src = point.sound;
      audio.play().catch(() => {});
    };
    mark.addEventListener("click", hear);
    mark.addEventListener("keydown", (event) => ["Enter", " "].includes(event.key) && (event.preventDefault(), hear()));
    picture.append(mark);
  }
  document.getElementById("sections").append(element("a", { href: "#voices" }, "voices"));
  const kept = shares.map((share) => `${Math.round(100 * share)} %`).join(" and ");
  return element("section", { id: "voices" }, element("div", { class: "head" }, element("h2", {}, "voices"), said),
    element("div", { class: "panel stage" }, picture, audio),
    element("p", { class: "note" }, `The first two principal components of what tells the voices apart hold ${kept} of the variance. A click on a voice plays it.`));
}

document.getElementById("stages").append(...data.sections.map(stage), ...(data.voices ? [map(data.voices)] : []));
