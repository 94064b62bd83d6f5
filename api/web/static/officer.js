/* An officer's pages: forms are kept on the phone and sent from there; the day's pages are kept for when there is no network. */
const panel = document.getElementById("queue");
const words = JSON.parse(panel.dataset.words), kinds = JSON.parse(panel.dataset.kinds);
const task = document.querySelector("[data-task]")?.dataset.task;
const forms = [...document.querySelectorAll("form[data-record]")];
const RETRY_MS = 15_000, PAUSE_MS = 400;
const TECHNICAL = new Set(["_csrf_token", "seen", "key", "item", "finding", "lon", "lat", "place"]);

const told = (word, number) => words[word].replace("%(number)s", number);
const element = (name, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
};

/* ── Forms ─────────────────────────────────────────────────────────────── */

const fieldsOf = (form) => [...new FormData(form)].filter(([name, value]) => name !== "_csrf_token" && !(value instanceof File && !value.size));
const slotOf = (form) => (form.dataset.slot === "new" ? form.elements.key.value : form.dataset.slot);
const isShownBy = (record) => (form) => record.task === task && record.kind === form.dataset.record && (record.slot === slotOf(form) || form.dataset.slot === "new");

function fill(form, fields) {
  for (const input of form.elements) if (input.type === "radio" || input.type === "checkbox") input.checked = false;
  const files = new DataTransfer();
  for (const [name, value] of fields) {
    if (value instanceof File) files.items.add(value);
    else if (form.elements.namedItem(name)) {
      const input = form.elements.namedItem(name);
      if (input.type === "checkbox") input.checked = true;
      else input.value = value;
    }
  }
  if (form.elements.photos) form.elements.photos.files = files.files;
  for (const details of form.querySelectorAll("details")) details.open ||= fields.some(([name, value]) => value && details.querySelector(`[name="${name}"]`));
  form.closest("details")?.setAttribute("open", "");
}

/* A record in the words of its form: [label, value]. */
function described(form, fields) {
  return fields.filter(([name, value]) => value && !TECHNICAL.has(name)).map(([name, value]) => {
    if (value instanceof File) return ["", value.name];
    const input = [...(form?.elements ?? [])].find((each) => each.name === name && (each.type !== "radio" || each.value === value));
    const label = input?.labels?.[0]?.firstChild?.textContent?.trim() || input?.closest("label")?.querySelector("span")?.firstChild?.textContent || "";
    const chosen = input?.tagName === "SELECT" ? [...input.options].find((option) => option.value === value)?.textContent : undefined;
    return input?.type === "radio" || input?.type === "checkbox" ? ["", label] : [label, chosen ?? value];
  });
}

function listed(form, fields) {
  const list = element("dl", { className: "facts" });
  for (const [label, value] of described(form, fields)) list.append(element("dt", { textContent: label }), element("dd", { textContent: value }));
  return list;
}

function startForm(queue, form) {
  let typing;
  const keep = (state) => queue.put({ task, kind: form.dataset.record, slot: slotOf(form), fields: fieldsOf(form), state });
  form.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => { if (!form.hasAttribute("data-auto")) keep("draft"); }, PAUSE_MS);
  });
  if (form.hasAttribute("data-auto")) {
    form.addEventListener("change", (event) => {
      if (event.target.type === "radio" && !(event.target.value === "not_met" && !form.elements.note.value)) form.requestSubmit();
    });
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearTimeout(typing);
    await keep("waiting");
    await synchronise(queue);
  });
}

/* ── What has not arrived ──────────────────────────────────────────────── */

function entry(queue, record) {
  const form = forms.find(isShownBy(record));
  const title = element("b", { textContent: kinds[record.kind] });
  const line = element("li", {}, title, ` ${new Date(record.said_at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" })} `);
  if (record.task !== task) line.append(element("a", { href: `/tasks/${record.task}`, textContent: record.task.split("/")[0] }), " ");
  const button = (word, act, kind = "quiet") => {
    const made = element("button", { type: "button", className: `button small ${kind}`, textContent: words[word] });
    made.addEventListener("click", async () => { await act(); await synchronise(queue); });
    return made;
  };
  line.append(element("span", { className: record.state === "waiting" ? "soft" : "bad-text", textContent: record.message || words.kept }));
  if (record.state === "conflict") {
    line.append(
      element("div", { className: "versions" },
        element("div", {}, element("h3", { textContent: words.mine }), listed(form, record.fields), button("keep_mine", () => queue.insist(record))),
        element("div", {}, element("h3", { textContent: words.theirs }), listed(form, Object.entries(record.theirs)), button("keep_theirs", async () => { await queue.drop(record); if (record.task === task) location.reload(); }))),
    );
  } else line.append(listed(form, record.fields), button("discard", () => queue.drop(record), "quiet"));
  return line;
}

async function show(queue, trouble) {
  const everything = await queue.all();
  const unsent = everything.filter((record) => record.state !== "draft");
  const own = unsent.filter((record) => record.officer === queue.officer);
  const attention = own.filter((record) => record.state !== "waiting").length;
  const said = [own.length ? told("waiting", own.length) : words.sent];
  if (attention) said.push(told("attention", attention));
  if (own.length < unsent.length) said.push(told("foreign", unsent.length - own.length));
  if (!trouble?.login && (!navigator.onLine || trouble)) said.push(words.offline);
  panel.hidden = false;
  panel.dataset.state = attention ? "attention" : own.length ? "waiting" : "sent";
  const status = panel.querySelector("[role=status]");
  status.textContent = said.join(" · ");
  if (trouble?.login) status.append(" · ", element("a", { href: `/login?next=${location.pathname}`, textContent: words.login }));
  panel.querySelector("ul").replaceChildren(...own.map((record) => entry(queue, record)));
  for (const form of forms) {
    const record = own.find((each) => each.task === task && each.kind === form.dataset.record && each.slot === slotOf(form));
    let note = form.querySelector("[data-kept]");
    note ??= form.appendChild(element("p", { className: "hint" }));
    note.dataset.kept = "";
    note.textContent = record ? record.message || words.kept : "";
    note.classList.toggle("bad-text", record?.state === "refused");
  }
}

let busy = false, again = false;
async function synchronise(queue) {
  let trouble;
  const arrived = [];
  await show(queue);
  again = busy;
  if (busy) return;
  busy = true;
  do {
    again = false;
    try {
      arrived.push(...await queue.send());
    } catch (error) {
      trouble = error;
    }
  } while (again && !trouble);
  busy = false;
  await show(queue, trouble);
  const here = arrived.filter((record) => record.task === task);
  const shown = here.filter(showAnswer);
  if (here.length > shown.length) location.replace(`/tasks/${task}?done=${here.length > 1 ? "sent" : here[0].kind}`);
}

/* An answer to the checklist needs no new page, only the version that the next one follows. */
function showAnswer(record) {
  const form = record.kind === "checklist" && record.version && forms.find(isShownBy(record));
  if (!form) return false;
  form.elements.seen.value = record.version;
  form.querySelector("[data-kept]").textContent = words.saved;
  return true;
}

async function restore(queue) {
  const own = (await queue.own()).filter((record) => record.task === task);
  for (const record of own) {
    const form = forms.find((each) => record.kind === each.dataset.record && record.slot === slotOf(each))
      ?? (record.state === "draft" || record.state === "refused" ? forms.find(isShownBy(record)) : undefined);
    if (form) fill(form, record.state === "draft" ? record.fields.filter(([name]) => name !== "seen") : record.fields);
  }
}

/* ── A place on a plan ─────────────────────────────────────────────────── */

function startPlan(details) {
  const picture = details.querySelector("svg.plan"), choice = details.querySelector("select"), place = details.querySelector("[name=place]");
  const make = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const draw = () => {
    const [file, page, height] = choice.value.split(":");
    picture.setAttribute("viewBox", `0 0 1000 ${height}`);
    picture.replaceChildren(make("image", { href: `${picture.dataset.plans}/${file}/${page}`, width: 1000, height }));
    place.value = "";
  };
  details.addEventListener("toggle", () => { if (details.open && !picture.childElementCount) draw(); });
  choice.addEventListener("change", draw);
  picture.addEventListener("click", (event) => {
    const [file, page, height] = choice.value.split(":");
    const box = picture.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    picture.querySelector("circle")?.remove();
    picture.append(make("circle", { cx: x * 1000, cy: y * Number(height), r: 18 }));
    place.value = [file, page, x.toFixed(4), y.toFixed(4), height].join(":");
    place.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

/* ── The day's pages ───────────────────────────────────────────────────── */

/* Pages kept for another officer go, with all their pictures. Whose a page is, it says itself. */
async function dropStrangersPages() {
  if (!globalThis.caches || !await caches.has("yichuang-pages")) return;
  const pages = await caches.open("yichuang-pages");
  for (const request of await pages.keys()) {
    if (!new URL(request.url).pathname.startsWith("/tasks")) continue;
    const page = new DOMParser().parseFromString(await (await pages.match(request)).text(), "text/html");
    const officer = page.getElementById("queue")?.dataset.officer;
    if (officer && officer !== panel.dataset.officer) {
      await caches.delete("yichuang-pages");
      return;
    }
  }
}

/* This page, the lists and every task that they name, with their pictures and files. */
async function keepDay() {
  if (!navigator.onLine) return;
  await navigator.serviceWorker.ready;
  const pages = await caches.open("yichuang-pages"), files = await caches.open("yichuang-files");
  const addresses = new Set(["/tasks", "/tasks/week", location.pathname, ...Array.from(document.querySelectorAll("a.task"), (link) => link.pathname)]);
  const wanted = new Set(performance.getEntriesByType("resource").map((entry) => entry.name));
  for (const address of addresses) {
    const response = await fetch(address);
    if (!response.ok || response.redirected) continue;
    await pages.put(address, response.clone());
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of page.querySelectorAll("script[src], link[rel=stylesheet], link[rel=icon]")) wanted.add(new URL(part.getAttribute("src") ?? part.getAttribute("href"), location.origin).href);
    for (const part of page.querySelectorAll("img[src], image[href]")) await keepOnce(pages, part.getAttribute("src") ?? part.getAttribute("href"));
    for (const option of page.querySelectorAll("[data-place] option")) await keepOnce(pages, `${page.querySelector("[data-plans]").dataset.plans}/${option.value.split(":").slice(0, 2).join("/")}`);
  }
  for (const address of wanted) if (/^\/(static|assets)\//.test(new URL(address).pathname)) await keepOnce(files, address);
  panel.dataset.day = "kept";
}

async function keepOnce(cache, address) {
  if (!await cache.match(address, { ignoreVary: true })) await cache.add(address).catch(() => {});
}

/* ── Start ─────────────────────────────────────────────────────────────── */

async function start() {
  let queue;
  await dropStrangersPages();
  try {
    queue = await FieldQueue.open(panel.dataset.officer);
  } catch {
    panel.hidden = false; // a browser without storage: the forms go the usual way
    panel.querySelector("[role=status]").textContent = words.failed;
    return;
  }
  await restore(queue);
  for (const form of forms) startForm(queue, form);
  for (const details of document.querySelectorAll("[data-place]")) startPlan(details);
  await synchronise(queue);
  addEventListener("online", () => synchronise(queue));
  addEventListener("offline", () => show(queue));
  setInterval(async () => { if ((await queue.own()).some((record) => record.state !== "draft")) synchronise(queue); }, RETRY_MS);
  navigator.storage?.persist?.();
  if ("serviceWorker" in navigator) {
    await navigator.serviceWorker.register("/tasks/worker.js", { scope: "/tasks" });
    keepDay().catch(() => {});
  }
}

start();
