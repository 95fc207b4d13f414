/** What was seen, mail above all, kept on the device for when there is no connection: only where somebody stays signed in. */
import type { StoreApi } from "zustand";
import type { Email, FullEmail, Identity, Label, Mailbox } from "./jmap/types";
import { pathOf } from "./place";
import { forgetTyped } from "./shell/typed";
import { type Account, get, keep, kept, type List, useApp } from "./store";

const MOST_EMAILS = 2000;
const MOST_FULL = 300;
const MOST_LISTS = 20;
const MOST_LINES = 300;
const SAVED_AFTER = 1500;

interface Kept {
  me: string;
  accounts: Account[];
  mailboxes: Record<string, Mailbox[]>;
  emails: Record<string, Email>;
  full: Record<string, FullEmail>;
  threads: Record<string, string[]>;
  identities: Identity[];
  labels: Label[];
  /** The beginning of each list that was seen, by its path. */
  lists: Record<string, string[]>;
}

let lists: Record<string, string[]> = {};

function database(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const asked = indexedDB.open("postroom", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("kept");
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}

async function within<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const open = await database();
  try {
    return await new Promise<T>((done, failed) => {
      const asked = act(open.transaction("kept", mode).objectStore("kept"));
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
  } finally {
    open.close();
  }
}

function last<T>(all: Record<string, T>, most: number): Record<string, T> {
  return Object.fromEntries(Object.entries(all).slice(-most));
}

async function save(): Promise<void> {
  const { me, accounts, mailboxes, emails, full, threads, identities, labels } = get();
  if (!me || !stays()) return;
  const now: Kept = {
    me,
    accounts,
    mailboxes,
    emails: last(emails, MOST_EMAILS),
    full: last(full, MOST_FULL),
    threads,
    identities,
    labels,
    lists: last(lists, MOST_LISTS),
  };
  await within("readwrite", (store) => store.put(now, "state"));
}

/** Whether mail may be kept here: `on` says so from now on. */
export function stays(on?: boolean): boolean {
  if (on !== undefined) keep("stays", on);
  return kept("stays", false);
}

/** Keeps what is seen, from now on. */
export function keepSeen(): void {
  if (!stays()) return;
  void navigator.serviceWorker?.register("/mail/sw.js", { scope: "/mail/" }).catch(() => undefined);
  let waiting: ReturnType<typeof setTimeout> | undefined;
  useApp.subscribe((state) => {
    if (!state.online) return;
    note(state.list);
    clearTimeout(waiting);
    waiting = setTimeout(() => void save().catch(() => undefined), SAVED_AFTER);
  });
}

function note(list: List | null): void {
  if (!list?.total || list.only) return;
  const ids = list.ids.slice(0, MOST_LINES);
  const end = ids.indexOf(undefined);
  const path = pathOf({ ...list.place, emailId: null });
  delete lists[path];
  lists[path] = (end < 0 ? ids : ids.slice(0, end)) as string[];
}

/** What is kept here; null when nothing is. */
export async function recall(): Promise<Omit<Kept, "lists"> | null> {
  if (!stays()) return null;
  const found = (await within("readonly", (store) => store.get("state"))) as Kept | undefined;
  if (!found) return null;
  lists = found.lists;
  const { lists: _, ...state } = found;
  return { ...state, labels: state.labels ?? [] };
}

/** The list of a place as it was seen last. */
export function recalledList(list: List): List {
  const ids = lists[pathOf({ ...list.place, emailId: null })] ?? [];
  return { ...list, ids, total: ids.length };
}

/** Keeps what another room has shown, too: the parts of its state that are picked, which may go on from those kept. */
export function keepRoom<S, P>(name: string, room: StoreApi<S>, pick: (state: S, before: P | null) => P | null): void {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const put = async () => {
    const parts = pick(room.getState(), await recallRoom<P>(name));
    if (parts && stays()) await within("readwrite", (store) => store.put(parts, name));
  };
  room.subscribe(() => {
    if (!stays() || !get().online) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => void put().catch(() => undefined), SAVED_AFTER);
  });
}

/** What is kept of a room; null when nothing is. */
export async function recallRoom<P>(name: string): Promise<P | null> {
  if (!stays()) return null;
  return ((await within("readonly", (store) => store.get(name))) as P | undefined) ?? null;
}

/** Nothing of anybody's mail is left on the device. */
export async function forget(): Promise<void> {
  stays(false);
  keep("searches", []);
  forgetTyped();
  lists = {};
  for (const each of (await navigator.serviceWorker?.getRegistrations()) ?? []) await each.unregister();
  for (const each of await caches.keys()) await caches.delete(each);
  await new Promise<void>((done) => {
    const asked = indexedDB.deleteDatabase("postroom");
    asked.onsuccess = asked.onerror = asked.onblocked = () => done();
  });
}
