/** Reminders of events and tasks: said in the page, wherever in it one is; on the desktop, too, when that is wanted. */
import { addDays, addHours, formatDistanceToNow } from "date-fns";
import { t } from "i18next";
import { change } from "../jmap/client";
import { visitPlace, whenChanged } from "../mail/load";
import { NOWHERE } from "../place";
import { get as app, keep, kept, type Reminder, set as setApp } from "../store";
import { openTasks } from "../tasks/load";
import type { Task } from "../tasks/types";
import { patched, wrong } from "./act";
import { alertsOf } from "./alerts";
import { momentsOf, shownTimes } from "./events";
import { eventsBetween, loadCalendars } from "./load";
import { followProposals } from "./meetings";
import { get, now, set, visit, zone } from "./store";
import { isZone, localOf, localText, minutesOf, momentIn, utcText } from "./time";
import type { Alert, CalendarEvent } from "./types";

const TICK = 20_000;
const AGAIN = 30 * 60_000;
const AFTER_PUSH = 2_000;
const AHEAD_DAYS = 8;
const HOUR = 3_600_000;
const LATE = { event: HOUR, task: 24 * HOUR };
const MOST_SAID = 300;

/** What reminds of itself: an event or one of its occurrences, or a task. */
export interface Thing {
  kind: "event" | "task";
  accountId: string;
  /** Of what is stored: of an occurrence, the event that recurs. */
  id: string;
  title: string;
  start: Date;
  end: Date;
  alerts: Record<string, Alert>;
  source: CalendarEvent | Task;
}

export interface Due extends Reminder {
  thing: Thing;
  alertId: string;
}

export function thingOf(event: CalendarEvent, calendars = get().calendars): Thing {
  const shown = shownTimes(event);
  const [start, end] = [momentIn(zone(), shown.start), momentIn(zone(), shown.end)];
  const { accountId, title = "" } = event;
  const alerts = alertsOf(event, calendars);
  return { kind: "event", accountId, id: event.baseEventId ?? event.id, title, start, end, alerts, source: event };
}

export function taskThing(task: Task): Thing | null {
  const moment = (text: string | undefined) =>
    text ? momentIn(isZone(task.timeZone) ? task.timeZone : zone(), localOf(text)) : null;
  const start = moment(task.start ?? task.due);
  const end = moment(task.due ?? task.start);
  if (!start || !end || !Object.keys(task.alerts ?? {}).length) return null;
  const { accountId, id, title = "", alerts = {} } = task;
  return { kind: "task", accountId, id, title, start, end, alerts, source: task };
}

/** When an alert of something is due: milliseconds since 1970; null: it is none for here, or was seen already. */
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

/** What has become due, and was not put aside here; what is put off is of a series as a whole, and told once. */
export function dueOf(things: Thing[], at: number, aside: ReadonlySet<string>): Due[] {
  const found = new Map<string, Due>();
  for (const thing of things) {
    const { kind, start, end } = thing;
    for (const [alertId, alert] of Object.entries(thing.alerts)) {
      const due = dueAt(alert, start, end);
      const once = alert.trigger.when !== undefined;
      const gone = !once && kind === "event" && end.getTime() < at - LATE.event;
      if (due === null || due > at || due <= at - LATE[kind] || gone) continue;
      const key = once ? `${thing.id} ${alertId} ${due}` : `${thing.id} ${alertId} ${start.getTime()}`;
      const other = found.get(key);
      const nearer = !other || Math.abs(start.getTime() - due) < Math.abs(other.when - due);
      if (aside.has(key) || !nearer) continue;
      found.set(key, { key, kind, title: thing.title, when: start.getTime(), thing, alertId });
    }
  }
  return [...found.values()].sort((one, other) => one.when - other.when);
}

let events: Thing[] = [];
let tasks: Thing[] = [];
let shown: Due[] = [];
const ASIDE = "reminded";
const SAID = "notified";

function remember(name: string, key: string): void {
  keep(name, [...kept<string[]>(name, []), key].slice(-MOST_SAID));
}

function tick(): void {
  const aside = new Set(kept<string[]>(ASIDE, []));
  shown = dueOf([...events, ...tasks], Date.now(), aside);
  const keys = shown.map((each) => each.key).join("\n");
  if (
    keys !==
    app()
      .reminders.map((each) => each.key)
      .join("\n")
  )
    setApp({ reminders: shown.map(({ key, kind, title, when }) => ({ key, kind, title, when })) });
  const said = new Set(kept<string[]>(SAID, []));
  for (const each of shown) if (!said.has(each.key)) onDesktop(each);
}

export function soonText({ title, when }: Reminder): string {
  const time = formatDistanceToNow(when, { addSuffix: true });
  return t("calendar.soon", { title: title || t("calendar.noTitle"), time });
}

function onDesktop(each: Due): void {
  remember(SAID, each.key);
  if (!get().prefs.desktop || !("Notification" in window) || Notification.permission !== "granted") return;
  const notice = new Notification(each.title || t("calendar.noTitle"), { body: soonText(each), tag: each.key });
  notice.addEventListener("click", () => {
    window.focus();
    openReminder(each.key);
  });
}

function dueCalled(key: string): Due | undefined {
  return shown.find((each) => each.key === key);
}

/** Shows what one is reminded of. */
export function openReminder(key: string): void {
  const due = dueCalled(key);
  if (!due) return;
  if (due.kind === "task") return void visitPlace({ ...NOWHERE, room: "tasks", path: [] }, false);
  const event = due.thing.source as CalendarEvent;
  visit({ view: "day", date: shownTimes(event).start });
  const calendar = get().calendars.find((each) => event.calendarIds[each.id]);
  if (calendar) set({ open: { id: event.id, event, calendar, ...shownTimes(event) } });
}

type Patch = Record<string, unknown>;

/** What changes an alert; those of the calendar become the event's own by that. */
export function asOwn({ source, alerts }: Thing, patch: Patch): Patch {
  if (!("useDefaultAlerts" in source && source.useDefaultAlerts)) return patch;
  return { useDefaultAlerts: false, alerts: patched({ ...(source as CalendarEvent), alerts }, patch).alerts };
}

async function store({ thing }: Due, patch: Patch): Promise<void> {
  const method = thing.kind === "task" ? "Task/set" : "CalendarEvent/set";
  await change([[method, { accountId: thing.accountId, update: { [thing.id]: asOwn(thing, patch) } }]]);
}

const SNOOZED = "snooze";

/** What has been seen: the server knows, and other programs with it (RFC 9074, ACKNOWLEDGED). */
export function seenPatch(alertId: string, at: Date): Patch {
  if (alertId.startsWith(SNOOZED)) return { [`alerts/${alertId}`]: null };
  return { [`alerts/${alertId}/acknowledged`]: utcText(at) };
}

interface Kept {
  iCalendar?: { properties?: [string, Record<string, unknown>, string, string][] };
}

/** The alert is seen, and another one comes in its place later (RFC 9074 §6.1, RELTYPE=SNOOZE). */
export function snoozePatch(alerts: Record<string, Alert>, alertId: string, at: Date, until: Date): Patch {
  const alert = alerts[alertId] as (Alert & Kept) | undefined;
  const lines = alert?.iCalendar?.properties ?? [];
  const related = lines.find(([name]) => name === "related-to");
  const named = lines.find(([name]) => name === "uid")?.[3];
  const uid = alertId.startsWith(SNOOZED) ? related?.[3] : (named ?? crypto.randomUUID());
  const patch = seenPatch(alertId, at);
  if (!alertId.startsWith(SNOOZED) && !named)
    patch[`alerts/${alertId}/iCalendar`] = component([...lines, ["uid", {}, "unknown", uid]]);
  const relation = uid ? { iCalendar: component([["related-to", { reltype: "SNOOZE" }, "unknown", uid]]) } : {};
  patch[`alerts/${SNOOZED}-${until.getTime()}`] = {
    "@type": "Alert",
    trigger: { "@type": "AbsoluteTrigger", when: utcText(until) },
    action: "display",
    ...relation,
  };
  return patch;
}

function component(properties: unknown[]) {
  return { "@type": "ICalComponent", name: "valarm", properties };
}

async function put(due: Due, patch: Patch): Promise<void> {
  remember(ASIDE, due.key);
  tick();
  try {
    await store(due, patch);
  } catch (error) {
    // What may only be read is put aside in this browser.
    if ((error as { kind?: string }).kind !== "forbidden") wrong(error);
  }
}

export function dismissReminder(key: string): void {
  const due = dueCalled(key);
  if (due) void put(due, seenPatch(due.alertId, new Date()));
}

/** Puts it off by some minutes. */
export function snooze(key: string, minutes: number): void {
  const due = dueCalled(key);
  const at = new Date();
  if (due) void put(due, snoozePatch(due.thing.alerts, due.alertId, at, new Date(at.getTime() + minutes * 60_000)));
}

async function load(): Promise<void> {
  if (!app().online || !app().me || app().signedOut) return;
  const own = app().accounts.find((each) => each.own)?.id;
  if (!get().calendars.length) await loadCalendars();
  const from = localText(addHours(now(), -2));
  const [found, open] = await Promise.all([
    eventsBetween(from, localText(addDays(now(), AHEAD_DAYS))),
    own ? openTasks(own) : [],
  ]);
  events = found
    .filter((each) => Object.keys(alertsOf(each, get().calendars)).length && each.status !== "cancelled")
    .map((each) => thingOf(each.utcStart ? each : { ...each, ...momentsOf(each) }));
  tasks = open.flatMap((each) => taskThing(each) ?? []);
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
    if (!Object.values(told).some((each) => each.CalendarEvent || each.Task)) return;
    clearTimeout(waiting);
    waiting = setTimeout(soon, AFTER_PUSH);
  });
  setInterval(tick, TICK);
  setInterval(soon, AGAIN);
  soon();
}
