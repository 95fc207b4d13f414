import { format, isSameDay, isSameYear } from "date-fns";
import { dated } from "../dates";
import { zoned } from "../prefs";

/** A moment as short as it can be said. */
export function short(moment: string): string {
  const day = zoned(moment);
  const now = zoned(new Date());
  if (isSameDay(day, now)) return format(day, "p");
  return isSameYear(day, now) ? dated(day, "d MMM") : format(day, "P");
}

/** A moment that is to come, as short as it can be said. */
export function soon(moment: string): string {
  const day = zoned(moment);
  const now = zoned(new Date());
  if (isSameDay(day, now)) return format(day, "p");
  return isSameYear(day, now) ? dated(day, "d MMM, p") : format(day, "P");
}

export function long(moment: string): string {
  return format(zoned(moment), "PPp");
}

export function size(octets: number): string {
  if (octets < 1024) return `${octets} B`;
  if (octets < 1024 * 1024) return `${Math.round(octets / 1024)} KB`;
  return `${(octets / 1024 / 1024).toFixed(1)} MB`;
}
