/* The intake's report: walks through the findings without loading a new page. See dossiers/report.html. */
const items = [...document.querySelectorAll(".reader-item")];
const words = document.getElementById("words").dataset;
const frame = document.getElementById("frame");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const SVG = "http://www.w3.org/2000/svg";
const MOVE_MS = 280;

let current = items.findIndex((item) => item.hasAttribute("aria-current"));
let whole = new URLSearchParams(location.search).get("view") === "page";
let movement = 0;

const numbers = (text) => text.split(" ").map(Number);
const viewOf = ([left, top, right, bottom]) => [left, top, right - left, bottom - top];
const fullView = (item) => [0, 0, ...numbers(item.dataset.size)];
const wanted = (item) => whole || !item.dataset.box ? fullView(item) : viewOf(numbers(item.dataset.close));

function element(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function picture(href, [x, y, width, height], more = {}) {
  return element("image", { href, x, y, width, height, preserveAspectRatio: "none", ...more });
}

function mark(item) {
  const [x, y, width, height] = viewOf(numbers(item.dataset.box));
  const link = element("a", { href: `?f=${item.dataset.number}`, "aria-label": item.querySelector(".reader-text").textContent });
  const chosen = item === items[current] ? " current" : "";
  const box = element("rect", { class: `mark ${item.dataset.severity}${chosen}`, x: x - 2, y: y - 2, width: width + 4, height: height + 4 });
  link.addEventListener("click", (event) => { event.preventDefault(); show(items.indexOf(item)); });
  link.append(box);
  return link;
}

/* Slides from what is shown to what is wanted, so that one sees where on the page one is. */
function move(sheet, to, smooth) {
  cancelAnimationFrame(movement);
  const from = numbers(sheet.getAttribute("viewBox"));
  if (!smooth || still.matches) { sheet.setAttribute("viewBox", to.join(" ")); return; }
  const start = performance.now();
  const step = (now) => {
    const t = Math.min((now - start) / MOVE_MS, 1);
    const eased = t * (2 - t);
    sheet.setAttribute("viewBox", to.map((end, i) => from[i] + (end - from[i]) * eased).join(" "));
    if (t < 1) movement = requestAnimationFrame(step);
  };
  movement = requestAnimationFrame(step);
}

function draw(item) {
  if (!item.dataset.page) {
    const none = document.createElement("p");
    none.className = "reader-none";
    none.textContent = words.none;
    frame.replaceChildren(none);
    return;
  }
  let sheet = frame.querySelector("svg.sheet");
  const samePage = sheet?.dataset.page === item.dataset.page;
  if (!samePage) {
    sheet = element("svg", { class: "sheet", role: "group", viewBox: fullView(item).join(" ") });
    sheet.dataset.page = item.dataset.page;
    sheet.append(picture(item.dataset.page, fullView(item)));
    frame.replaceChildren(sheet);
  }
  for (const old of sheet.querySelectorAll(".tile, a")) old.remove();
  if (item.dataset.tile && !whole) sheet.append(picture(item.dataset.tile, viewOf(numbers(item.dataset.close)), { class: "tile" }));
  sheet.append(...items.filter((each) => each.dataset.box && each.dataset.page === item.dataset.page).map(mark));
  sheet.setAttribute("aria-label", item.querySelector(".reader-text").textContent);
  move(sheet, wanted(item), samePage);
}

function link(text, href, attribute) {
  const made = document.createElement("a");
  made.href = href;
  made.textContent = text;
  made.setAttribute(attribute, "");
  return made;
}

function describe(item) {
  document.getElementById("now").replaceChildren(item.parentElement.querySelector("template").content.cloneNode(true));
  document.getElementById("caption").textContent = item.dataset.caption || item.dataset.document || words.absent;
  document.getElementById("position").textContent = `${current + 1} / ${items.length}`;
  const links = [];
  if (item.dataset.box) links.push(link(whole ? words.close : words.whole, `?f=${current + 1}${whole ? "" : "&view=page"}`, "data-zoom"));
  if (item.dataset.original) links.push(link(words.original, item.dataset.original, "data-original"));
  document.getElementById("zoom").replaceChildren(...links);
}

/* The list keeps the current finding in sight without moving the page under the reader. */
function reveal(item) {
  const list = item.closest(".reader-list");
  if (list.scrollHeight <= list.clientHeight) return;
  const box = item.getBoundingClientRect(), around = list.getBoundingClientRect();
  if (box.top < around.top || box.bottom > around.bottom) list.scrollTop += box.top - around.top - around.height / 3;
}

function show(index, { remember = true } = {}) {
  current = Math.min(Math.max(index, 0), items.length - 1);
  const item = items[current];
  for (const each of items) each.toggleAttribute("aria-current", each === item);
  item.setAttribute("aria-current", "true");
  draw(item);
  describe(item);
  reveal(item);
  if (remember) history.replaceState(null, "", `?f=${current + 1}${whole ? "&view=page" : ""}`);
}

function toggleWhole() {
  whole = !whole;
  show(current);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, summary")) return;
  const step = { j: 1, ArrowDown: 1, ArrowRight: 1, k: -1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (step) { event.preventDefault(); show(current + step); }
  else if (event.key === "Home" || event.key === "End") { event.preventDefault(); show(event.key === "Home" ? 0 : items.length - 1); }
  else if (event.key === "z") toggleWhole();
});

document.getElementById("reader").addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const item = event.target.closest(".reader-item"), step = event.target.closest("[data-step]");
  if (item) { event.preventDefault(); show(items.indexOf(item)); if (innerWidth < 960) document.getElementById("view").scrollIntoView({ block: "start" }); }
  else if (step) { event.preventDefault(); show(current + Number(step.dataset.step)); }
  else if (event.target.closest("[data-zoom]")) { event.preventDefault(); toggleWhole(); }
});

/* A mouse may drag the page and zoom with the wheel; a finger scrolls, as everywhere. */
frame.addEventListener("wheel", (event) => {
  const sheet = frame.querySelector("svg.sheet");
  if (!sheet || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  const [x, y, width, height] = numbers(sheet.getAttribute("viewBox"));
  const factor = event.deltaY > 0 ? 1.2 : 1 / 1.2;
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(sheet.getScreenCTM().inverse());
  move(sheet, [at.x - (at.x - x) * factor, at.y - (at.y - y) * factor, width * factor, height * factor], false);
}, { passive: false });

frame.addEventListener("pointerdown", (event) => {
  const sheet = frame.querySelector("svg.sheet");
  if (!sheet || event.pointerType !== "mouse" || event.target.closest("a")) return;
  const [x, y, width, height] = numbers(sheet.getAttribute("viewBox"));
  const scale = sheet.getScreenCTM().a;
  const drag = (moved) => move(sheet, [x - (moved.clientX - event.clientX) / scale, y - (moved.clientY - event.clientY) / scale, width, height], false);
  const stop = () => { removeEventListener("pointermove", drag); removeEventListener("pointerup", stop); };
  addEventListener("pointermove", drag);
  addEventListener("pointerup", stop);
});

show(current, { remember: false });
