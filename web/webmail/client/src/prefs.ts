/** What somebody likes, kept on the device: the time zone, the first day of a week, how dense lists are. */
import { setDefaultOptions } from "date-fns";
import { keep, kept } from "./store";

export type Density = "normal" | "compact";
export type Day = 0 | 1 | 6;

/** "": that of the device. */
export const zone = (): string => kept("zone", "");
/** null: as the language has it. */
export const weekStart = (): Day | null => kept<Day | null>("weekStart", null);
export const density = (): Density => kept<Density>("density", "normal");
export type Receipts = "ask" | "always" | "never";
/** What is said to who asks to be told that a message was read. */
export const receipts = (): Receipts => kept<Receipts>("receipts", "ask");
/** Pixels of a line of a list. */
export const rowHeight = (): number => (density() === "compact" ? 54 : 72);

/** Puts the choices into force; called again after each change. */
export function applyPrefs(): void {
  document.documentElement.dataset.density = density();
  const first = weekStart();
  setDefaultOptions({ weekStartsOn: first ?? undefined });
}

export function choosePref(name: "zone" | "weekStart" | "density" | "receipts", value: unknown): void {
  keep(name, value);
  applyPrefs();
}

/** The moment as a Date whose local numbers are those of the chosen zone, for formats that know only local time. */
export function zoned(moment: string | Date): Date {
  const at = new Date(moment);
  const name = zone();
  if (!name) return at;
  try {
    const parts = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    }).formatToParts(at);
    const of = (type: string) => Number(parts.find((each) => each.type === type)?.value ?? 0);
    return new Date(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  } catch {
    return at;
  }
}
