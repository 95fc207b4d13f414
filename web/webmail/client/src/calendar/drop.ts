/** Tasks that are dropped on a view: on a time they are planned as an event, on a day they are due then. */
import type { DragEvent, RefObject } from "react";
import { dueOn } from "../tasks/act";
import { DRAGGED_TASK, droppedTask } from "../tasks/Row";
import { add, timesOf, wrong } from "./act";
import { clicked, spotAt } from "./drag";
import { firstCalendar } from "./form";

/** What an element does whose days have `data-day`. */
export function takesTasks(within: RefObject<HTMLElement | null>, byDay: boolean) {
  return {
    onDragOver: (event: DragEvent) => {
      if (event.dataTransfer.types.includes(DRAGGED_TASK)) event.preventDefault();
    },
    onDrop: (event: DragEvent) => {
      const task = droppedTask(event);
      const spot = within.current && spotAt(within.current, event.clientX, event.clientY);
      if (!task || !spot) return;
      event.preventDefault();
      if (byDay) return void dueOn(task, spot.day).catch(wrong);
      const calendar = firstCalendar();
      const { start, end } = clicked(spot);
      if (calendar) void add(calendar, { title: task.title ?? "", ...timesOf(start, end, false) });
    },
  };
}
