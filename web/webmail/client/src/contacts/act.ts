/** What people do with contacts: made, changed, deleted (not at once, so that it can be undone), merged, moved. */
import { t } from "i18next";
import { type Call, change, request, upload } from "../jmap/client";
import { refused, type Told } from "../jmap/errors";
import { later } from "../later";
import type { Imported } from "../shell/ImportForm";
import { get as app, toast } from "../store";
import { filledFrom, nameOf } from "./card";
import { going, known, loadContacts, openCard, wholeCards } from "./load";
import type { Book, Card } from "./types";

const UNDO_SECONDS = 8;
const PHOTO_SIDE = 512;
const IN_SET = 100;

function say(error: unknown): void {
  toast((error as Error).message, { error: true });
}

/** Where a new contact comes to: the book that is looked at, else one's own. */
export function bookFor(at: string): Book | undefined {
  const { books } = known();
  const own = app().accounts.find((each) => each.own)?.id;
  return (
    books.find((each) => each.id === at && each.myRights.mayWrite) ??
    books.find((each) => each.accountId === own && each.isDefault) ??
    books.find((each) => each.myRights.mayWrite)
  );
}

export function mayChange(card: Card): boolean {
  return known().books.some((each) => card.addressBookIds[each.id] && each.myRights.mayWrite);
}

/** Its id. */
export async function makeCard(book: Book, card: Record<string, unknown>): Promise<string> {
  const create = { made: { ...card, addressBookIds: { [book.id]: true } } };
  const [answer] = await change([["ContactCard/set", { accountId: book.accountId, create }]]);
  await loadContacts();
  return answer.created.made.id;
}

export async function changeCard(card: Card, patch: Record<string, unknown>): Promise<void> {
  if (Object.keys(patch).length)
    await change([["ContactCard/set", { accountId: card.accountId, update: { [card.id]: patch } }]]);
  await openCard(card.id);
}

/** Off the list at once, off the server after some seconds; what is given back is the way to keep them. */
function destroyLater(cards: Card[]): () => void {
  const ids = cards.map((each) => each.id);
  going(ids, true);
  const keep = later(UNDO_SECONDS, () => {
    const byAccount = Map.groupBy(cards, (each) => each.accountId);
    const calls: Call[] = [...byAccount].map(([accountId, all]) => [
      "ContactCard/set",
      { accountId, destroy: all.map((each) => each.id) },
    ]);
    change(calls)
      .catch(say)
      .then(loadContacts)
      .then(() => going(ids, false), say);
  });
  return () => {
    keep();
    going(ids, false);
  };
}

export function deleteCards(cards: Card[]): void {
  const undo = destroyLater(cards);
  const name = nameOf(cards[0] as Card);
  toast(t("contacts.deleted", { count: cards.length, name }), { undo, seconds: UNDO_SECONDS });
}

/** The first keeps what it has and gets what the others have more; they go, and Undo makes both what they were. */
export async function mergeCards(set: Card[]): Promise<void> {
  const [first, ...others] = await wholeCards(set);
  if (!first) return;
  let merged = first;
  let patch: Record<string, unknown> = {};
  for (const each of others) {
    const more = filledFrom(merged, each);
    patch = { ...patch, ...more };
    merged = { ...merged, ...more } as Card;
  }
  const before = Object.fromEntries(
    Object.keys(patch).map((name) => [name, (first as unknown as Record<string, unknown>)[name] ?? null]),
  );
  await changeCard(first, patch);
  const keep = destroyLater(others);
  const undo = () => {
    keep();
    void changeCard(first, before).catch(say);
  };
  toast(t("contacts.merged", { name: nameOf(first) }), { undo, seconds: UNDO_SECONDS });
}

/** A picture as small as a contact needs it, as a medium of the card. */
export async function photoFrom(accountId: string, file: File): Promise<Record<string, unknown>> {
  const picture = await createImageBitmap(file).catch(() => {
    throw new Error(t("contacts.noPicture"));
  });
  const scale = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const small = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.85));
  if (!small) throw new Error(t("contacts.noPicture"));
  const { blobId } = await upload(accountId, small);
  return { kind: "photo", blobId, mediaType: "image/jpeg" };
}

// --- address books

export async function makeBook(name: string): Promise<void> {
  const accountId = app().accounts.find((each) => each.own)?.id;
  await change([["AddressBook/set", { accountId, create: { made: { name } } }]]);
  await loadContacts();
}

export async function renameBook(book: Book, name: string): Promise<void> {
  await change([["AddressBook/set", { accountId: book.accountId, update: { [book.id]: { name } } }]]);
  await loadContacts();
}

/** With everything in it. */
export async function deleteBook(book: Book): Promise<void> {
  const given = { accountId: book.accountId, destroy: [book.id], onDestroyRemoveContents: true };
  await change([["AddressBook/set", given]]);
  await loadContacts();
}

// --- files

export type Policy = "skip" | "fill" | "replace" | "keep";

function sameAs(card: Card, all: Card[]): Card | undefined {
  const emails = new Set(Object.values(card.emails ?? {}).map((each) => each.address.toLowerCase()));
  const name = nameOf(card).toLocaleLowerCase();
  return all.find(
    (each) =>
      each.uid === card.uid ||
      Object.values(each.emails ?? {}).some((one) => emails.has(one.address.toLowerCase())) ||
      (!emails.size && name !== "" && nameOf(each).toLocaleLowerCase() === name),
  );
}

const FIXED = new Set(["id", "accountId", "addressBookIds", "uid", "@type", "version", "created", "updated", "prodId"]);

/** Puts contacts into a book; `policy` says what becomes of those that are there already. */
export async function importCards(book: Book, cards: Record<string, unknown>[], policy: Policy): Promise<Imported> {
  const done: Imported = { made: 0, changed: 0, skipped: 0, failed: [] };
  const there = Object.values(known().cards).filter((each) => each.addressBookIds[book.id]);
  const create: Record<string, unknown> = {};
  const update: Record<string, Record<string, unknown>> = {};
  for (const [number, card] of cards.entries()) {
    const given = card as unknown as Card;
    const found = sameAs(given, there);
    if (!found) create[`k${number}`] = { ...card, addressBookIds: { [book.id]: true } };
    else if (policy === "keep") {
      const { uid: _uid, ...rest } = card;
      create[`k${number}`] = { ...rest, addressBookIds: { [book.id]: true } };
    } else if (policy === "skip") done.skipped += 1;
    else {
      const [whole] = await wholeCards([found]);
      const patch =
        policy === "fill"
          ? filledFrom(whole as Card, given)
          : Object.fromEntries(Object.entries(card).filter(([name]) => !FIXED.has(name)));
      if (Object.keys(patch).length) update[found.id] = { ...update[found.id], ...patch };
      else done.skipped += 1;
    }
  }
  await inPieces(book.accountId, "create", create, done);
  await inPieces(book.accountId, "update", update, done);
  await loadContacts();
  return done;
}

async function inPieces(accountId: string, what: "create" | "update", all: object, done: Imported): Promise<void> {
  const entries = Object.entries(all);
  for (let at = 0; at < entries.length; at += IN_SET) {
    const piece = entries.slice(at, at + IN_SET);
    const [answer] = await request([["ContactCard/set", { accountId, [what]: Object.fromEntries(piece) }]]);
    const failed = Object.entries((answer.notCreated ?? answer.notUpdated ?? {}) as Record<string, Told>);
    const names = new Map(piece.map(([key, card]) => [key, nameOf(card as Card)]));
    done.failed.push(...failed.map(([key, why]) => `${names.get(key) || key}: ${refused(why).message}`));
    done[what === "create" ? "made" : "changed"] += piece.length - failed.length;
  }
}
