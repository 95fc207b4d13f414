/** What the app knows: one value, changed by the functions of `mail/` and shown by the components. */
import { create } from "zustand";
import { enter, returned } from "./back";
import type { Draft } from "./compose/draft";
import type { Email, FullEmail, Identity, Label, Mailbox } from "./jmap/types";
import type { Source } from "./mail/found";
import { NOWHERE, type Place, pathOf } from "./place";

export interface Account {
  id: string;
  name: string;
  own: boolean;
}

/** What alone a folder shows of its emails. */
export type Only = "unread" | "flagged" | "attachment";

export interface List {
  place: Place;
  collapse: boolean;
  /** null: all of them. */
  only: Only | null;
  /** Not known until the first answer. */
  total: number | null;
  /** By position; what has not been asked for is undefined. */
  ids: (string | undefined)[];
  failed: string | null;
  /** Of a search: what each account has found. */
  sources: Source[] | null;
}

export interface Toast {
  id: number;
  text: string;
  error: boolean;
  undo: (() => void) | null;
  /** What can be done besides. */
  action: { label: string; act: () => void } | null;
  seconds: number;
}

/** Something to be reminded of now. */
export interface Reminder {
  key: string;
  kind: "event" | "task";
  title: string;
  /** When it begins, or is due: milliseconds since 1970. */
  when: number;
}

export type Theme = "system" | "light" | "dark";

export interface State {
  me: string | null;
  signedOut: boolean;
  mayStay: boolean;
  ready: boolean;
  online: boolean;
  accounts: Account[];
  mailboxes: Record<string, Mailbox[]>;
  emails: Record<string, Email>;
  full: Record<string, FullEmail>;
  threads: Record<string, string[]>;
  identities: Identity[];
  /** Octets that one letter may take along; null: not known. */
  mostAttached: number | null;
  labels: Label[];
  place: Place;
  /** Where one was last in each room. */
  before: Record<string, Place>;
  list: List | null;
  /** Position of the line that the keyboard is at. */
  cursor: number;
  selected: ReadonlySet<string>;
  drafts: Draft[];
  toasts: Toast[];
  reminders: Reminder[];
  theme: Theme;
  conversations: boolean;
  /** Folders of which those within are not shown. */
  folded: ReadonlySet<string>;
  helpShown: boolean;
  /** Files that are brought into a folder; none yet: they are chosen. */
  bringing: { folder: Mailbox; files: File[] } | null;
  /** What is asked of emails. */
  asking: { what: "labels" | "snooze"; ids: string[] } | null;
  drawer: boolean;
}

export function kept<T>(name: string, fallback: T): T {
  try {
    return JSON.parse(localStorage.getItem(`postroom.${name}`) ?? "") as T;
  } catch {
    return fallback;
  }
}

export function keep(name: string, value: unknown): void {
  localStorage.setItem(`postroom.${name}`, JSON.stringify(value));
}

export const useApp = create<State>(() => ({
  me: null,
  signedOut: false,
  mayStay: false,
  ready: false,
  online: navigator.onLine,
  accounts: [],
  mailboxes: {},
  emails: {},
  full: {},
  threads: {},
  identities: [],
  mostAttached: null,
  labels: [],
  place: NOWHERE,
  before: {},
  list: null,
  cursor: 0,
  selected: new Set(),
  drafts: [],
  toasts: [],
  reminders: [],
  theme: kept<Theme>("theme", "system"),
  conversations: kept("conversations", true),
  folded: new Set(kept<string[]>("folded", [])),
  helpShown: false,
  bringing: null,
  asking: null,
  drawer: false,
}));

export const get = useApp.getState;
export const set = useApp.setState;

let numbers = 0;

/** Says something for some seconds; gives its number. */
export function toast(text: string, more: Partial<Omit<Toast, "id" | "text">> = {}): number {
  if (!text) return 0; // who is signed out is told by the page to sign in
  const made: Toast = { id: ++numbers, text, error: false, undo: null, action: null, seconds: 6, ...more };
  set({ toasts: [...get().toasts.slice(-2), made] });
  setTimeout(() => dismiss(made.id), made.seconds * 1000);
  return made.id;
}

export function dismiss(id: number): void {
  set({ toasts: get().toasts.filter((each) => each.id !== id) });
}

/** Takes back the last thing that can be. */
export function undoLast(): void {
  const last = get().toasts.findLast((each) => each.undo);
  if (!last) return;
  dismiss(last.id);
  last.undo?.();
}

export function go(to: Partial<Place>, replace = false): void {
  const place = { ...get().place, ...to };
  enter(pathOf(place), replace);
  set({ place, before: { ...get().before, [place.room]: place }, drawer: false });
}

/** Goes where one came from, when that is the place, else to it as to any other. */
export function goBack(to: Partial<Place>): void {
  if (!returned(pathOf({ ...get().place, ...to }))) go(to);
}

export function mailboxOf(accountId: string | null, test: (each: Mailbox) => boolean): Mailbox | undefined {
  return accountId ? get().mailboxes[accountId]?.find(test) : undefined;
}

export function withRole(accountId: string | null, role: string): Mailbox | undefined {
  return mailboxOf(accountId, (each) => each.role === role);
}
