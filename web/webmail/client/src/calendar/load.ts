/** Getting calendars and the events of the time that is looked at; and what others have changed, as the server tells. */
import { addDays, max, min, startOfMonth, startOfWeek } from "date-fns";
import { t } from "i18next";
import { coalesced } from "../coalesce";
import { type Answer, type Call, request } from "../jmap/client";
import { Offline } from "../jmap/errors";
import { type Told, whenChanged } from "../mail/load";
import { keepRoom, recallRoom } from "../offline";
import { get as app } from "../store";
import { inOwnWords } from "./events";
import { daysOf, get, type State, set, useCalendar, type Where, zone } from "./store";
import { localText } from "./time";
import { type Calendar, type CalendarEvent, SHOWN_PROPERTIES } from "./types";

const IN_GET = 500;
const IN_QUERY = 1000;

const ROOM = "calendar";
const MOST_KEPT = 3000;

type Kept = Pick<State, "calendars" | "events">;

/** The time that is looked at as it is now, and what was seen of other times. */
keepRoom<State, Kept>(ROOM, useCalendar, ({ calendars, events, range }, before) => {
  if (!events || !range) return null;
  const others = (before?.events ?? []).filter((each) => each.start < range.from || each.start >= range.to);
  const all = new Map([...others, ...events].map((each) => [`${each.accountId} ${each.id}`, each]));
  return { calendars, events: [...all.values()].slice(-MOST_KEPT) };
});

export async function loadCalendars(): Promise<void> {
  const { accounts } = app();
  const answers = await request(accounts.map(({ id }) => ["Calendar/get", { accountId: id }] as Call));
  const calendars = answers.flatMap((answer) =>
    (answer.list as Omit<Calendar, "accountId">[])
      .map((each) => ({ ...each, accountId: answer.accountId as string }))
      .filter((each) => each.myRights.mayReadItems || each.myRights.mayReadFreeBusy)
      .sort(
        (one, other) =>
          Number(other.isDefault) - Number(one.isDefault) ||
          one.sortOrder - other.sortOrder ||
          one.name.localeCompare(other.name),
      ),
  );
  set({ calendars });
}

/** The events between two local times of the view, of every account that has calendars, or of one. */
export async function eventsBetween(from: string, to: string, only?: string): Promise<CalendarEvent[]> {
  const accounts = [...new Set(get().calendars.map((each) => each.accountId))].filter((each) => !only || each === only);
  const filter = { after: from, before: to };
  const query = { filter, expandRecurrences: true, timeZone: zone() };
  if (!accounts.length) return [];
  const calls = accounts.flatMap((accountId): Call[] => [
    ["CalendarEvent/query", { accountId, ...query, limit: IN_GET }, `q${accountId}`],
    [
      "CalendarEvent/get",
      {
        accountId,
        "#ids": { resultOf: `q${accountId}`, name: "CalendarEvent/query", path: "/ids" },
        properties: SHOWN_PROPERTIES,
        timeZone: zone(),
      },
      `g${accountId}`,
    ],
  ]);
  const answers = await inTurns(calls);
  const found: CalendarEvent[] = [];
  for (let at = 0; at < answers.length; at += 2) {
    const { accountId, ids } = answers[at];
    found.push(...ofAccount(accountId, answers[at + 1].list));
    if (ids.length === IN_GET) found.push(...(await furtherOf(accountId, query)));
  }
  return found;
}

/** What is over the first page of a query. */
async function furtherOf(accountId: string, query: Record<string, unknown>): Promise<CalendarEvent[]> {
  const found: CalendarEvent[] = [];
  for (let position = IN_GET; ; position += IN_QUERY) {
    const [more] = await request([["CalendarEvent/query", { accountId, ...query, position, limit: IN_QUERY }]]);
    for (let at = 0; at < more.ids.length; at += IN_GET) {
      const ids = more.ids.slice(at, at + IN_GET);
      const given = { accountId, ids, properties: SHOWN_PROPERTIES, timeZone: zone() };
      const [answer] = await request([["CalendarEvent/get", given]]);
      found.push(...ofAccount(accountId, answer.list));
    }
    if (more.ids.length < IN_QUERY) return found;
  }
}

const CALLS = 30;

/** As many calls at once as the server takes. */
async function inTurns(calls: Call[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < calls.length; at += CALLS) answers.push(...(await request(calls.slice(at, at + CALLS))));
  return answers;
}

export function ofAccount(accountId: string, list: Omit<CalendarEvent, "accountId">[]): CalendarEvent[] {
  const { calendars } = get();
  return list
    .filter((each) => each.start)
    .map((each) => inOwnWords({ ...each, accountId } as CalendarEvent, calendars, (key) => t(key)));
}

let turn = 0;
/** What is looked at: an answer about another time, which one has left meanwhile, is not shown. */
let shown = { from: "", to: "" };

const SMALL_MONTH = 42;

function covered(by: { from: string; to: string }): boolean {
  return by.from <= shown.from && by.to >= shown.to;
}

/** Gets what a view shows and the small month beside it, and a day on each side. */
export async function loadWhere(where: Where, again = false): Promise<void> {
  const days = daysOf(where, get().prefs);
  const first = startOfWeek(startOfMonth(where.date), { weekStartsOn: get().prefs.weekStart });
  const from = localText(addDays(min([days.from, first]), -1));
  const to = localText(addDays(max([days.to, addDays(first, SMALL_MONTH)]), 1));
  shown = { from, to };
  const known = get().range;
  if (!again && known && covered(known) && get().events) return;
  turn += 1;
  const mineIs = turn;
  try {
    if (!get().calendars.length) await loadCalendars();
    const events = await eventsBetween(from, to);
    if (mineIs === turn && covered({ from, to })) set({ events, range: { from, to }, failed: null });
  } catch (error) {
    if (mineIs !== turn || !covered({ from, to })) return;
    const seen = error instanceof Offline ? await recallRoom<Kept>(ROOM) : null;
    set(seen ? { ...seen, range: shown, failed: null } : { failed: (error as Error).message });
  }
}

/** The same time again, as it is now. */
export async function refresh(): Promise<void> {
  const { range } = get();
  if (!range) return;
  turn += 1;
  const mineIs = turn;
  const events = await eventsBetween(range.from, range.to).catch(() => null);
  if (events && mineIs === turn) set({ events });
}

/** One whole: of an occurrence, the event that recurs. */
export async function wholeOf(accountId: string, id: string): Promise<CalendarEvent | null> {
  const [answer] = await request([["CalendarEvent/get", { accountId, ids: [id] }]]);
  return ofAccount(accountId, answer.list)[0] ?? null;
}

let holders = false;
const follows = coalesced(async () => {
  if (holders) await loadCalendars();
  holders = false;
  await refresh();
});

/** Follows what others do, until what is given back is called. */
export function followCalendars(): () => void {
  return whenChanged((told: Told) => {
    const types = Object.values(told);
    if (!types.some((each) => each.Calendar || each.CalendarEvent)) return;
    holders ||= types.some((each) => each.Calendar);
    follows();
  });
}
