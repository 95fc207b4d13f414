/** Getting lists and tasks; and what others have changed, as the server tells. */
import { coalesced } from "../coalesce";
import { type Call, request } from "../jmap/client";
import { Offline } from "../jmap/errors";
import { whenChanged } from "../mail/load";
import { keepRoom, recallRoom } from "../offline";
import { get as app } from "../store";
import { type State, set, useTasks } from "./store";
import { TASK_PROPERTIES, type Task, type TaskList } from "./types";

const PAGE = 500;
const MOST_DONE = 500;
const OPEN = { operator: "NOT", conditions: [{ progress: "completed" }] };

async function tasksOf(accountId: string, filter: unknown, most = Number.POSITIVE_INFINITY): Promise<Task[]> {
  const found: Task[] = [];
  const sort = [{ property: "updated", isAscending: false }];
  for (let position = 0; position < most; position += PAGE) {
    const [query, got] = await request([
      ["Task/query", { accountId, filter, sort, position, limit: PAGE }, "q"],
      [
        "Task/get",
        {
          accountId,
          "#ids": { resultOf: "q", name: "Task/query", path: "/ids" },
          properties: TASK_PROPERTIES,
        },
        "g",
      ],
    ]);
    found.push(...got.list.map((each: Task) => ({ ...each, accountId })));
    if (query.ids.length < PAGE) break;
  }
  return found;
}

/** All that is to be done in an account. */
export function openTasks(accountId: string): Promise<Task[]> {
  return tasksOf(accountId, OPEN);
}

async function loadLists(): Promise<TaskList[]> {
  const calls = app().accounts.map(({ id }) => ["TaskList/get", { accountId: id }] as Call);
  const answers = await request(calls);
  return answers.flatMap((answer) =>
    (answer.list as TaskList[])
      .map((each) => ({ ...each, accountId: answer.accountId as string }))
      .filter((each) => each.myRights.mayReadItems)
      .sort(
        (one, other) =>
          Number(other.isDefault) - Number(one.isDefault) ||
          one.sortOrder - other.sortOrder ||
          one.name.localeCompare(other.name),
      ),
  );
}

const ROOM = "tasks";

type Kept = Pick<State, "lists" | "tasks">;

keepRoom<State, Kept>(ROOM, useTasks, ({ lists, tasks }) => (tasks ? { lists, tasks } : null));

let turn = 0;
/** Whether somebody has asked for those that are done, also while they are on the way. */
let doneWanted = false;

/** All that is to be done; and the last that was, once somebody has looked at it. */
export async function loadTasks(withDone = false): Promise<void> {
  turn += 1;
  const mineIs = turn;
  doneWanted ||= withDone;
  const wanted = doneWanted;
  try {
    const lists = await loadLists();
    const accounts = [...new Set(lists.map((each) => each.accountId))];
    const open = await Promise.all(accounts.map(openTasks));
    const done = wanted
      ? await Promise.all(accounts.map((each) => tasksOf(each, { progress: "completed" }, MOST_DONE)))
      : [];
    if (mineIs === turn) set({ lists, tasks: [...open, ...done].flat(), withDone: wanted, failed: null });
  } catch (error) {
    if (mineIs !== turn) return;
    const seen = error instanceof Offline ? await recallRoom<Kept>(ROOM) : null;
    set(seen ? { ...seen, failed: null } : { failed: (error as Error).message });
  }
}

const follows = coalesced(loadTasks);

/** Follows what others do, until what is given back is called. */
export function followTasks(): () => void {
  return whenChanged((told) => {
    if (Object.values(told).some((each) => each.TaskList || each.Task)) follows();
  });
}
