/* The officer's service worker: pages of the day, their pictures and our own files, also without a network.
   What it keeps is dropped when the officer logs out (the answer to it clears the site's storage). */
const PAGES = "yichuang-pages", FILES = "yichuang-files";
/* What was kept for this phone is what it asks for, with whatever headers: they differ between page and worker. */
const ANY = { ignoreVary: true };
const OLDEST_MS = 36 * 3_600_000, PATIENCE_MS = 4_000;

const isFile = (path) => /^\/(static|assets)\//.test(path);
const isPicture = (path) => /^\/inspections\/[^/]+\/(plans|photos)\//.test(path);
const isPage = (path) => /^\/tasks($|\/)/.test(path) && !/^\/tasks\/(feed|records|worker\.js)/.test(path);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (isFile(pathname)) event.respondWith(keptFirst(request, FILES));
  else if (isPicture(pathname)) event.respondWith(keptFirst(request, PAGES));
  else if (isPage(pathname)) event.respondWith(freshFirst(request));
});

/* What never changes under its address. */
async function keptFirst(request, name) {
  const cache = await caches.open(name);
  const kept = await cache.match(request, ANY);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

/* What the service says now; if it does not answer, or not soon, what it said last. */
async function freshFirst(request) {
  const cache = await caches.open(PAGES);
  const fresh = fetch(request).then(async (response) => {
    if (response.ok && !response.redirected) await cache.put(pageOf(request), response.clone());
    return response;
  });
  const kept = await keptPage(cache, request);
  if (!kept) return fresh;
  fresh.catch(() => {});
  const late = new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS, kept); });
  return Promise.race([fresh.then((response) => (response.status >= 500 ? kept : response)), late]).catch(() => kept);
}

const pageOf = (request) => new URL(request.url).pathname;

async function keptPage(cache, request) {
  const kept = await cache.match(pageOf(request), ANY);
  const age = kept ? Date.now() - new Date(kept.headers.get("date") ?? 0) : 0;
  if (age <= OLDEST_MS) return kept;
  await cache.delete(pageOf(request));
  return undefined;
}
