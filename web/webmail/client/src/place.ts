/** Where in the app one is, as the address of the page says it: `/mail/A1/F7/M12`, `/mail/A1/search/words/M12` in the
 * room of mail, `/mail/calendar/week/2026-11-27` in another. */

export interface Place {
  /** The key of the room, as the table of rooms has it. */
  room: string;
  /** What a room other than that of mail says of itself. */
  path: string[];
  accountId: string | null;
  mailboxId: string | null;
  search: string | null;
  emailId: string | null;
}

export const MAIL_ROOM = "mail";
export const NOWHERE: Place = {
  room: MAIL_ROOM,
  path: [],
  accountId: null,
  mailboxId: null,
  search: null,
  emailId: null,
};
const ROOT = "/mail/";
/** Rooms are small letters; accounts are not. */
const ROOM = /^[a-z]+$/;

export function placeOf(path: string): Place {
  const pieces = path
    .slice(ROOT.length)
    .split("/")
    .map((each) => {
      try {
        return decodeURIComponent(each);
      } catch {
        return "";
      }
    });
  const [accountId, second, third, fourth] = pieces;
  if (accountId && ROOM.test(accountId)) return { ...NOWHERE, room: accountId, path: pieces.slice(1).filter(Boolean) };
  if (!accountId || !second) return NOWHERE;
  if (second === "search") return { ...NOWHERE, accountId, search: third ?? "", emailId: fourth || null };
  return { ...NOWHERE, accountId, mailboxId: second, emailId: third || null };
}

export function pathOf(place: Place): string {
  const { room, path, accountId, mailboxId, search, emailId } = place;
  if (room !== MAIL_ROOM) return ROOT + [room, ...path].map(encodeURIComponent).join("/");
  if (!accountId) return ROOT;
  const at = search !== null ? ["search", search] : [mailboxId ?? ""];
  return ROOT + [accountId, ...at, ...(emailId ? [emailId] : [])].map(encodeURIComponent).join("/");
}

/** Whether both show the same list; a search is one of all accounts, whichever an email of it is in. */
export function sameList(one: Place, other: Place): boolean {
  if (one.search !== null) return one.search === other.search;
  return one.accountId === other.accountId && one.mailboxId === other.mailboxId && one.search === other.search;
}
