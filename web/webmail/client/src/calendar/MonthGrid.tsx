import { addDays, format, getISOWeek, isSameDay, isSameMonth } from "date-fns";
import { type MouseEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { dated } from "../dates";
import { beginAt, timeOn } from "./begin";
import { spotAt, useDrag, withDragged } from "./drag";
import { takesTasks } from "./drop";
import { EventBox } from "./EventBox";
import { meets } from "./events";
import { inLines } from "./layout";
import { usePrinted } from "./printed";
import { daysOf, now, type Shown, useCalendar, visit, type Where } from "./store";
import { daysTouched, dayText } from "./time";

const LINE = 22;
const HEAD = 28;

/** Weeks below each other. */
export function MonthGrid({ where, events }: { where: Where; events: Shown[] }) {
  const { t } = useTranslation();
  const prefs = useCalendar((state) => state.prefs);
  const body = useRef<HTMLDivElement>(null);
  const drag = useDrag(body, true);
  const { from, count } = daysOf(where, prefs);
  const weeks = Array.from({ length: count / 7 }, (_, week) => addDays(from, week * 7));
  const height = useHeight(body) / weeks.length;
  const printed = usePrinted();
  const lines = printed ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor((height - HEAD - 2) / LINE));
  const shown = withDragged(events, drag.shown);

  const onClick = (event: MouseEvent) => {
    if (drag.justEnded() || (event.target as HTMLElement).closest("button") || !body.current) return;
    const spot = spotAt(body.current, event.clientX, event.clientY);
    if (!spot) return;
    if (matchMedia("(max-width: 680px)").matches) return visit({ view: "day", date: spot.day });
    const { start, end } = timeOn(spot.day);
    beginAt(start, end, false);
  };
  return (
    <div className="month">
      <div className="month-head" aria-hidden="true">
        {Array.from({ length: 7 }, (_, day) => addDays(from, day)).map((day) => (
          <span key={day.getTime()}>{format(day, "EEE")}</span>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keyboard makes events by `c` */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same */}
      <div
        className="month-body"
        ref={body}
        onClick={onClick}
        onPointerDown={drag.begin("create", null)}
        {...takesTasks(body, true)}
      >
        {weeks.map((week) => (
          <section
            className="month-week"
            key={week.getTime()}
            aria-label={t("calendar.week", { number: getISOWeek(addDays(week, 3)) })}
          >
            <Days week={week} month={where.date} drag={drag} />
            <Week week={week} events={shown} lines={lines} drag={drag} />
          </section>
        ))}
      </div>
    </div>
  );
}

interface PartProps {
  week: Date;
  drag: ReturnType<typeof useDrag>;
}

function Days({ week, month, drag }: PartProps & { month: Date }) {
  return Array.from({ length: 7 }, (_, at) => addDays(week, at)).map((day) => {
    const today = isSameDay(day, now());
    const chosen = drag.shown?.kind === "create" && day >= drag.shown.start && day < drag.shown.end;
    const state = [!isSameMonth(day, month) && "other", today && "today", chosen && "chosen"];
    return (
      <div key={day.getTime()} className={`month-day ${state.filter(Boolean).join(" ")}`} data-day={dayText(day)}>
        <button
          type="button"
          className="date"
          aria-current={today ? "date" : undefined}
          onClick={() => visit({ view: "day", date: day })}
        >
          {dated(day, day.getDate() === 1 ? "d MMM" : "d")}
          <span className="unseen">{format(day, "MMMM, EEEE")}</span>
        </button>
      </div>
    );
  });
}

/** The events of a week over its days; what has no room is counted. */
function Week({ week, events, lines, drag }: PartProps & { events: Shown[]; lines: number }) {
  const { t } = useTranslation();
  const placed = inLines(
    events
      .filter((each) => meets(each, week, addDays(week, 7)))
      .map((each) => {
        const from = Math.max(0, indexIn(week, each.start));
        const to = Math.min(7, indexIn(week, each.start) + daysTouched(each.start, each.end));
        return { each, from, to };
      }),
  );
  const over = Array.from({ length: 7 }, (_, day) => placed.filter(({ item }) => item.from <= day && item.to > day));
  const cut = (day: number) => (over[day] ?? []).some(({ line }) => line >= lines);
  const fits = ({ item, line }: (typeof placed)[0]) => {
    for (let day = item.from; day < item.to; day += 1) if (cut(day) && line >= lines - 1) return false;
    return line < lines;
  };
  const most = placed.reduce((found, { line }) => Math.max(found, line + 1), 0);
  return (
    <>
      {lines === Number.POSITIVE_INFINITY && <i className="paper" style={{ height: HEAD + most * LINE }} />}
      {placed.filter(fits).map(({ item: { each, from, to }, line }) => (
        <EventBox
          key={each.id}
          each={each}
          line
          className={to - from > 1 ? "whole" : ""}
          style={{
            top: HEAD + line * LINE,
            left: `calc(${(from / 7) * 100}% + 3px)`,
            width: `calc(${((to - from) / 7) * 100}% - 6px)`,
          }}
          onPointerDown={drag.begin("move", each)}
          dragged={drag.justEnded}
        />
      ))}
      {over.map((all, day) => {
        const rest = all.filter((each) => !fits(each)).length;
        const date = addDays(week, day);
        return rest ? (
          <button
            type="button"
            className="more"
            key={date.getTime()}
            style={{ top: HEAD + (lines - 1) * LINE, left: `${(day / 7) * 100}%` }}
            aria-label={`${t("calendar.more", { count: rest })}, ${dated(date, "EEEE, d MMMM")}`}
            onClick={() => visit({ view: "day", date })}
          >
            {t("calendar.more", { count: rest })}
          </button>
        ) : null;
      })}
    </>
  );
}

function indexIn(week: Date, at: Date): number {
  const day = new Date(at.getFullYear(), at.getMonth(), at.getDate());
  return Math.round((day.getTime() - week.getTime()) / 86_400_000);
}

function useHeight(of: React.RefObject<HTMLElement | null>): number {
  const [height, set] = useState(600);
  useEffect(() => {
    if (!of.current) return;
    const watch = new ResizeObserver(([entry]) => entry && set(entry.contentRect.height));
    watch.observe(of.current);
    return () => watch.disconnect();
  }, [of]);
  return height;
}
