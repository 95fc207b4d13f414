/** The contacts that the app knows: all books one may read, and a line of every contact in them. */
import { create } from "zustand";
import { coalesced } from "../coalesce";
import { type Call, request } from "../jmap/client";
import { Offline } from "../jmap/errors";
import { type Told, whenChanged } from "../mail/load";
import { keepRoom, recallRoom } from "../offline";
import { get as app, toast } from "../store";
import { nameOf, sortKey, wordsOf } from "./card";
import { type Book, type Card, LINE } from "./types";

const AT_ONCE = 500;

interface State {
  books: Book[];
  /** By id; lines have the properties of `LINE`, those that were opened all. */
  cards: Record<string, Card>;
  whole: ReadonlySet<string>;
  loading: boolean;
  started: boolean;
  /** Taken off the list, and not yet off the server. */
  going: ReadonlySet<string>;
}

export const useContacts = create<State>(() => ({
  books: [],
  cards: {},
  whole: new Set(),
  loading: true,
  started: false,
  going: new Set(),
}));
export const known = useContacts.getState;
const put = useContacts.setState;

const ROOM = "contacts";

type Kept = Pick<State, "books" | "cards" | "whole">;

keepRoom<State, Kept>(ROOM, useContacts, ({ books, cards, whole, loading }) =>
  loading || !books.length ? null : { books, cards, whole },
);

/** The accounts that have address books, as far as the server says. */
async function loadBooks(): Promise<void> {
  const calls: Call[] = app().accounts.map(({ id }) => ["AddressBook/get", { accountId: id }]);
  const answers = await request(calls).catch(async (error: unknown) => {
    if (error instanceof Offline) throw error;
    // Somebody shares no address book at all: each by itself then.
    const each = await Promise.all(calls.map((call) => request([call]).catch(() => [null])));
    return each.map(([answer]) => answer);
  });
  const books = answers.flatMap((answer) =>
    answer ? answer.list.map((each: Book) => ({ ...each, accountId: answer.accountId })) : [],
  );
  put({ books: books.filter((each: Book) => each.myRights.mayRead) });
}

async function loadCards(accountId: string): Promise<Card[]> {
  const found: Card[] = [];
  for (let position = 0; ; ) {
    const from = { resultOf: "q", name: "ContactCard/query", path: "/ids" };
    const [ids, cards] = await request([
      ["ContactCard/query", { accountId, position, limit: AT_ONCE }, "q"],
      ["ContactCard/get", { accountId, "#ids": from, properties: LINE }],
    ]);
    found.push(...cards.list.map((each: Card) => ({ ...each, accountId })));
    position += ids.ids.length;
    if (ids.ids.length < AT_ONCE) return found;
  }
}

/** Everything anew; what was opened stays opened until its line has changed. */
export async function loadContacts(): Promise<void> {
  await loadBooks();
  const accounts = [...new Set(known().books.map((each) => each.accountId))];
  const found = (await Promise.all(accounts.map(loadCards))).flat();
  const before = known().cards;
  const { whole } = known();
  const cards = Object.fromEntries(
    found.map((each) => [each.id, whole.has(each.id) ? { ...before[each.id], ...each } : each]),
  );
  put({ cards, loading: false, whole: new Set([...whole].filter((id) => cards[id])) });
}

/** All of one contact, fresh. */
export async function openCard(id: string): Promise<Card | null> {
  const { accountId } = known().cards[id] ?? {};
  if (!accountId) return null;
  const [answer] = await request([["ContactCard/get", { accountId, ids: [id] }]]);
  const [card] = answer.list as Card[];
  if (!card) return null;
  const made = { ...card, accountId };
  put({ cards: { ...known().cards, [id]: made }, whole: new Set([...known().whole, id]) });
  return made;
}

export async function wholeCards(cards: Card[]): Promise<Card[]> {
  const byAccount = Map.groupBy(cards, (each) => each.accountId);
  const calls: Call[] = [...byAccount].map(([accountId, all]) => [
    "ContactCard/get",
    { accountId, ids: all.map((each) => each.id) },
  ]);
  const answers = await request(calls);
  const found = answers.flatMap((answer) =>
    answer.list.map((each: Card) => ({ ...each, accountId: answer.accountId })),
  );
  return cards.map((each) => found.find((one: Card) => one.id === each.id) ?? each);
}

export function going(ids: string[], on: boolean): void {
  const next = new Set(known().going);
  for (const id of ids) {
    if (on) next.add(id);
    else next.delete(id);
  }
  put({ going: next });
}

const follows = coalesced(() => loadContacts());

function changed(told: Told): void {
  if (Object.values(told).some((each) => each.ContactCard || each.AddressBook)) follows();
}

/** Begins with the contacts, once, and follows what becomes of them. */
export function beginContacts(): void {
  if (known().started) return;
  put({ started: true });
  whenChanged(changed);
  loadContacts().catch(async (error: Error) => {
    const seen = error instanceof Offline ? await recallRoom<Kept>(ROOM) : null;
    put({ ...seen, started: false, loading: false });
    if (!seen) toast(error.message, { error: true });
  });
}

/** What the list shows: of a book ("": all), with all these words, in the order of names. */
export function shownOf(state: State, book: string, search: string): Card[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return Object.values(state.cards)
    .filter((each) => !state.going.has(each.id) && (!book || each.addressBookIds[book]))
    .filter((each) => {
      if (!words.length) return true;
      const text = wordsOf(each);
      return words.every((word) => text.includes(word));
    })
    .map((each) => ({ each, key: sortKey(each) || nameOf(each) }))
    .sort((one, other) => one.key.localeCompare(other.key))
    .map(({ each }) => each);
}
