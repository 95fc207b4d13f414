/** Folders as lines of a tree: in which order, how deep, and which of them are folded away. */
import type { Mailbox } from "../jmap/types";
import { get, keep, set } from "../store";

const ROLES = ["inbox", "snoozed", "drafts", "sent", "archive", "junk", "trash"];

function order(one: Mailbox, other: Mailbox): number {
  const rank = (each: Mailbox) => (each.role && ROLES.includes(each.role) ? ROLES.indexOf(each.role) : ROLES.length);
  return rank(one) - rank(other) || one.sortOrder - other.sortOrder || one.name.localeCompare(other.name);
}

/** What lies in each folder, in order; under null what lies in none that is there. */
function inside(all: Mailbox[]): Map<string | null, Mailbox[]> {
  const there = new Set(all.map((each) => each.id));
  const found = new Map<string | null, Mailbox[]>();
  for (const each of [...all].sort(order)) {
    const parent = each.parentId && there.has(each.parentId) ? each.parentId : null;
    found.set(parent, [...(found.get(parent) ?? []), each]);
  }
  return found;
}

/** All folders, each with how deep it is. */
export function lines(all: Mailbox[]): [Mailbox, number][] {
  return visible(all, new Set(), null).map(({ folder, depth }) => [folder, depth]);
}

export interface Line {
  folder: Mailbox;
  depth: number;
  /** Whether what is in it is shown; null: there is nothing in it. */
  open: boolean | null;
  /** What is unread in it, and in what is folded away below it. */
  unread: number;
}

/** The folders that are shown: all but what lies in a folded one, unless one is in there. */
export function visible(all: Mailbox[], folded: ReadonlySet<string>, here: string | null): Line[] {
  const below = inside(all);
  const ways = new Set<string>();
  const byId = new Map(all.map((each) => [each.id, each]));
  for (let at = byId.get(here ?? "")?.parentId; at && !ways.has(at); at = byId.get(at)?.parentId) ways.add(at);
  const unread = (folder: Mailbox): number =>
    (quiet(folder) ? 0 : folder.unreadEmails) + sum((below.get(folder.id) ?? []).map(unread));
  const under = (parent: string | null, depth: number): Line[] =>
    (below.get(parent) ?? []).flatMap((folder) => {
      const open = below.has(folder.id) ? !folded.has(folder.id) || ways.has(folder.id) : null;
      const line = { folder, depth, open, unread: open === false ? unread(folder) : folder.unreadEmails };
      return open ? [line, ...under(folder.id, depth + 1)] : [line];
    });
  return under(null, 0);
}

const sum = (numbers: number[]) => numbers.reduce((one, other) => one + other, 0);

/** Of whose unread mail nobody wants to know. */
export function quiet(folder: Mailbox): boolean {
  return folder.role === "trash" || folder.role === "sent";
}

/** Folds a folder, or unfolds it; the device remembers which are. */
export function fold(id: string, away: boolean): void {
  const folded = new Set(get().folded);
  if (away) folded.add(id);
  else folded.delete(id);
  keep("folded", [...folded]);
  set({ folded });
}
