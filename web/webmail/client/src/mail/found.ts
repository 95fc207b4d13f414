/** What is found in several accounts, as one list, the newest first. */
import { type Answer, type Call, each } from "../jmap/client";
import { Refused } from "../jmap/errors";
import { type Email, LIST_PROPERTIES } from "../jmap/types";

export const WINDOW = 60;
export const MOST_AT_ONCE = 500;
const CALLS = 30;

/** What is known of one account: the beginning of what it has found. */
export interface Source {
  accountId: string;
  filter: Record<string, unknown>;
  ids: string[];
  /** When each came. */
  moments: string[];
  /** Not known until the first answer. */
  total: number | null;
}

export function sourceOf(accountId: string, filter: Record<string, unknown>): Source {
  return { accountId, filter, ids: [], moments: [], total: null };
}

const ended = (source: Source) => source.total !== null && source.ids.length >= source.total;

/** The order of all of them, as far as it is certain: up to where the next of one account is not known. */
export function merged(sources: Source[]): string[] {
  const at = sources.map(() => 0);
  const found: string[] = [];
  for (;;) {
    let newest = -1;
    for (const [index, source] of sources.entries()) {
      const moment = source.moments[at[index] ?? 0];
      if (moment === undefined) {
        if (!ended(source)) return found;
      } else if (newest < 0 || moment > (sources[newest]?.moments[at[newest] ?? 0] ?? "")) newest = index;
    }
    if (newest < 0) return found;
    const position = at[newest] ?? 0;
    found.push(sources[newest]?.ids[position] as string);
    at[newest] = position + 1;
  }
}

export function totalOf(sources: Source[]): number {
  return sources.reduce((sum, source) => sum + (source.total ?? 0), 0);
}

export interface Extended {
  sources: Source[];
  /** Those of which lines can be shown already. */
  emails: Email[];
  /** What an account has said that could not be asked. */
  wrong: string[];
}

/** Asks until the first `most` of all are known. An account that cannot be asked is left out. */
export async function extended(sources: Source[], most: number): Promise<Extended> {
  const emails: Email[] = [];
  const wrong: string[] = [];
  let now = sources;
  for (;;) {
    const known = merged(now).length;
    const open = now.filter((source) => !ended(source) && source.ids.length < most);
    const whole = now.every((source) => source.total !== null);
    if ((whole && known >= Math.min(most, totalOf(now))) || !open.length) return { sources: now, emails, wrong };
    const more = await asked(open, most);
    for (const [source, answer] of more) {
      if (answer instanceof Refused) wrong.push(answer.message);
      else
        for (const email of answer.list as Email[])
          if (email.blobId) emails.push({ ...email, accountId: source.accountId });
    }
    now = now.map((source) => (more.has(source) ? grown(source, more.get(source)) : source));
  }
}

/** With what an account has answered; who cannot be asked, or has less than it said, is at its end. */
function grown(source: Source, answer: Answer): Source {
  if (answer instanceof Refused) return { ...source, total: source.ids.length };
  const there = new Set(source.ids);
  const moments = new Map((answer.list as Email[]).map((email) => [email.id, email.receivedAt]));
  const fresh = (answer.ids as string[]).filter((id) => moments.has(id) && !there.has(id));
  const ids = [...source.ids, ...fresh];
  const total = fresh.length ? answer.total : ids.length;
  return { ...source, ids, moments: [...source.moments, ...fresh.map((id) => moments.get(id) ?? "")], total };
}

async function asked(open: Source[], most: number): Promise<Map<Source, Answer>> {
  const found = new Map<Source, Answer>();
  for (let at = 0; at < open.length; at += CALLS / 2) {
    const some = open.slice(at, at + CALLS / 2);
    const answers = await each(some.flatMap((source, index) => callsOf(source, most, `${index}`)));
    for (const [index, source] of some.entries()) {
      const [query, emails] = answers.slice(2 * index, 2 * index + 2);
      const refused = [query, emails].find((answer) => answer instanceof Refused);
      found.set(source, refused ?? { ids: query.ids, total: query.total, list: emails.list });
    }
  }
  return found;
}

function callsOf(source: Source, most: number, key: string): Call[] {
  const { accountId, filter } = source;
  const limit = Math.min(Math.max(most - source.ids.length, WINDOW), MOST_AT_ONCE);
  const sort = [{ property: "receivedAt", isAscending: false }];
  const query = { accountId, filter, sort, position: source.ids.length, limit, calculateTotal: true };
  const ids = { resultOf: `q${key}`, name: "Email/query", path: "/ids" };
  const properties = limit > WINDOW ? ["id", "receivedAt"] : LIST_PROPERTIES;
  return [
    ["Email/query", query, `q${key}`],
    ["Email/get", { accountId, "#ids": ids, properties }, `e${key}`],
  ];
}
