import { CalendarClock, CircleAlert, CircleCheck, Layers, ListTodo, Plus, Sun } from "lucide-react";
import {
  type DragEvent,
  type FormEvent,
  lazy,
  type MouseEvent,
  type ReactNode,
  Suspense,
  useEffect,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { now } from "../calendar/store";
import { dayText } from "../calendar/time";
import "../calendar/calendar.css";
import { folderName } from "../names";
import { HolderActions } from "../shell/HolderActions";
import { type Key, stepKeys, useKeys } from "../shell/keys";
import { useApp } from "../store";
import { add, createList, deleteList, dueMembers, listFor, move, renameList } from "./act";
import { followTasks, loadTasks } from "./load";
import { DRAGGED_TASK, droppedTask, TaskRow } from "./Row";
import { FILTERS, pathOf, useTasks, visit, type Where, whereIn } from "./store";
import { TaskDialog } from "./TaskDialog";
import "./tasks.css";
import { isDone, lines } from "./tasks";
import type { TaskList } from "./types";

const NameDialog = lazy(() => import("../shell/NameDialog"));
const QUICK = "quick-task";
const focusQuick = () => document.getElementById(QUICK)?.focus();
const KEYS: Key[] = [
  ...stepKeys(".task-open"),
  { keys: "c", says: "tasks.add", act: focusQuick },
  ...FILTERS.map((filter, at) => ({
    keys: `${at + 1}`,
    says: `tasks.filters.${filter}`,
    act: () => visit({ filter, list: null }),
  })),
];
const ICONS = { today: Sun, upcoming: CalendarClock, overdue: CircleAlert, all: Layers, done: CircleCheck };

export default function TasksRoom() {
  const { t } = useTranslation();
  const path = useApp((state) => state.place.path);
  const ready = useApp((state) => state.ready);
  const { tasks, lists, hidden, failed, open } = useTasks();
  const where = whereIn(path);
  const done = where.filter === "done" || where.list !== null;
  useKeys(KEYS);
  useEffect(followTasks, []);
  useEffect(() => {
    if (ready) void loadTasks(done || useTasks.getState().withDone);
  }, [ready, done]);
  const there = (tasks ?? []).filter((each) => !hidden.has(each.id));
  const shown = lines(there, where);
  const list = lists.find((each) => each.id === where.list?.id && each.accountId === where.list.accountId);
  const opened = there.find((each) => each.id === open);
  const title = (list && folderName(list)) ?? (where.filter ? t(`tasks.filters.${where.filter}`) : t("tasks.title"));
  return (
    <>
      <Side where={where} />
      <main className="stage tasks" id="stage" aria-label={title}>
        <header className="bar">
          <h1>
            {title} <small>{tasks ? shown.filter(([each]) => !isDone(each)).length || "" : ""}</small>
          </h1>
        </header>
        {where.filter !== "done" && where.filter !== "overdue" && <Quick where={where} />}
        {failed && !tasks ? (
          <div className="none" role="alert">
            <p>{failed}</p>
            <button type="button" onClick={() => void loadTasks()}>
              {t("list.retry")}
            </button>
          </div>
        ) : (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
          <div className="task-scroll" tabIndex={0}>
            {tasks && !shown.length && <p className="none">{t("tasks.nothing")}</p>}
            <ul aria-label={title}>
              {shown.map(([task, depth]) => (
                <TaskRow
                  key={task.id}
                  task={task}
                  depth={depth}
                  list={list ? undefined : lists.find((each) => each.id === task.taskListId)}
                />
              ))}
            </ul>
          </div>
        )}
      </main>
      <button type="button" className="main fab" aria-label={t("tasks.add")} onClick={focusQuick}>
        <Plus />
      </button>
      {opened && <TaskDialog task={opened} key={opened.id} />}
    </>
  );
}

/** A line to type a task into; it gets what the place says: its list, or today. */
function Quick({ where }: { where: Where }) {
  const { t } = useTranslation();
  const [typed, type] = useState("");
  async function submit(event: FormEvent) {
    event.preventDefault();
    const list = listFor(where);
    const title = typed.trim();
    if (!title || !list) return;
    type("");
    const due = where.filter === "today" ? dueMembers(dayText(now()), "") : {};
    if (!(await add(list, title, due))) type(title);
  }
  return (
    <form className="quick" onSubmit={submit}>
      <Plus aria-hidden="true" />
      <input
        id={QUICK}
        aria-label={t("tasks.add")}
        placeholder={t(where.filter === "today" ? "tasks.addToday" : "tasks.add")}
        maxLength={500}
        autoComplete="off"
        value={typed}
        onChange={({ target }) => type(target.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
    </form>
  );
}

function Side({ where }: { where: Where }) {
  const { t } = useTranslation();
  const accounts = useApp((state) => state.accounts);
  const { lists, tasks, hidden } = useTasks();
  const own = accounts.find((each) => each.own)?.id ?? "";
  const [making, make] = useState(false);
  const all = (tasks ?? []).filter((each) => !hidden.has(each.id));
  const count = (at: Where) => lines(all, at).filter(([each]) => !isDone(each)).length;
  return (
    <nav className="side" aria-label={t("tasks.lists")}>
      <button type="button" className="main compose" onClick={focusQuick}>
        <Plus />
        {t("tasks.add")}
      </button>
      <div className="tree">
        <ul>
          {FILTERS.map((filter) => {
            const Icon = ICONS[filter];
            const at: Where = { filter, list: null };
            return (
              <Line key={filter} at={at} here={where.filter === filter} count={count(at)} icon={<Icon />}>
                {t(`tasks.filters.${filter}`)}
              </Line>
            );
          })}
        </ul>
        {accounts.map((account) => {
          const found = lists.filter((each) => each.accountId === account.id);
          if (!found.length) return null;
          return (
            <section key={account.id} aria-label={account.own ? t("tasks.mine") : account.name}>
              <h2>{account.own ? t("tasks.mine") : account.name === "Public" ? t("tree.public") : account.name}</h2>
              <ul>
                {found.map((each) => (
                  <ListLine key={each.id} list={each} where={where} count={count} />
                ))}
              </ul>
            </section>
          );
        })}
        <button type="button" className="text add" onClick={() => make(true)}>
          {t("tasks.newList")}
        </button>
      </div>
      <Suspense>
        {making && (
          <NameDialog
            title={t("tasks.newList")}
            name=""
            onClose={() => make(false)}
            onName={(name) => createList(own, name)}
          />
        )}
      </Suspense>
    </nav>
  );
}

interface LineProps {
  at: Where;
  here: boolean;
  count: number;
  icon: ReactNode;
  children: ReactNode;
}

function Line({ at, here, count, icon, children }: LineProps) {
  const go = (event: MouseEvent) => {
    event.preventDefault();
    visit(at);
  };
  return (
    <li>
      <a href={`/mail/tasks/${pathOf(at).join("/")}`} aria-current={here ? "page" : undefined} onClick={go}>
        {icon}
        <span className="name">{children}</span>
        {count > 0 && <span className="count">{count}</span>}
      </a>
    </li>
  );
}

interface ListLineProps {
  list: TaskList;
  where: Where;
  count: (at: Where) => number;
}

/** A list, onto which tasks are dropped. */
function ListLine({ list, where, count }: ListLineProps) {
  const { t } = useTranslation();
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const at: Where = { filter: null, list: { accountId: list.accountId, id: list.id } };
  const here = where.list?.id === list.id && where.list.accountId === list.accountId;
  const takes = (event: DragEvent) => event.dataTransfer.types.includes(DRAGGED_TASK);
  const enter = (by: number) => () => {
    depth.current += by;
    setOver(depth.current > 0);
  };
  const drop = (event: DragEvent) => {
    depth.current = 0;
    setOver(false);
    const task = droppedTask(event);
    if (task) void move(task, list);
  };
  return (
    <li
      className={over ? "over" : ""}
      onDragEnter={enter(1)}
      onDragLeave={enter(-1)}
      onDragOver={(event) => takes(event) && event.preventDefault()}
      onDrop={drop}
    >
      <a
        href={`/mail/tasks/${pathOf(at).join("/")}`}
        aria-current={here ? "page" : undefined}
        onClick={(event) => {
          event.preventDefault();
          visit(at);
        }}
      >
        <ListTodo style={list.color ? { color: list.color } : undefined} />
        <span className="name">{folderName(list)}</span>
        {count(at) > 0 && <span className="count">{count(at)}</span>}
      </a>
      <HolderActions
        accountId={list.accountId}
        id={list.id}
        name={list.name}
        shownAs={folderName(list)}
        mayShare={list.myRights.mayAdmin}
        mayRename={list.myRights.mayDelete}
        mayDelete={list.myRights.mayDelete}
        ask={t("tasks.deleteAsk", { name: folderName(list) })}
        rename={(next) => renameList(list, next)}
        remove={async () => {
          await deleteList(list);
          visit({ filter: "today", list: null });
        }}
      />
    </li>
  );
}
