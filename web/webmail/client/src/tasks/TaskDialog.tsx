import { CalendarPlus, Plus, Trash2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { beginAt, timeOn } from "../calendar/begin";
import { RepeatFields } from "../calendar/Repeat";
import { type Repeat, repeatOf, rulesOf } from "../calendar/recur";
import { now, visit as visitCalendar } from "../calendar/store";
import { dayText, localOf, minutesOf, offsetBefore } from "../calendar/time";
import { folderName } from "../names";
import { Dialog } from "../shell/Dialog";
import { keepTyped, useTyped } from "../shell/typed";
import { toast } from "../store";
import { add, alter, dueMembers, type Patch, remove } from "./act";
import { TaskCheck } from "./Row";
import { set, useTasks } from "./store";
import { level, partsOf } from "./tasks";
import type { Progress, Task } from "./types";

const LEVELS = [0, 1, 5, 9] as const;
const LEVEL_NAMES = { 0: "none", 1: "high", 5: "medium", 9: "low" };
const PROGRESS: Progress[] = ["needs-action", "in-process", "completed", "cancelled"];

interface Form {
  title: string;
  list: string;
  day: string;
  time: string;
  priority: 0 | 1 | 5 | 9;
  progress: Progress;
  percent: number;
  repeat: Repeat;
  /** Minutes before it is due; of a task of a day, before that day begins. "": none; "other": it stays as it is. */
  remind: string;
  description: string;
}

function formOf(task: Task): Form {
  return {
    title: task.title ?? "",
    list: task.taskListId,
    day: task.due?.slice(0, 10) ?? "",
    time: task.due && !task.showWithoutTime ? task.due.slice(11, 16) : "",
    priority: level(task),
    progress: task.progress ?? "needs-action",
    percent: task.percentComplete ?? 0,
    repeat: repeatOf(task.recurrenceRules, localOf(task.due ?? dayText(now()))),
    remind: remindOf(task),
    description: task.description ?? "",
  };
}

const TIMED = [0, 15, 60, 1440];
/** Nine in the morning of that day, of the one before. */
const OF_DAYS = [-540, 900];

function remindOf({ alerts }: Task): string {
  const all = Object.values(alerts ?? {}).filter((each) => each.trigger.when === undefined);
  if (!all.length) return "";
  const minutes = -minutesOf(all[0]?.trigger.offset);
  return all.length === 1 && [...TIMED, ...OF_DAYS].includes(minutes) ? String(minutes) : "other";
}

function alertsOf(remind: string): Patch["alerts"] {
  if (!remind) return null;
  const minutes = Number(remind);
  const offset = offsetBefore(minutes);
  const trigger = { "@type": "OffsetTrigger", offset, relativeTo: "end" };
  return { "VALARM-1": { "@type": "Alert", action: "display", trigger } };
}

/** What the fields change of a task. */
function patchOf(form: Form, task: Task): Patch {
  const before = formOf(task);
  const patch: Patch = {};
  if (form.title.trim() !== before.title) patch.title = form.title.trim();
  if (form.list !== before.list) patch.taskListId = form.list;
  if (form.day !== before.day || form.time !== before.time) Object.assign(patch, dueMembers(form.day, form.time));
  if (form.priority !== before.priority) patch.priority = form.priority || null;
  if (form.percent !== before.percent) patch.percentComplete = form.percent || null;
  if (form.progress !== before.progress) {
    patch.progress = form.progress;
    if (form.progress === "completed") patch.percentComplete = 100;
  }
  if (form.remind !== before.remind && form.remind !== "other") patch.alerts = form.day ? alertsOf(form.remind) : null;
  if (form.description !== before.description) patch.description = form.description || null;
  const due = form.day ? localOf(`${form.day}T${form.time || "00:00"}:00`) : null;
  const rules = due ? rulesOf(form.repeat, due, !form.time) : null;
  if (JSON.stringify(rules) !== JSON.stringify(task.recurrenceRules ?? null)) {
    patch.recurrenceRules = rules;
    // A rule counts from when it starts.
    if (rules && due) patch.start = task.start ?? `${form.day}T${form.time || "00:00"}:00`;
  }
  return patch;
}

/** A task, with all there is to it. */
export function TaskDialog({ task }: { task: Task }) {
  const { t } = useTranslation();
  const key = `task.${task.id}`;
  const [form, setForm, forget] = useTyped(key, () => formOf(task));
  const lists = useTasks((state) => state.lists).filter((each) => each.accountId === task.accountId);
  const change = (more: Partial<Form>) => setForm({ ...form, ...more });
  const close = () => {
    forget();
    set({ open: null });
  };

  /** Nothing is stored; what was typed can be had back. */
  function leave() {
    close();
    const again = () => {
      keepTyped(key, form);
      set({ open: task.id });
    };
    if (JSON.stringify(form) !== JSON.stringify(formOf(task))) toast(t("tasks.notKept"), { undo: again });
  }

  function save(event: FormEvent) {
    event.preventDefault();
    const patch = patchOf(form, task);
    close();
    if (Object.keys(patch).length) void alter(task, patch, t("tasks.changed"));
  }

  function plan() {
    close();
    const day = form.day ? localOf(form.day) : localOf(dayText(now()));
    visitCalendar({ view: "day", date: day });
    const { start, end } = timeOn(day);
    beginAt(start, end, false, { title: form.title });
  }

  return (
    <Dialog title={t("tasks.task")} onClose={leave}>
      <form className="form" onSubmit={save}>
        <input
          className="event-title"
          aria-label={t("calendar.eventTitle")}
          required
          maxLength={500}
          value={form.title}
          onChange={({ target }) => change({ title: target.value })}
        />
        <div className="two">
          <label>
            {t("tasks.due")}
            <input type="date" value={form.day} onChange={({ target }) => change({ day: target.value })} />
          </label>
          <label>
            {t("tasks.time")}
            <input
              type="time"
              value={form.time}
              disabled={!form.day}
              onChange={({ target }) => change({ time: target.value })}
            />
          </label>
        </div>
        {form.day && (
          <label>
            {t("tasks.remind")}
            <select value={form.remind} onChange={({ target }) => change({ remind: target.value })}>
              <option value="">{t("calendar.noReminder")}</option>
              {(form.time ? TIMED : OF_DAYS).map((each) => (
                <option key={each} value={each}>
                  {t(`tasks.reminds.${each}`)}
                </option>
              ))}
              {form.remind && !(form.time ? TIMED : OF_DAYS).includes(Number(form.remind)) && (
                <option value={form.remind}>{t("tasks.remindOther")}</option>
              )}
            </select>
          </label>
        )}
        {form.day && (
          <RepeatFields
            form={{ repeat: form.repeat, start: localOf(form.day) }}
            change={({ repeat }) => change({ repeat })}
            one={false}
          />
        )}
        <div className="two">
          <label>
            {t("tasks.priority")}
            <select
              value={form.priority}
              onChange={({ target }) => change({ priority: Number(target.value) as Form["priority"] })}
            >
              {LEVELS.map((each) => (
                <option key={each} value={each}>
                  {t(`tasks.priorities.${LEVEL_NAMES[each]}`)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t("tasks.list")}
            <select value={form.list} onChange={({ target }) => change({ list: target.value })}>
              {lists.map((each) => (
                <option key={each.id} value={each.id}>
                  {folderName(each)}
                </option>
              ))}
            </select>
          </label>
        </div>
        <div className="two">
          <label>
            {t("tasks.progress")}
            <select value={form.progress} onChange={({ target }) => change({ progress: target.value as Progress })}>
              {PROGRESS.map((each) => (
                <option key={each} value={each}>
                  {t(`tasks.states.${each}`)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t("tasks.percent", { percent: form.percent })}
            <input
              type="range"
              min={0}
              max={100}
              step={10}
              value={form.percent}
              onChange={({ target }) => change({ percent: Number(target.value) })}
            />
          </label>
        </div>
        <label>
          {t("calendar.description")}
          <textarea
            rows={3}
            maxLength={50_000}
            value={form.description}
            onChange={({ target }) => change({ description: target.value })}
          />
        </label>
        <Parts task={task} />
        <footer>
          <button type="button" className="danger" aria-label={t("calendar.delete")} onClick={() => remove(task)}>
            <Trash2 />
          </button>
          <button type="button" onClick={plan}>
            <CalendarPlus />
            {t("tasks.plan")}
          </button>
          <span className="grow" />
          <button type="submit" className="main">
            {t("app.save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** What it is made of. */
function Parts({ task }: { task: Task }) {
  const { t } = useTranslation();
  const all = useTasks((state) => state.tasks) ?? [];
  const list = useTasks((state) => state.lists.find((each) => each.id === task.taskListId));
  const [typed, type] = useState("");
  const parts = partsOf(task, all);

  async function more() {
    const title = typed.trim();
    if (!title || !list) return;
    type("");
    const relatedTo = { [task.uid]: { "@type": "Relation", relation: { parent: true } } };
    if (!(await add(list, title, { relatedTo }))) type(title);
  }

  return (
    <fieldset className="parts">
      <legend>{t("tasks.parts")}</legend>
      <ul>
        {parts.map((each) => (
          <li key={each.id}>
            <TaskCheck task={each} />
            <button type="button" className="text" onClick={() => set({ open: each.id })}>
              {each.title}
            </button>
          </li>
        ))}
      </ul>
      <div className="quick">
        <Plus aria-hidden="true" />
        <input
          aria-label={t("tasks.addPart")}
          placeholder={t("tasks.addPart")}
          maxLength={500}
          value={typed}
          onChange={({ target }) => type(target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            event.preventDefault();
            void more();
          }}
        />
      </div>
    </fieldset>
  );
}
