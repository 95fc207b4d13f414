import { format, isThisYear, isToday, isTomorrow } from "date-fns";
import { Check, Flag, ListTree, Repeat } from "lucide-react";
import type { CSSProperties, DragEvent } from "react";
import { useTranslation } from "react-i18next";
import { dated } from "../dates";
import { folderName } from "../names";
import { toggle } from "./act";
import { set, useTasks } from "./store";
import { dueOf, isDone, isOverdue, level, partsOf } from "./tasks";
import type { Task, TaskList } from "./types";

export const DRAGGED_TASK = "application/x-postroom-task";
const LEVELS = { 1: "high", 5: "medium", 9: "low" };

export function dragTask(event: DragEvent, task: Task): void {
  event.dataTransfer.setData(DRAGGED_TASK, task.id);
  event.dataTransfer.effectAllowed = "move";
}

/** The task that is dropped. */
export function droppedTask(event: DragEvent): Task | undefined {
  const id = event.dataTransfer.getData(DRAGGED_TASK);
  return useTasks.getState().tasks?.find((each) => each.id === id);
}

export function dueText(task: Task, t: (key: string) => string): string {
  const due = dueOf(task);
  if (!due) return "";
  const time = task.showWithoutTime ? "" : ` ${format(due, "p")}`;
  if (isToday(due)) return t("tasks.dueToday") + time;
  if (isTomorrow(due)) return t("tasks.dueTomorrow") + time;
  return dated(due, isThisYear(due) ? "EEE, d MMM" : "d MMM yyyy") + time;
}

interface Props {
  task: Task;
  depth: number;
  /** Its list, where those of several are shown. */
  list: TaskList | undefined;
}

export function TaskCheck({ task }: { task: Task }) {
  const { t } = useTranslation();
  const done = isDone(task);
  return (
    <button
      type="button"
      className={`tick level${level(task)}`}
      aria-pressed={done}
      aria-label={t(done ? "tasks.undone" : "tasks.complete", { title: task.title ?? "" })}
      onClick={() => void toggle(task)}
    >
      {done && <Check />}
    </button>
  );
}

/** One line of the list. */
export function TaskRow({ task, depth, list }: Props) {
  const { t } = useTranslation();
  const all = useTasks((state) => state.tasks) ?? [];
  const parts = partsOf(task, all);
  const priority = level(task);
  const due = dueText(task, t);
  return (
    <li
      className={isDone(task) ? "task done" : "task"}
      style={{ "--depth": depth } as CSSProperties}
      data-task={task.id}
      draggable
      onDragStart={(event) => dragTask(event, task)}
    >
      <TaskCheck task={task} />
      <button type="button" className="task-open" onClick={() => set({ open: task.id })}>
        <span className="task-title">{task.title || t("calendar.noTitle")}</span>
        <span className="task-about">
          {due && <span className={isOverdue(task) ? "late" : ""}>{due}</span>}
          {Boolean(task.recurrenceRules?.length) && <Repeat role="img" aria-label={t("calendar.series")} />}
          {(task.percentComplete ?? 0) > 0 && !isDone(task) && (
            <span className="percent">
              <i style={{ width: (task.percentComplete ?? 0) * 0.56 }} aria-hidden="true" />
              <span>{task.percentComplete} %</span>
            </span>
          )}
          {parts.length > 0 && (
            <span>
              <ListTree role="img" aria-label={t("tasks.parts")} /> {parts.filter(isDone).length}/{parts.length}
            </span>
          )}
          {list && <span>{folderName(list)}</span>}
        </span>
      </button>
      {priority > 0 && (
        <span className={`flag level${priority}`} title={t(`tasks.priorities.${LEVELS[priority as 1 | 5 | 9]}`)}>
          <Flag role="img" aria-label={t(`tasks.priorities.${LEVELS[priority as 1 | 5 | 9]}`)} />
        </span>
      )}
    </li>
  );
}
