import i18next from "i18next";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { Identity, Mailbox } from "../jmap/types";
import en from "../locales/en.json";
import { get, set } from "../store";
import { attach, begin, draftOf, edit, saveAgain, send, unsaved, write } from "./draft";

const folder = (id: string) => ({ id, role: id, accountId: "A1" }) as unknown as Mailbox;
const me = { id: "I1", name: "", email: "me@x.test", textSignature: "", htmlSignature: "" } as Identity;
let asked: string[] = [];

/** A server that makes whatever it is asked for. */
function serve(_: string, init: RequestInit): Promise<Response> {
  const { methodCalls } = JSON.parse(String(init.body));
  const methodResponses = methodCalls.map(([name, given, id]: [string, { create?: object }, string]) => {
    asked.push(name);
    const keys = Object.keys(given.create ?? {});
    return [name, { created: Object.fromEntries(keys.map((key) => [key, { id: `${key}1` }])) }, id];
  });
  return Promise.resolve(new Response(JSON.stringify({ methodResponses })));
}

let key = 0;
beforeAll(() =>
  i18next.init({ lng: "en", resources: { en: { translation: en } }, interpolation: { escapeValue: false } }),
);
beforeEach(() => {
  asked = [];
  vi.stubGlobal("fetch", serve);
  set({
    accounts: [{ id: "A1", name: "me", own: true }],
    identities: [me],
    drafts: [],
    toasts: [],
    mostAttached: 1000,
  });
  set({ mailboxes: { A1: [folder("drafts"), folder("sent")] } });
  begin({ to: [{ name: null, email: "you@x.test" }], rich: false });
  key = get().drafts[0]?.key ?? 0;
});
afterEach(() => vi.unstubAllGlobals());

it("says that a file is too large, before it is sent", async () => {
  edit(key, { attached: [{ blobId: "B1", type: "text/plain", size: 600, name: "old" }] });
  await attach(key, [{ name: "film.mp4", size: 500, type: "video/mp4" } as File]);
  expect(get().toasts.map((each) => each.text)).toEqual([expect.stringContaining("film.mp4 (500 B) is too large")]);
  expect(asked).toEqual([]);
  expect(draftOf(key)).toMatchObject({ uploading: 0, attached: [{ name: "old" }] });
});

it("sends a letter once, however often that is asked for while it is on its way", async () => {
  const first = send(key);
  const second = send(key);
  write(key, { subject: "late" });
  expect([await first, await second]).toEqual([true, false]);
  expect(asked.filter((name) => name === "EmailSubmission/set")).toHaveLength(1);
});

it("is not sent while a file is on its way up", async () => {
  edit(key, { uploading: 1 });
  expect(await send(key)).toBe(false);
  expect(asked).not.toContain("EmailSubmission/set");
});

it("is stored again where that failed", () => {
  edit(key, { state: "failed" });
  expect(unsaved()).toBe(true);
  saveAgain();
  expect(draftOf(key)?.state).toBe("changed");
});
