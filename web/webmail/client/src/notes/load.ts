/** The notes that the app knows, got and changed. */
import { t } from "i18next";
import { create } from "zustand";
import { coalesced } from "../coalesce";
import { type Call, change, request } from "../jmap/client";
import { Offline } from "../jmap/errors";
import { later } from "../later";
import { type Told, whenChanged } from "../mail/load";
import { keepRoom, recallRoom } from "../offline";
import { get as app, toast } from "../store";
import { KINDS, type Kind, NAMES, type Note, type Notebook } from "./types";

const AT_ONCE = 500;
const UNDO_SECONDS = 8;

interface State {
  books: Notebook[];
  notes: Record<string, Note>;
  going: ReadonlySet<string>;
  loading: boolean;
  started: boolean;
}

export const useNotes = create<State>(() => ({
  books: [],
  notes: {},
  going: new Set(),
  loading: true,
  started: false,
}));
export const known = useNotes.getState;
const put = useNotes.setState;

const ROOM = "notes";

type Kept = Pick<State, "books" | "notes">;

keepRoom<State, Kept>(ROOM, useNotes, ({ books, notes, loading }) => (loading ? null : { books, notes }));

export function say(error: unknown): void {
  toast((error as Error).message, { error: true });
}

async function loadBooks(): Promise<void> {
  const asked = app().accounts.flatMap(({ id }) => KINDS.map((kind) => ({ accountId: id, kind })));
  const calls: Call[] = asked.map(({ accountId, kind }) => [`${NAMES[kind].holder}/get`, { accountId }]);
  const answers = await request(calls);
  const books = answers.flatMap((answer, at) =>
    answer.list.map((each: Notebook) => ({ ...each, accountId: answer.accountId, kind: asked[at]?.kind })),
  );
  put({ books: books.filter((each: Notebook) => each.myRights.mayReadItems) });
}

function noteOf(kind: Kind, accountId: string, given: Record<string, unknown>): Note {
  return { ...(given as unknown as Note), kind, accountId, bookId: String(given[NAMES[kind].container]) };
}

async function loadKind(accountId: string, kind: Kind): Promise<Note[]> {
  const { thing } = NAMES[kind];
  const found: Note[] = [];
  for (let position = 0; ; ) {
    const from = { resultOf: "q", name: `${thing}/query`, path: "/ids" };
    const [ids, notes] = await request([
      [`${thing}/query`, { accountId, position, limit: AT_ONCE }, "q"],
      [`${thing}/get`, { accountId, "#ids": from }],
    ]);
    found.push(...notes.list.map((each: Record<string, unknown>) => noteOf(kind, accountId, each)));
    position += ids.ids.length;
    if (ids.ids.length < AT_ONCE) return found;
  }
}

export async function loadNotes(): Promise<void> {
  await loadBooks();
  const wanted = new Map(known().books.map((each) => [`${each.accountId} ${each.kind}`, each]));
  const found = await Promise.all([...wanted.values()].map((each) => loadKind(each.accountId, each.kind)));
  put({ notes: Object.fromEntries(found.flat().map((each) => [each.id, each])), loading: false });
}

const follows = coalesced(loadNotes);

function changed(told: Told): void {
  const ours = KINDS.flatMap((kind) => [NAMES[kind].holder, NAMES[kind].thing]);
  if (Object.values(told).some((each) => ours.some((name) => each[name]))) follows();
}

/** Begins with the notes, once, and follows what becomes of them. */
export function beginNotes(): void {
  if (known().started) return;
  put({ started: true });
  whenChanged(changed);
  loadNotes().catch(async (error: Error) => {
    const seen = error instanceof Offline ? await recallRoom<Kept>(ROOM) : null;
    put({ ...seen, started: false, loading: false });
    if (!seen) say(error);
  });
}

/** The one that is changed last first; entries by their day. Those that have all the words. */
export function shownOf(state: State, book: string, search: string): Note[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const texts = (each: Note) =>
    [each.title, each.text, ...Object.keys(each.keywords ?? {})].join("\n").toLocaleLowerCase();
  const key = (each: Note) => (each.kind === "entry" ? (each.date ?? "") : "") + (each.updated ?? "");
  return Object.values(state.notes)
    .filter((each) => !state.going.has(each.id) && (!book || each.bookId === book))
    .filter((each) => words.every((word) => texts(each).includes(word)))
    .sort((one, other) => key(other).localeCompare(key(one)));
}

// --- what people do

export async function makeNote(book: Notebook): Promise<string> {
  const { thing, container } = NAMES[book.kind];
  const day = new Date();
  const two = (number: number) => String(number).padStart(2, "0");
  const date = `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
  const made = { [container]: book.id, title: "", text: "", ...(book.kind === "entry" ? { date } : {}) };
  const [answer] = await change([[`${thing}/set`, { accountId: book.accountId, create: { made } }]]);
  const note = noteOf(book.kind, book.accountId, { ...made, ...answer.created.made });
  put({ notes: { ...known().notes, [note.id]: note } });
  return note.id;
}

/** Shown at once; what the server refuses is said, and fetched as it is. */
export async function changeNote(note: Note, patch: Partial<Note>): Promise<void> {
  const { thing } = NAMES[note.kind];
  const now = known().notes[note.id] ?? note;
  put({ notes: { ...known().notes, [note.id]: { ...now, ...patch } } });
  const given = Object.fromEntries(
    Object.entries(patch).map(([name, value]) => [name, value === undefined || value === "" ? null : value]),
  );
  if (given.title === null) given.title = "";
  if (given.text === null) given.text = "";
  try {
    const [answer] = await change([[`${thing}/set`, { accountId: note.accountId, update: { [note.id]: given } }]]);
    const updated = answer.updated?.[note.id]?.updated;
    const latest = known().notes[note.id];
    if (updated && latest) put({ notes: { ...known().notes, [note.id]: { ...latest, updated } } });
  } catch (error) {
    const latest = known().notes[note.id];
    if (latest) put({ notes: { ...known().notes, [note.id]: { ...latest, ...asWas(now, patch) } } });
    await loadNotes().catch(() => undefined);
    throw error;
  }
}

const asWas = (note: Note, patch: Partial<Note>) =>
  Object.fromEntries(Object.keys(patch).map((name) => [name, note[name as keyof Note]]));

/** Off the list at once, off the server after some seconds; until then Undo brings it back. */
export function deleteNote(note: Note): void {
  const turn = (on: boolean) => {
    const next = new Set(known().going);
    if (on) next.add(note.id);
    else next.delete(note.id);
    put({ going: next });
  };
  turn(true);
  const keep = later(UNDO_SECONDS, () =>
    change([[`${NAMES[note.kind].thing}/set`, { accountId: note.accountId, destroy: [note.id] }]])
      .catch(say)
      .then(loadNotes)
      .then(() => turn(false), say),
  );
  const undo = () => {
    keep();
    turn(false);
  };
  toast(t("notes.deleted"), { undo, seconds: UNDO_SECONDS });
}

export async function makeBook(kind: Kind, name: string): Promise<void> {
  const accountId = app().accounts.find((each) => each.own)?.id;
  await change([[`${NAMES[kind].holder}/set`, { accountId, create: { made: { name } } }]]);
  await loadBooks();
}

export async function renameBook(book: Notebook, name: string): Promise<void> {
  const update = { [book.id]: { name } };
  await change([[`${NAMES[book.kind].holder}/set`, { accountId: book.accountId, update }]]);
  await loadBooks();
}

/** With everything in it. */
export async function deleteBook(book: Notebook): Promise<void> {
  const given = { accountId: book.accountId, destroy: [book.id], onDestroyRemoveNotes: true };
  await change([[`${NAMES[book.kind].holder}/set`, given]]);
  await loadNotes();
}
