// Keeps the app itself, so that it opens without a connection. Mail is kept by the app (src/offline.ts), not here.
const KEPT = "postroom-app";
const INDEX = "/mail/";
const NAME = /assets\/[\w.-]+\.(?:js|css)/g;

// The page and every file that it may ask for; what only an earlier page asked for is forgotten.
async function keepApp(got) {
  const kept = await caches.open(KEPT);
  const page = await got.clone().text();
  const wanted = new Set(page.match(NAME));
  for (const name of [...wanted]) {
    const found = await asset(INDEX + name);
    if (/assets\/index-[\w-]+\.js$/.test(name))
      for (const each of (await found.text()).match(NAME) ?? []) wanted.add(each);
  }
  await Promise.all([...wanted].map((name) => asset(INDEX + name)));
  await kept.put(INDEX, got);
  for (const each of await kept.keys()) {
    const name = new URL(each.url).pathname.slice(INDEX.length);
    if (name && !wanted.has(name)) await kept.delete(each);
  }
}

// A file of a hashed name is what it is for ever.
async function asset(request) {
  const kept = await caches.open(KEPT);
  const known = await kept.match(request);
  if (known) return known;
  const got = await fetch(request);
  if (got.ok) await kept.put(request, got.clone());
  return got;
}

async function page(event) {
  try {
    const got = await fetch(event.request);
    if (got.ok) event.waitUntil(keepApp(got.clone()).catch(() => undefined));
    return got;
  } catch (error) {
    const known = await (await caches.open(KEPT)).match(INDEX);
    if (known) return known;
    throw error;
  }
}

self.addEventListener("install", (event) => {
  event.waitUntil(
    fetch(INDEX)
      .then(keepApp)
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin || !pathname.startsWith(INDEX)) return;
  if (pathname.startsWith(`${INDEX}assets/`)) event.respondWith(asset(request));
  else if (request.mode === "navigate" && !/^\/mail\/(body|image)\b/.test(pathname)) event.respondWith(page(event));
});
