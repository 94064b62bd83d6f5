/* Small conveniences; every page works without them. Loaded in <head> so that the theme is set before the first paint. */
const root = document.documentElement;
root.classList.add("js");
const savedTheme = localStorage.getItem("theme");
if (savedTheme) root.dataset.theme = savedTheme;

const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

function toggleTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
}

/* A demo's clock runs faster: the root says what it showed when the page was made, and how fast it goes. */
const demoClock = document.documentElement.dataset;
const madeAt = Date.now();
const present = () => (demoClock.now ? Date.parse(demoClock.now) + (Date.now() - madeAt) * demoClock.speed : Date.now());

/* A countdown's words come from the server in the reader's language: data-words="天|小时|分|已过". */
function tick(element) {
  const [days, hours, minutes, over] = element.dataset.words.split("|");
  const left = Math.floor((new Date(element.dateTime) - present()) / 60_000);
  const parts = left < 0 ? [] : [[Math.floor(left / 1440), days], [Math.floor(left / 60) % 24, hours], [left % 60, minutes]];
  element.textContent = left < 0 ? over : parts.filter(([n]) => n).slice(0, 2).map(([n, word]) => `${n} ${word}`).join(" ") || `0 ${minutes}`;
  element.classList.toggle("over", left < 0);
  element.classList.toggle("soon", left >= 0 && left < 1440);
}

function showFiles(input) {
  const list = input.closest(".dropzone").querySelector("output");
  list.replaceChildren(...Array.from(input.files, (file) => {
    const line = document.createElement("div");
    line.textContent = `${file.name} · ${(file.size / 1_048_576).toFixed(1)} MB`;
    return line;
  }));
}

function startDropzone(zone) {
  const input = zone.querySelector("input[type=file]");
  input.addEventListener("change", () => showFiles(input));
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    input.files = event.dataTransfer.files;
    showFiles(input);
  });
}

/* How many of an officer's records wait on this device, asked of the store itself: a browser that is killed forgets notes. */
function unsentRecords() {
  return new Promise((resolve) => {
    if (!globalThis.indexedDB) return resolve(0);
    const opening = indexedDB.open("yichuang-field");
    opening.onupgradeneeded = () => opening.transaction.abort(); // no officer has worked here
    opening.onerror = () => resolve(0);
    opening.onsuccess = () => {
      const reading = opening.result.transaction("records").objectStore("records").getAll();
      reading.onerror = () => resolve(0);
      reading.onsuccess = () => resolve(reading.result.filter((record) => record.state !== "draft").length);
    };
  });
}

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-theme-toggle]")) button.addEventListener("click", toggleTheme);
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
  for (const zone of document.querySelectorAll(".dropzone")) startDropzone(zone);
  const clocks = document.querySelectorAll("time.countdown[data-words]");
  const tickAll = () => clocks.forEach(tick);
  tickAll();
  if (clocks.length) setInterval(tickAll, Math.max(500, 30_000 / (demoClock.speed ?? 1)));
  document.querySelector(".summary")?.focus();
  for (const form of document.querySelectorAll("form[data-unsent]")) form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!await unsentRecords() || confirm(form.dataset.unsent)) form.submit();
  });
});

/* Menus close on a click outside and on Escape, and give the focus back. */
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});
