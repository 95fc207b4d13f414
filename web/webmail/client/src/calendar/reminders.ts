/** Reminders of what is to come: said in the page, wherever in it one is; on the desktop, too, when that is wanted. */
import { addDays, addHours, formatDistanceToNow } from "date-fns";
import { t } from "i18next";
import { whenChanged } from "../mail/load";
import { get as app, keep, kept, toast } from "../store";
import { shownTimes } from "./events";
import { eventsBetween, loadCalendars } from "./load";
import { followProposals } from "./meetings";
import { get, now, set, visit, zone } from "./store";
import { localText, minutesOf, momentIn } from "./time";
import type { Alert, CalendarEvent } from "./types";

const TICK = 20_000;
const AGAIN = 30 * 60_000;
const AFTER_PUSH = 2_000;
const AHEAD_DAYS = 8;
const LATE = 3_600_000;
const SAID_SECONDS = 300;
const MOST_SAID = 300;

export interface Due {
  key: string;
  event: CalendarEvent;
  start: Date;
}

/** When an alert of an event is due: milliseconds since 1970; null: it is none for here. */
export function dueAt(alert: Alert, start: Date, end: Date): number | null {
  const { when, offset, relativeTo } = alert.trigger;
  if (alert.action && alert.action !== "display") return null;
  const at = when
    ? new Date(when).getTime()
    : offset === undefined
      ? Number.NaN
      : (relativeTo === "end" ? end : start).getTime() + minutesOf(offset) * 60_000;
  if (Number.isNaN(at)) return null;
  return alert.acknowledged && new Date(alert.acknowledged).getTime() >= at ? null : at;
}

/** What has become due, and has not been said. */
export function dueOf(events: CalendarEvent[], at: number, said: ReadonlySet<string>): Due[] {
  return events.flatMap((event) => {
    const shown = shownTimes(event);
    const [start, end] = [momentIn(zone(), shown.start), momentIn(zone(), shown.end)];
    if (event.status === "cancelled" || end.getTime() < at - LATE) return [];
    return Object.entries(event.alerts ?? {}).flatMap(([id, alert]) => {
      const due = dueAt(alert, start, end);
      const key = `${event.id} ${id} ${event.start}`;
      return due !== null && due <= at && due > at - LATE && !said.has(key) ? [{ key, event, start }] : [];
    });
  });
}

let events: CalendarEvent[] = [];
const SAID = "reminded";

function tick(): void {
  const said = kept<string[]>(SAID, []);
  for (const { key, event, start } of dueOf(events, Date.now(), new Set(said))) {
    said.push(key);
    say(event, start);
  }
  keep(SAID, said.slice(-MOST_SAID));
}

function say(event: CalendarEvent, start: Date): void {
  const title = event.title || t("calendar.noTitle");
  const text = t("calendar.soon", { title, time: formatDistanceToNow(start, { addSuffix: true }) });
  const open = () => {
    visit({ view: "day", date: shownTimes(event).start });
    const calendar = get().calendars.find((each) => event.calendarIds[each.id]);
    if (calendar) set({ open: { id: event.id, event, calendar, ...shownTimes(event) } });
  };
  toast(text, { seconds: SAID_SECONDS, action: { label: t("calendar.open"), act: open } });
  if (get().prefs.desktop && "Notification" in window && Notification.permission === "granted")
    new Notification(title, { body: text, tag: event.id });
}

async function load(): Promise<void> {
  if (!app().online || !app().me || app().signedOut) return;
  const own = app().accounts.find((each) => each.own)?.id;
  if (!get().calendars.length) await loadCalendars();
  const from = localText(addHours(now(), -2));
  const found = await eventsBetween(from, localText(addDays(now(), AHEAD_DAYS)), own);
  events = found.filter((each) => Object.keys(each.alerts ?? {}).length);
  tick();
}

let begun = false;

/** Begins to look at what is to come. */
export function followReminders(): void {
  if (begun) return;
  begun = true;
  followProposals();
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const soon = () => void load().catch(() => undefined);
  whenChanged((told) => {
    if (!Object.values(told).some((each) => each.CalendarEvent)) return;
    clearTimeout(waiting);
    waiting = setTimeout(soon, AFTER_PUSH);
  });
  setInterval(tick, TICK);
  setInterval(soon, AGAIN);
  soon();
}
