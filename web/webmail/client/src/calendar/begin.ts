/** Beginning with a new event, or with changing one. */
import { addDays, startOfDay } from "date-fns";
import { wrong } from "./act";
import { loadCalendars } from "./load";
import { type Edited, get, now, type Shown, set, where } from "./store";
import { atMinute, minuteOfDay, nextHalfHour, shifted } from "./time";

/** A new event where one looks: today from the next half hour on, another day from when work begins. */
export function beginHere(): void {
  // Who is quick asks before it is known which calendars there are.
  if (get().calendars.length) begin();
  else void loadCalendars().then(begin, wrong);
}

function begin(): void {
  const { date, view } = where();
  const today = now();
  const near = view === "month" || view === "year" || view === "agenda" ? today : date;
  const same = startOfDay(near).getTime() === startOfDay(today).getTime();
  const week = view === "week" || view === "workweek";
  const shownNow = week && today >= date && today < addDays(date, 7);
  const start = same || shownNow ? nextHalfHour(today) : atMinute(date, get().prefs.workFrom + 60);
  beginAt(start, shifted(start, 0, 60), false);
}

export function beginAt(start: Date, end: Date, allDay: boolean, more: Partial<Edited> = {}): void {
  set({ edited: { event: null, start, end, allDay, ...more } });
}

export function beginChange(each: Shown, times: Partial<Pick<Edited, "start" | "end">> = {}): void {
  const { start, end, allDay, event } = each;
  set({ open: null, edited: { event, start, end, allDay, full: true, ...times } });
}

/** The time of day that one would give an event on a day of a month. */
export function timeOn(day: Date): { start: Date; end: Date } {
  const minute = Math.min(Math.max(minuteOfDay(nextHalfHour(now())), get().prefs.workFrom), 22 * 60);
  const start = atMinute(day, minute);
  return { start, end: shifted(start, 0, 60) };
}
