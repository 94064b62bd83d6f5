/* A case's documents: sent piece by piece, so that a lost line loses nothing; shown as they are read.
   Without this script the form sends everything at once, and the reader reloads. See dossiers/section.html. */
const PIECE = 4 * 1024 * 1024;
const RETRIES = 8;
const token = document.querySelector("meta[name=csrf-token]").content;
const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));

class Refused extends Error {}

async function ask(method, url, body) {
  const answer = await fetch(url, { method, body, headers: { "x-csrftoken": token, accept: "application/json" } });
  const told = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (answer.ok) return told;
  if (answer.status === 409 && told.code === "wrong_offset") return null;
  if (answer.status >= 500) throw new Error(told.title);
  throw new Refused(told.title);
}

/* The same file chosen again goes on where it was broken off, even after the page was closed. */
const memoryOf = (form, file) => `upload:${form.dataset.upload}:${file.name}:${file.size}:${file.lastModified}`;

async function offsetOf(form, file) {
  const memory = memoryOf(form, file), known = localStorage.getItem(memory);
  if (known) {
    try {
      return { key: known, offset: (await ask("GET", `${form.dataset.upload}/${known}`)).offset };
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  const begun = await ask("POST", `${form.dataset.upload}?name=${encodeURIComponent(file.name)}&size=${file.size}`);
  localStorage.setItem(memory, begun.key);
  return begun;
}

async function again(work, onTrouble) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refused || attempt === RETRIES) throw error;
      onTrouble();
      await pause(Math.min(1000 * 2 ** attempt, 15_000));
    }
  }
}

async function sendFile(form, file, line) {
  const [sent, interrupted] = form.dataset.words.split("|");
  const trouble = () => { line.textContent = `${file.name} · ${interrupted}`; };
  let { key, offset } = await again(() => offsetOf(form, file), trouble);
  while (offset < file.size) {
    const answer = await again(() => ask("PUT", `${form.dataset.upload}/${key}?offset=${offset}`, file.slice(offset, offset + PIECE)), trouble);
    offset = (answer ?? await again(() => ask("GET", `${form.dataset.upload}/${key}`), trouble)).offset;
    line.textContent = `${file.name} · ${sent} ${Math.floor(100 * offset / file.size)}%`;
  }
  return key;
}

async function sendAll(form) {
  const files = [...form.querySelector("input[type=file]").files];
  const output = form.querySelector("output"), button = form.querySelector("button");
  const [, , finishing, failed] = form.dataset.words.split("|");
  const lines = files.map((file) => Object.assign(document.createElement("div"), { textContent: file.name }));
  output.replaceChildren(...lines);
  button.disabled = true;
  try {
    const keys = new URLSearchParams();
    for (const [index, file] of files.entries()) keys.append("key", await sendFile(form, file, lines[index]));
    output.append(Object.assign(document.createElement("div"), { textContent: finishing }));
    const done = await ask("POST", `${form.dataset.upload}/finish`, keys);
    for (const file of files) localStorage.removeItem(memoryOf(form, file));
    const here = new URL(done.location, location.href);
    if (here.pathname + here.search === location.pathname + location.search) location.reload();
    else location.assign(here);
  } catch (error) {
    if (error instanceof Refused) for (const file of files) localStorage.removeItem(memoryOf(form, file));
    output.append(Object.assign(document.createElement("div"), { className: "error", textContent: `${failed}：${error.message}` }));
    button.disabled = false;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-upload]");
  if (!form || !form.querySelector("input[type=file]").files.length) return;
  event.preventDefault();
  sendAll(form);
});

/* What was chosen for the next upload survives the section's renewal. */
async function renew(section) {
  const files = section.querySelector("input[type=file]")?.files;
  const page = new DOMParser().parseFromString(await (await fetch(section.dataset.again)).text(), "text/html");
  const fresh = page.getElementById("dossier");
  section.replaceWith(fresh);
  for (const zone of fresh.querySelectorAll(".dropzone")) startDropzone(zone);
  const input = fresh.querySelector("input[type=file]");
  if (files?.length && input) { input.files = files; showFiles(input); }
  watch(fresh);
}

function showStates(section, states) {
  for (const [file, state] of Object.entries(states)) {
    const place = section.querySelector(`[data-file="${file}"]`);
    const word = place?.dataset[state];
    if (word) place.querySelector(".badge").lastChild.textContent = word;
  }
  const bar = section.querySelector("progress");
  if (bar) bar.value = Object.values(states).filter((state) => state === "read").length;
}

function watch(section) {
  if (!section?.dataset.events) return;
  const source = new EventSource(section.dataset.events);
  source.addEventListener("progress", (event) => showStates(section, JSON.parse(event.data)));
  source.addEventListener("done", () => { source.close(); renew(section); });
  source.addEventListener("error", () => {
    source.close();
    setTimeout(() => renew(section).catch(() => watch(section)), 2000);
  });
}

document.addEventListener("DOMContentLoaded", () => watch(document.getElementById("dossier")));
