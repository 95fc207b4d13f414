import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { followTasks, loadTasks } from "../tasks/load";
import { dragTask, dueText, TaskCheck } from "../tasks/Row";
import { useTasks } from "../tasks/store";
import { isOverdue, lines } from "../tasks/tasks";
import "../tasks/tasks.css";

const MOST = 8;

/** What is to be done next, to be dragged to when one wants to do it. */
export function ToDo() {
  const { t } = useTranslation();
  const { tasks, hidden } = useTasks();
  useEffect(() => {
    void loadTasks();
    return followTasks();
  }, []);
  const all = (tasks ?? []).filter((each) => !hidden.has(each.id));
  const shown = lines(all, { filter: "all", list: null }).slice(0, MOST);
  if (!shown.length) return null;
  return (
    <section className="to-do" aria-label={t("tasks.title")}>
      <h2>{t("tasks.title")}</h2>
      <ul>
        {shown.map(([task]) => (
          <li key={task.id} draggable title={t("tasks.drag")} onDragStart={(event) => dragTask(event, task)}>
            <TaskCheck task={task} />
            <span>{task.title}</span>
            {task.due && <small className={isOverdue(task) ? "late" : ""}>{dueText(task, t)}</small>}
          </li>
        ))}
      </ul>
    </section>
  );
}
