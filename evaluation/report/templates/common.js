"use strict";
const data = JSON.parse(document.getElementById("data").textContent);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/* One recording is heard at a time. */
function playAlone(audio) {
  audio.addEventListener("play", () => {
    document.querySelectorAll("audio").forEach((other) => other !== audio && other.pause());
  });
}
