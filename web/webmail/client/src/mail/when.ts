import { format, isSameDay, isSameYear } from "date-fns";
import i18next from "i18next";
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
  const [unit, many] = octets < 1024 ** 2 ? ["KB", 1] : octets < 1024 ** 3 ? ["MB", 2] : ["GB", 3];
  const digits = many === 1 ? 0 : 1;
  const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${(octets / 1024 ** many).toLocaleString(i18next.language, format)} ${unit}`;
}

export function count(number: number): string {
  return number.toLocaleString(i18next.language);
}
