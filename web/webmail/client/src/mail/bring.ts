/** Brings files of mail into a folder: read here, put there by `Blob/upload` and `Email/import`, some at a time. */
import { t } from "i18next";
import { each, upload } from "../jmap/client";
import { Refused, refused, type Told } from "../jmap/errors";
import type { Mailbox } from "../jmap/types";
import { type Found, messageOf, messagesIn, TooLong } from "./mbox";
import { size } from "./when";

const AT_ONCE = 25;
const AT_ONCE_OCTETS = 3 * 1024 * 1024;
export const LONGEST = 50 * 1024 * 1024;

export interface Brought {
  imported: number;
  /** Which message could not be taken, and why. */
  refused: { name: string; why: string }[];
  /** Octets that have been read, of all. */
  read: number;
  total: number;
}

interface Named extends Found {
  name: string;
}

/** Files one after the other, until `stopped` says so. `tell` hears how far it is. */
export async function bring(
  folder: Mailbox,
  files: File[],
  tell: (now: Brought) => void,
  stopped: () => boolean,
): Promise<Brought> {
  const now: Brought = { imported: 0, refused: [], read: 0, total: files.reduce((sum, file) => sum + file.size, 0) };
  let waiting: Named[] = [];
  let octets = 0;
  let before = 0;
  const flush = async () => {
    const some = waiting;
    waiting = [];
    octets = 0;
    if (some.length) await put(folder, some, now);
    tell({ ...now });
  };
  for (const file of files) {
    let number = 0;
    for await (const found of messagesOf(file)) {
      if (stopped()) return now;
      number += 1;
      const name = number > 1 || !isSingle(file) ? `${file.name}, ${number}` : file.name;
      if (found instanceof TooLong) now.refused.push({ name, why: t("bring.tooLong", { size: size(LONGEST) }) });
      else {
        waiting.push({ ...found, name });
        octets += found.octets.length;
        now.read = Math.min(now.read + found.octets.length, before + file.size);
      }
      if (waiting.length >= AT_ONCE || octets >= AT_ONCE_OCTETS) await flush();
    }
    if (!number) now.refused.push({ name: file.name, why: t("bring.nothing") });
    before += file.size;
    now.read = before;
    await flush();
  }
  return now;
}

function isSingle(file: File): boolean {
  return /\.eml$/i.test(file.name) || file.type === "message/rfc822";
}

async function* messagesOf(file: File): AsyncGenerator<Found | TooLong> {
  if (!isSingle(file)) yield* messagesIn(file.stream(), LONGEST);
  else if (file.size > LONGEST) yield new TooLong();
  else yield messageOf(new Uint8Array(await file.arrayBuffer()));
}

async function put(folder: Mailbox, some: Named[], now: Brought): Promise<void> {
  const { accountId } = folder;
  try {
    const blobs = await uploaded(accountId, some);
    const emails = Object.fromEntries(
      some.map((one, at) => [
        `m${at}`,
        {
          blobId: blobs[at],
          mailboxIds: { [folder.id]: true },
          keywords: one.keywords,
          ...(one.receivedAt ? { receivedAt: one.receivedAt } : {}),
        },
      ]),
    );
    const [answer] = await each([["Email/import", { accountId, emails }]]);
    if (answer instanceof Refused) throw answer;
    now.imported += Object.keys(answer.created ?? {}).length;
    for (const [key, error] of Object.entries(answer.notCreated ?? {})) {
      const why = refused(error as Told).message;
      now.refused.push({ name: some[Number(key.slice(1))]?.name ?? "", why });
    }
  } catch (error) {
    for (const one of some) now.refused.push({ name: one.name, why: (error as Error).message });
  }
}

/** The ids of their octets: together in one request, or a large one by itself. */
async function uploaded(accountId: string, some: Named[]): Promise<string[]> {
  if (some.reduce((sum, one) => sum + one.octets.length, 0) > AT_ONCE_OCTETS) {
    const found: string[] = [];
    for (const one of some) {
      const octets = new Blob([one.octets as Uint8Array<ArrayBuffer>], { type: "message/rfc822" });
      found.push((await upload(accountId, octets)).blobId);
    }
    return found;
  }
  const create = Object.fromEntries(
    some.map((one, at) => [`b${at}`, { data: [{ "data:asBase64": base64(one.octets) }], type: "message/rfc822" }]),
  );
  const [answer] = await each([["Blob/upload", { accountId, create }]]);
  if (answer instanceof Refused) throw answer;
  const wrong = Object.values(answer.notCreated ?? {})[0] as Told | undefined;
  if (wrong) throw refused(wrong);
  return some.map((_, at) => answer.created[`b${at}`].id ?? answer.created[`b${at}`].blobId);
}

function base64(octets: Uint8Array): string {
  let text = "";
  for (let at = 0; at < octets.length; at += 8192) text += String.fromCharCode(...octets.subarray(at, at + 8192));
  return btoa(text);
}
