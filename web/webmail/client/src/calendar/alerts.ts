/** When one is reminded: minutes before something begins, which of whole days may be none before. */
import { calendarOf } from "./events";
import { minutesOf, offsetBefore } from "./time";
import type { Alert, Calendar, CalendarEvent } from "./types";

export type Alerts = Record<string, Alert>;
type Words = (key: string, more?: Record<string, unknown>) => string;

/** What is offered for a time, and for whole days: at nine of the day, of the day before, and earlier. */
export const OFFERED = [0, 5, 10, 15, 30, 60, 120, 1440, 2880, 10_080];
export const OFFERED_DAYS = [-540, 900, 1440, 2880, 10_080];

/** Those that are relative to the beginning, by their ids. */
function beforeStart(alerts: Alerts | null | undefined): [string, number][] {
  return Object.entries(alerts ?? {})
    .filter(([, { trigger }]) => trigger.offset !== undefined && trigger.relativeTo !== "end")
    .map(([id, { trigger }]) => [id, -minutesOf(trigger.offset)]);
}

export function minutesIn(alerts: Alerts | null | undefined): number[] {
  return beforeStart(alerts).map(([, each]) => each);
}

/** The alerts with these minutes in the place of theirs: those that stay are as they were. */
export function withMinutes(alerts: Alerts | null | undefined, minutes: number[]): Alerts | null {
  const found: Alerts = {};
  const before = beforeStart(alerts);
  for (const [id, each] of Object.entries(alerts ?? {})) {
    const offset = before.find(([other]) => other === id);
    if (!offset || minutes.includes(offset[1])) found[id] = each;
  }
  const there = new Set(before.map(([, each]) => each));
  for (const each of minutes.filter((one) => !there.has(one)))
    found[`before${each}`] = {
      "@type": "Alert",
      trigger: { "@type": "OffsetTrigger", offset: offsetBefore(each) },
      action: "display",
    };
  return Object.keys(found).length ? found : null;
}

/** What a calendar reminds by of events that leave it to that. */
export function defaultsOf(calendar: Calendar | undefined, allDay: boolean): Alerts {
  return (allDay ? calendar?.defaultAlertsWithoutTime : calendar?.defaultAlertsWithTime) ?? {};
}

/** What reminds of an event: its own alerts, or those of its calendar where it says so. */
export function alertsOf(event: CalendarEvent, calendars: Calendar[]): Alerts {
  if (!event.useDefaultAlerts) return event.alerts ?? {};
  return defaultsOf(calendarOf(event, calendars), Boolean(event.showWithoutTime));
}

const UNITS = [
  ["week", 10_080],
  ["day", 1440],
  ["hour", 60],
] as const;

export function beforeText(t: Words, minutes: number): string {
  if (minutes === 0) return t("calendar.atStart");
  if (minutes < 0) return t("calendar.after", { time: beforeText(t, -minutes) });
  for (const [unit, size] of UNITS)
    if (minutes % size === 0)
      return t("calendar.before", { time: t(`calendar.lasts.${unit}`, { count: minutes / size }) });
  return t("calendar.before", { time: t("calendar.lasts.minute", { count: minutes }) });
}

/** The same of whole days, which begin at midnight. */
export function daysText(t: Words, minutes: number): string {
  return minutes === -540 || minutes === 900 ? t(`tasks.reminds.${minutes}`) : beforeText(t, minutes);
}

export function inWords(t: Words, alerts: Alerts, allDay: boolean): string {
  return minutesIn(alerts)
    .map((each) => (allDay ? daysText(t, each) : beforeText(t, each)))
    .join(", ");
}
