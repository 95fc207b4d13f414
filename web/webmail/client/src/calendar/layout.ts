/** Where events stand beside each other. */

export interface Span {
  /** Whatever grows: minutes of a day, or days of a week. */
  from: number;
  to: number;
}

export interface Placed<T> {
  item: T;
  column: number;
  /** How many columns there are where it stands. */
  columns: number;
}

/** Columns for what overlaps, as few as will do; what stands alone has the whole width. */
export function inColumns<T extends Span>(all: T[]): Placed<T>[] {
  const sorted = [...all].sort((one, other) => one.from - other.from || other.to - one.to);
  const placed: Placed<T>[] = [];
  let group: Placed<T>[] = [];
  let ends: number[] = [];
  const close = () => {
    for (const each of group) each.columns = ends.length;
    placed.push(...group);
    group = [];
    ends = [];
  };
  for (const item of sorted) {
    if (group.length && ends.every((end) => end <= item.from)) close();
    const free = ends.findIndex((end) => end <= item.from);
    const column = free < 0 ? ends.length : free;
    ends[column] = item.to;
    group.push({ item, column, columns: 0 });
  }
  close();
  return placed;
}

/** Lines for what lasts over days, the longest first. */
export function inLines<T extends Span>(all: T[]): { item: T; line: number }[] {
  const sorted = [...all].sort((one, other) => one.from - other.from || other.to - one.to);
  const ends: number[] = [];
  return sorted.map((item) => {
    const free = ends.findIndex((end) => end <= item.from);
    const line = free < 0 ? ends.length : free;
    ends[line] = item.to;
    return { item, line };
  });
}

/** A time in which somebody is busy, in milliseconds. */
export interface Taken {
  from: number;
  to: number;
}

export interface Hours {
  from: number;
  to: number;
  /** 0 is Sunday. */
  days: number[];
}

const STEP = 15;
const FAR = 21;

/** The first time from a moment on in which nobody is busy, within the hours of work; null: not in three weeks. */
export function nextFree(taken: Taken[], after: Date, minutes: number, hours: Hours): Date | null {
  const lasts = minutes * 60_000;
  const sorted = [...taken].sort((one, other) => one.from - other.from);
  for (let day = 0; day <= FAR; day += 1) {
    const date = new Date(after.getFullYear(), after.getMonth(), after.getDate() + day);
    if (!hours.days.includes(date.getDay())) continue;
    for (let minute = hours.from; minute + Math.min(minutes, hours.to - hours.from) <= hours.to; minute += STEP) {
      const start = new Date(date.getFullYear(), date.getMonth(), date.getDate(), 0, minute);
      if (start < after) continue;
      const from = start.getTime();
      if (!sorted.some((each) => each.from < from + lasts && each.to > from)) return start;
    }
  }
  return null;
}
