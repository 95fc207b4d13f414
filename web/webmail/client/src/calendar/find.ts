/** Events by their words, in all calendars that one may read, whenever they are. */
import { addMonths } from "date-fns";
import { type Call, request } from "../jmap/client";
import { calendarOf, isBlock, shownTimes } from "./events";
import { loadCalendars, ofAccount } from "./load";
import { get, now, type Shown, zone } from "./store";
import { localText } from "./time";
import { type CalendarEvent, SHOWN_PROPERTIES } from "./types";

/** Of each account, and of what is shown. */
const MOST = 50;
/** Months in which occurrences of a series are looked for: as many as one query may ask for. */
const AHEAD = 23;

/** What is found, what is to come first, the next before the others; then what was, the last first. A series is there
 * once, with its next occurrence. */
export async function findEvents(words: string): Promise<Shown[]> {
  if (!get().calendars.length) await loadCalendars();
  const { calendars } = get();
  const accounts = [...new Set(calendars.map((each) => each.accountId))];
  const found = await Promise.all(accounts.map((accountId) => findIn(accountId, words)));
  const from = now();
  const shown = found.flat().flatMap((event): Shown[] => {
    const calendar = calendarOf(event, calendars);
    if (!calendar || isBlock(event, calendars)) return [];
    return [{ id: event.id, event, calendar, ...shownTimes(event) }];
  });
  const comes = (each: Shown) => each.end >= from;
  return shown
    .sort((one, other) => {
      if (comes(one) !== comes(other)) return comes(one) ? -1 : 1;
      const by = one.start.getTime() - other.start.getTime();
      return comes(one) ? by : -by;
    })
    .slice(0, MOST);
}

async function findIn(accountId: string, text: string): Promise<CalendarEvent[]> {
  const span = { after: localText(now()), before: localText(addMonths(now(), AHEAD)) };
  const sort = [{ property: "start", isAscending: false }];
  const found = (id: string) => ({
    accountId,
    "#ids": { resultOf: id, name: "CalendarEvent/query", path: "/ids" },
    properties: SHOWN_PROPERTIES,
    timeZone: zone(),
  });
  const calls: Call[] = [
    ["CalendarEvent/query", { accountId, filter: { text }, sort, timeZone: zone(), limit: MOST }, "all"],
    ["CalendarEvent/get", found("all")],
    [
      "CalendarEvent/query",
      { accountId, filter: { text, ...span }, expandRecurrences: true, timeZone: zone(), limit: MOST },
      "next",
    ],
    ["CalendarEvent/get", found("next")],
  ];
  const [, all, , next] = await request(calls);
  const coming = ofAccount(accountId, next.list).sort((one, other) => one.start.localeCompare(other.start));
  const known = new Map<string, CalendarEvent>();
  for (const each of [...coming, ...ofAccount(accountId, all.list)]) {
    const key = each.baseEventId ?? each.id;
    if (!known.has(key)) known.set(key, each);
  }
  return [...known.values()];
}
