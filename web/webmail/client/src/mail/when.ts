import { format, isThisYear, isToday } from "date-fns";

/** A moment as short as it can be said. */
export function short(moment: string): string {
  const day = new Date(moment);
  if (isToday(day)) return format(day, "p");
  return isThisYear(day) ? format(day, "d MMM") : format(day, "P");
}

export function long(moment: string): string {
  return format(new Date(moment), "PPp");
}

export function size(octets: number): string {
  if (octets < 1024) return `${octets} B`;
  if (octets < 1024 * 1024) return `${Math.round(octets / 1024)} KB`;
  return `${(octets / 1024 / 1024).toFixed(1)} MB`;
}
