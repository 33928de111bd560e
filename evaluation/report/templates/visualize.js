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

document.getElementById("stages").append(...data.sections.map(stage));
