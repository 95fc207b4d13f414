/** Times: what a clock shows in a zone, moments, and durations as RFC 8984 writes them.
 *
 * What is shown is a `Date` whose local fields are what a clock in the zone of the view shows: in the browser's own zone it
 * is the moment itself.
 */
import { addDays, addMilliseconds, differenceInCalendarDays, format, startOfDay } from "date-fns";

const FOUND = Intl.DateTimeFormat().resolvedOptions().timeZone;
/** The zone of the browser; some call UTC so, calendars do not. */
export const HERE = !FOUND || FOUND === "UTC" ? "Etc/UTC" : FOUND;
const MINUTE = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function clock(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    calendar: "iso8601",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(zone, made);
  return made;
}

/** Whether the browser knows the zone. */
export function isZone(zone: string | null | undefined): zone is string {
  if (!zone) return false;
  try {
    clock(zone);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds that a clock in the zone is ahead of UTC at a moment. */
function ahead(moment: number, zone: string): number {
  const part: Record<string, number> = {};
  for (const { type, value } of clock(zone).formatToParts(moment)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(moment / 1000) * 1000;
}

/** What a clock in the zone shows at a moment. */
export function shownIn(zone: string, moment: Date): Date {
  if (zone === HERE) return moment;
  const wall = new Date(moment.getTime() + ahead(moment.getTime(), zone));
  return fields(wall);
}

/** A date whose local fields are the UTC fields of another. */
function fields(wall: Date): Date {
  return new Date(
    wall.getUTCFullYear(),
    wall.getUTCMonth(),
    wall.getUTCDate(),
    wall.getUTCHours(),
    wall.getUTCMinutes(),
    wall.getUTCSeconds(),
  );
}

/** The moment at which a clock in the zone shows that. */
export function momentIn(zone: string, shown: Date): Date {
  if (zone === HERE) return shown;
  const wall = Date.UTC(
    shown.getFullYear(),
    shown.getMonth(),
    shown.getDate(),
    shown.getHours(),
    shown.getMinutes(),
    shown.getSeconds(),
  );
  const guess = wall - ahead(wall, zone);
  return new Date(wall - ahead(guess, zone));
}

/** `2026-11-27T09:30:00` */
export function localText(shown: Date): string {
  return format(shown, "yyyy-MM-dd'T'HH:mm:ss");
}

export function dayText(shown: Date): string {
  return format(shown, "yyyy-MM-dd");
}

/** The fields of a local time. */
export function localOf(text: string): Date {
  return new Date(text.length === 10 ? `${text}T00:00:00` : text);
}

export function utcText(moment: Date): string {
  return moment.toISOString().replace(/\.\d+Z$/, "Z");
}

/** A local time in one zone, as a clock in another shows it. */
export function between(from: string, to: string, shown: Date): Date {
  return from === to ? shown : shownIn(to, momentIn(from, shown));
}

const DURATION = /^([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** Minutes of a duration or an offset; 0 for what is none. */
export function minutesOf(text: string | undefined): number {
  const found = DURATION.exec(text ?? "");
  if (!found) return 0;
  const [weeks, days, hours, minutes, seconds] = found.slice(2).map((each) => Number(each ?? 0)) as number[];
  const all = ((((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  return (found[1] === "-" ? -all : all) / 60;
}

/** A duration in days, or in hours and minutes. */
export function durationOf(minutes: number, days = false): string {
  if (days) return `P${Math.round(minutes / 1440)}D`;
  const hours = Math.floor(minutes / 60);
  const rest = Math.round(minutes % 60);
  if (!hours && !rest) return "PT0S";
  return `PT${hours ? `${hours}H` : ""}${rest ? `${rest}M` : ""}`;
}

/** An offset to the start: 15 is `-PT15M`, -540 `PT9H`. */
export function offsetBefore(minutes: number): string {
  if (minutes < 0) return durationOf(-minutes);
  return minutes ? `-${minutes % 1440 ? durationOf(minutes) : `P${minutes / 1440}D`}` : "PT0S";
}

export function minutesBetween(one: Date, other: Date): number {
  return Math.round((other.getTime() - one.getTime()) / MINUTE);
}

/** Minutes since midnight, as a clock shows them. */
export function minuteOfDay(shown: Date): number {
  return shown.getHours() * 60 + shown.getMinutes();
}

export function atMinute(day: Date, minute: number): Date {
  const found = addDays(startOfDay(day), Math.floor(minute / 1440));
  found.setHours(0, ((minute % 1440) + 1440) % 1440);
  return found;
}

/** The same time so many days and minutes later. */
export function shifted(shown: Date, days: number, minutes: number): Date {
  return addMilliseconds(addDays(shown, days), minutes * MINUTE);
}

/** How many days a time touches; one that ends at midnight does not touch the day that begins then. */
export function daysTouched(start: Date, end: Date): number {
  const last = end > start ? new Date(end.getTime() - 1) : end;
  return differenceInCalendarDays(last, start) + 1;
}

/** Half hours from the next one on. */
export function nextHalfHour(now: Date): Date {
  return atMinute(now, Math.ceil((minuteOfDay(now) + 1) / 30) * 30);
}
