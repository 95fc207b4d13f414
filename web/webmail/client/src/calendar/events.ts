/** Reading events: when they are shown, whose they are, what one may do with them. */
import { addDays, format, isSameDay, startOfDay } from "date-fns";
import { dated } from "../dates";
import { get as app } from "../store";
import { type Shown, type State, zone } from "./store";
import { isZone, localOf, minutesOf, momentIn, shifted, shownIn, utcText } from "./time";
import type { Calendar, CalendarEvent, EventObject, Participant, Status } from "./types";

/** The colours that calendars have, where nobody has chosen another one: by their place in the list. */
export const COLOURS = ["#0b7a6a", "#3a6fb7", "#b0573d", "#7a5ea8", "#8a7a1f", "#b1487a", "#4a7f3c", "#5f6b73"];

export function colourOf(calendar: Calendar, all: Calendar[]): string {
  return calendar.color ?? (COLOURS[all.indexOf(calendar) % COLOURS.length] as string);
}

export function calendarOf(event: CalendarEvent, calendars: Calendar[]): Calendar | undefined {
  return calendars.find((each) => each.accountId === event.accountId && event.calendarIds[each.id]);
}

/** What the server says, in English, of a time when somebody is busy, and our words for it. */
const BUSY_WORDS: Record<string, string> = {
  Busy: "calendar.busy",
  Tentative: "calendar.busyMaybe",
  "Not available": "calendar.busyAway",
};

/** How the ids of what the server makes begin: times that are taken, and birthdays. */
const MADE = "Ex";

/** Whether it stands for a time when somebody is busy: it is made by the server, and its calendar tells no more. */
export function isBlock(event: CalendarEvent, calendars: Calendar[]): boolean {
  const rights = calendarOf(event, calendars)?.myRights;
  return event.id.startsWith(MADE) && Boolean(rights?.mayReadFreeBusy && !rights.mayReadItems);
}

/** The event; a time when somebody is busy is called so in the language of the reader. */
export function inOwnWords(event: CalendarEvent, calendars: Calendar[], t: (key: string) => string): CalendarEvent {
  const key = BUSY_WORDS[event.title ?? ""];
  return key && isBlock(event, calendars) ? { ...event, title: t(key) } : event;
}

/** What says when something takes place. */
export type Timed = Pick<CalendarEvent, "start" | "duration" | "showWithoutTime" | "utcStart" | "utcEnd">;

/** The moments of what says them by a clock; without a zone by that of the view. */
export function momentsOf({ start, duration, timeZone }: Pick<EventObject, "start" | "duration" | "timeZone">) {
  const from = momentIn(isZone(timeZone) ? timeZone : zone(), localOf(start));
  const to = new Date(from.getTime() + minutesOf(duration) * 60_000);
  return { utcStart: utcText(from), utcEnd: utcText(to) };
}

/** Times in words. */
export function whenText({ start, end, allDay }: ReturnType<typeof shownTimes>, t: (key: string) => string): string {
  const last = allDay ? shifted(end, -1, 0) : end;
  const day = (at: Date) => dated(at, "EEEE, d MMMM yyyy");
  if (allDay) return isSameDay(start, last) ? `${day(start)}, ${t("calendar.allDay")}` : `${day(start)} – ${day(last)}`;
  if (isSameDay(start, end)) return `${day(start)}, ${format(start, "p")} – ${format(end, "p")}`;
  return `${day(start)}, ${format(start, "p")} – ${day(end)}, ${format(end, "p")}`;
}

/** When it takes place, as a clock in the zone of the view shows it. */
export function shownTimes(event: Timed): { start: Date; end: Date; allDay: boolean } {
  const allDay = Boolean(event.showWithoutTime);
  if (allDay) {
    const start = startOfDay(localOf(event.start));
    return { start, end: addDays(start, Math.max(1, Math.round(minutesOf(event.duration) / 1440))), allDay };
  }
  const start = shownIn(zone(), new Date(event.utcStart));
  return { start, end: shownIn(zone(), new Date(event.utcEnd)), allDay };
}

/** What is to be seen: of calendars that are shown, and not about to be deleted. */
export function shownOf({ events, calendars, hidden }: State): Shown[] {
  const found: Shown[] = [];
  for (const event of events ?? []) {
    const calendar = calendarOf(event, calendars);
    if (!calendar?.isVisible || hidden.has(event.id) || (event.baseEventId && hidden.has(event.baseEventId))) continue;
    found.push({ id: event.id, event, calendar, ...shownTimes(event) });
  }
  return found.sort(
    (one, other) =>
      Number(other.allDay) - Number(one.allDay) ||
      one.start.getTime() - other.start.getTime() ||
      other.end.getTime() - one.end.getTime(),
  );
}

/** Whether some of it is in the days. */
export function meets(each: Shown, from: Date, to: Date): boolean {
  return each.start < to && (each.end > from || (each.start.getTime() === each.end.getTime() && each.start >= from));
}

export function addressOf(person: Participant): string {
  const way = person.sendTo?.imip ?? Object.values(person.sendTo ?? {})[0] ?? person.email ?? "";
  return way.replace(/^mailto:/i, "").toLowerCase();
}

export function nameOf(person: Participant): string {
  return person.name || addressOf(person);
}

/** One's own addresses. */
export function mine(): ReadonlySet<string> {
  const { me, identities } = app();
  return new Set([me ?? "", ...identities.map((each) => each.email)].map((each) => each.toLowerCase()));
}

export function people(event: EventObject): [string, Participant][] {
  return Object.entries(event.participants ?? {});
}

/** Those who are asked to come; not who only organizes it. */
export function guests(event: EventObject): [string, Participant][] {
  return people(event).filter(([, each]) => Object.keys(each.roles ?? {}).some((role) => role !== "owner"));
}

export function isRoom(person: Participant): boolean {
  return person.kind === "location" || person.kind === "resource";
}

export function organizer(event: EventObject): Participant | undefined {
  return people(event).find(([, each]) => each.roles?.owner)?.[1];
}

/** Oneself among the guests. */
export function myself(event: EventObject): [string, Participant] | undefined {
  const addresses = mine();
  return guests(event).find(([, each]) => addresses.has(addressOf(each)));
}

/** Whether somebody else has asked one to come. */
export function invited(event: CalendarEvent): boolean {
  const owner = organizer(event);
  return Boolean(owner && !mine().has(addressOf(owner)) && myself(event));
}

export function myStatus(event: EventObject): Status | null {
  const found = myself(event);
  const owner = organizer(event);
  if (!found || (owner && mine().has(addressOf(owner)))) return null;
  return found[1].participationStatus ?? "needs-action";
}

/** Whether one may change more of it than one's own answer. */
export function mayChange(event: CalendarEvent, calendar: Calendar): boolean {
  const { mayWriteAll, mayWriteOwn } = calendar.myRights;
  return (mayWriteAll || (mayWriteOwn && event.isOrigin)) && !invited(event);
}

/** Whether one may have reminders of one's own of it; what the server makes of other things has none. */
export function mayRemind(event: CalendarEvent, calendar: Calendar): boolean {
  return calendar.myRights.mayReadItems && !event.id.startsWith(MADE);
}

export function recurs(event: CalendarEvent): boolean {
  return Boolean(event.baseEventId || event.recurrenceRules?.length);
}

export function placeNamed(event: EventObject): string {
  return Object.values(event.locations ?? {})
    .map((each) => each.name)
    .filter(Boolean)
    .join(", ");
}

/** Where a meeting is on the web, when that is an address of it. */
export function webPlace(event: EventObject): string | null {
  const ways = Object.values(event.virtualLocations ?? {}).map((each) => each.uri);
  return ways.find((each) => /^https?:\/\//i.test(each)) ?? null;
}
