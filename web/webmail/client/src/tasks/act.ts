/** What people do with tasks: shown at once, sent to the server, taken back when that says no, or by Undo. */
import { t } from "i18next";
import { wrong } from "../calendar/act";
import { nextAfter } from "../calendar/recur";
import { zone } from "../calendar/store";
import { dayText } from "../calendar/time";
import { change } from "../jmap/client";
import { later } from "../later";
import { folderName } from "../names";
import { get as app, toast } from "../store";
import { loadTasks } from "./load";
import { get, set, type Where } from "./store";
import { isDone } from "./tasks";
import type { Task, TaskList } from "./types";

export type Patch = Record<string, unknown>;
const DELETED_AFTER = 8;

function show(task: Task): void {
  set({ tasks: (get().tasks ?? []).map((each) => (each.id === task.id ? task : each)) });
}

let last: Promise<unknown> = Promise.resolve();

/** One after the other, so that what is done quickly twice is done in that order. */
function send(task: Task, patch: Patch): Promise<unknown> {
  const given = { accountId: task.accountId, update: { [task.id]: patch } };
  const sent = last.then(() => change([["Task/set", given]]));
  last = sent.catch(() => undefined);
  return sent;
}

function patched(task: Task, patch: Patch): Task {
  const next = { ...task, ...patch } as Task & Record<string, unknown>;
  for (const [name, value] of Object.entries(patch)) if (value === null) delete next[name];
  return next;
}

/** Changes a task; the toast takes it back. */
export async function alter(task: Task, patch: Patch, said: string | null): Promise<boolean> {
  const reverse = Object.fromEntries(Object.keys(patch).map((name) => [name, task[name as keyof Task] ?? null]));
  show(patched(task, patch));
  const done = send(task, patch);
  if (said)
    toast(said, {
      undo: () => {
        show(task);
        send(task, reverse).then(() => loadTasks(), wrong);
      },
    });
  try {
    await done;
    return true;
  } catch (error) {
    show(task);
    wrong(error);
    return false;
  }
}

/** Done, or not done after all; what recurs is due once more. */
export function toggle(task: Task): Promise<boolean> {
  if (isDone(task)) return alter(task, { progress: "needs-action", percentComplete: 0 }, null);
  const next = task.due ? nextAfter(task.recurrenceRules, task.due) : null;
  if (!next || !task.due) return alter(task, { progress: "completed", percentComplete: 100 }, t("tasks.completed"));
  const patch: Patch = { due: next, progress: "needs-action", percentComplete: 0 };
  if (task.start) patch.start = movedLike(task.start, task.due, next);
  const [rule] = task.recurrenceRules ?? [];
  if (rule?.count) patch.recurrenceRules = [{ ...rule, count: rule.count - 1 }];
  return alter(task, patch, t("tasks.completedNext"));
}

/** A start that is moved as its end is. */
function movedLike(start: string, due: string, next: string): string {
  const by = Date.parse(`${next}Z`) - Date.parse(`${due}Z`);
  return new Date(Date.parse(`${start}Z`) + by).toISOString().slice(0, 19);
}

/** The members that say when a task is due. */
export function dueMembers(day: string, time: string): Patch {
  if (!day) return { due: null, showWithoutTime: null, timeZone: null };
  if (!time) return { due: `${day}T00:00:00`, showWithoutTime: true, timeZone: null };
  return { due: `${day}T${time}:00`, showWithoutTime: false, timeZone: zone() };
}

/** The list that a new task goes to. */
export function listFor(where: Where): TaskList | undefined {
  const { lists } = get();
  const may = lists.filter(({ myRights }) => myRights.mayWriteAll || myRights.mayWriteOwn);
  const { list } = where;
  const own = app().accounts.find((each) => each.own)?.id;
  return (
    may.find((each) => list && each.id === list.id && each.accountId === list.accountId) ??
    may.find((each) => each.isDefault && each.accountId === own) ??
    may[0]
  );
}

export async function add(list: TaskList, title: string, more: Patch = {}): Promise<boolean> {
  const given = Object.fromEntries(Object.entries(more).filter(([, value]) => value !== null));
  const made = { "@type": "Task", title, ...given, taskListId: list.id };
  try {
    await change([["Task/set", { accountId: list.accountId, create: { made } }]]);
    await loadTasks();
    return true;
  } catch (error) {
    wrong(error);
    return false;
  }
}

export function remove(task: Task): void {
  set({ hidden: new Set(get().hidden).add(task.id), open: null });
  const back = () => {
    const hidden = new Set(get().hidden);
    hidden.delete(task.id);
    set({ hidden });
  };
  const keep = later(DELETED_AFTER, () =>
    change([["Task/set", { accountId: task.accountId, destroy: [task.id] }]])
      .catch(wrong)
      .then(() => loadTasks())
      .finally(back),
  );
  const undo = () => {
    keep();
    back();
  };
  toast(t("tasks.deleted"), { undo, seconds: DELETED_AFTER });
}

/** Into another list, of the same account. */
export async function move(task: Task, list: TaskList): Promise<void> {
  if (task.accountId !== list.accountId) return wrong(new Error(t("tasks.otherAccount")));
  if (task.taskListId !== list.id)
    await alter(task, { taskListId: list.id }, t("tasks.moved", { name: folderName(list) }));
}

export function dueOn(task: Task, day: Date): Promise<boolean> {
  return alter(task, dueMembers(dayText(day), ""), t("tasks.changed"));
}

// --- lists

export async function createList(accountId: string, name: string): Promise<void> {
  await change([["TaskList/set", { accountId, create: { made: { name } } }]]);
  await loadTasks();
}

export async function renameList(list: TaskList, name: string): Promise<void> {
  await change([["TaskList/set", { accountId: list.accountId, update: { [list.id]: { name } } }]]);
  await loadTasks();
}

export async function deleteList(list: TaskList): Promise<void> {
  await change([["TaskList/set", { accountId: list.accountId, destroy: [list.id], onDestroyRemoveTasks: true }]]);
  await loadTasks();
}
