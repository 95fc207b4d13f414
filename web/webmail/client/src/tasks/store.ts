/** What the room of tasks knows, and which of them are looked at. */
import { create } from "zustand";
import { visitPlace } from "../mail/load";
import { NOWHERE } from "../place";
import type { Task, TaskList } from "./types";

export const FILTERS = ["today", "upcoming", "overdue", "all", "done"] as const;
export type Filter = (typeof FILTERS)[number];

export type Where = { filter: Filter; list: null } | { filter: null; list: { accountId: string; id: string } };

export interface State {
  lists: TaskList[];
  /** Null: not asked for yet. */
  tasks: Task[] | null;
  /** What is going to be deleted, and shown no more. */
  hidden: ReadonlySet<string>;
  /** Whether those that are done were asked for. */
  withDone: boolean;
  failed: string | null;
  open: string | null;
}

export const useTasks = create<State>(() => ({
  lists: [],
  tasks: null,
  hidden: new Set(),
  withDone: false,
  failed: null,
  open: null,
}));

export const get = useTasks.getState;
export const set = useTasks.setState;

export function whereIn(path: string[]): Where {
  const [first, accountId, id] = path;
  if (first === "list" && accountId && id) return { filter: null, list: { accountId, id } };
  return { filter: FILTERS.find((each) => each === first) ?? "today", list: null };
}

export function pathOf({ filter, list }: Where): string[] {
  return list ? ["list", list.accountId, list.id] : [filter];
}

export function visit(to: Where): void {
  void visitPlace({ ...NOWHERE, room: "tasks", path: pathOf(to) }, false);
}
