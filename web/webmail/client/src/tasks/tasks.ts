/** Reading tasks: when they are due, what is done, which stand below which. */
import { addDays, endOfDay, startOfDay } from "date-fns";
import { now, zone } from "../calendar/store";
import { between, isZone, localOf } from "../calendar/time";
import type { Where } from "./store";
import type { Task } from "./types";

const SOON_DAYS = 7;

export function isDone({ progress }: Task): boolean {
  return progress === "completed" || progress === "cancelled";
}

/** When it is due, as a clock in one's zone shows it; of a whole day its end. */
export function dueOf(task: Task): Date | null {
  if (!task.due) return null;
  const at = localOf(task.due);
  if (task.showWithoutTime) return endOfDay(at);
  return isZone(task.timeZone) ? between(task.timeZone, zone(), at) : at;
}

export function isOverdue(task: Task): boolean {
  const due = dueOf(task);
  return due !== null && !isDone(task) && due < now();
}

function passes(task: Task, where: Where): boolean {
  if (where.list) return task.taskListId === where.list.id && task.accountId === where.list.accountId;
  const due = dueOf(task);
  if (where.filter === "done") return isDone(task);
  if (isDone(task)) return false;
  if (where.filter === "all") return true;
  if (!due) return false;
  if (where.filter === "overdue") return due < now();
  return due <= endOfDay(addDays(startOfDay(now()), where.filter === "today" ? 0 : SOON_DAYS));
}

/** Priorities as people know them: high, medium, low, none. RFC 5545 §3.8.1.9. */
export function level(task: Task): 0 | 1 | 5 | 9 {
  const { priority = 0 } = task;
  if (!priority) return 0;
  return priority < 5 ? 1 : priority === 5 ? 5 : 9;
}

function order(one: Task, other: Task): number {
  const due = (each: Task) => dueOf(each)?.getTime() ?? Number.POSITIVE_INFINITY;
  if (isDone(one) !== isDone(other)) return Number(isDone(one)) - Number(isDone(other));
  if (isDone(one)) return (other.updated ?? "").localeCompare(one.updated ?? "");
  const [first, second] = [due(one), due(other)];
  if (first !== second) return first < second ? -1 : 1;
  const rank = (each: Task) => level(each) || 10;
  return rank(one) - rank(other) || (one.created ?? "").localeCompare(other.created ?? "");
}

/** The uid of the task that it is a part of. RFC 9253 §4: a relation that says nothing is to the parent. */
export function parentOf(task: Task): string | null {
  const found = Object.entries(task.relatedTo ?? {}).find(([, { relation }]) => {
    const kinds = Object.keys(relation ?? {});
    return !kinds.length || kinds.includes("parent");
  });
  return found?.[0] ?? null;
}

export function partsOf(task: Task, all: Task[]): Task[] {
  return all.filter((each) => each.accountId === task.accountId && parentOf(each) === task.uid).sort(order);
}

const DEEPEST = 4;

/** The tasks of a place as lines, each with how deep it is below others that are there. */
export function lines(all: Task[], where: Where): [Task, number][] {
  const here = all.filter((each) => passes(each, where)).sort(order);
  const there = new Map(here.map((each) => [`${each.accountId} ${each.uid}`, each]));
  const above = (task: Task) => there.get(`${task.accountId} ${parentOf(task)}`);
  const seen = new Set<Task>();
  const under = (task: Task, depth: number): [Task, number][] => {
    if (seen.has(task)) return [];
    seen.add(task);
    const parts = here.filter((each) => above(each) === task);
    return [[task, depth], ...parts.flatMap((each) => under(each, Math.min(depth + 1, DEEPEST)))];
  };
  const found = here.filter((each) => !above(each)).flatMap((each) => under(each, 0));
  // What is below itself is shown as well.
  return [...found, ...here.filter((each) => !seen.has(each)).flatMap((each) => under(each, 0))];
}
