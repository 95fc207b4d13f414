/** Where in the app one is, as the address of the page says it: `/mail/A1/F7/M12`, `/mail/A1/search/words/M12`. */

export interface Place {
  accountId: string | null;
  mailboxId: string | null;
  search: string | null;
  emailId: string | null;
}

export const NOWHERE: Place = { accountId: null, mailboxId: null, search: null, emailId: null };
const ROOT = "/mail/";

export function placeOf(path: string): Place {
  const [accountId, second, third, fourth] = path
    .slice(ROOT.length)
    .split("/")
    .map((each) => {
      try {
        return decodeURIComponent(each);
      } catch {
        return "";
      }
    });
  if (!accountId || !second) return NOWHERE;
  if (second === "search") return { accountId, mailboxId: null, search: third ?? "", emailId: fourth || null };
  return { accountId, mailboxId: second, search: null, emailId: third || null };
}

export function pathOf(place: Place): string {
  const { accountId, mailboxId, search, emailId } = place;
  if (!accountId) return ROOT;
  const at = search !== null ? ["search", search] : [mailboxId ?? ""];
  return ROOT + [accountId, ...at, ...(emailId ? [emailId] : [])].map(encodeURIComponent).join("/");
}

/** Whether both show the same list. */
export function sameList(one: Place, other: Place): boolean {
  return one.accountId === other.accountId && one.mailboxId === other.mailboxId && one.search === other.search;
}
