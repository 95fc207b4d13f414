import { addDays, format, isSameDay, isToday } from "date-fns";
import { type CSSProperties, type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { beginAt } from "./begin";
import { clicked, type Dragged, spotAt, useDrag, withDragged } from "./drag";
import { takesTasks } from "./drop";
import { EventBox, timesText } from "./EventBox";
import { meets } from "./events";
import { inColumns, inLines } from "./layout";
import { now, type Shown, useCalendar, visit, zone } from "./store";
import { dayText, HERE, minuteOfDay } from "./time";

export const HOUR = 48;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const LEAST = 22;

/** Days beside each other, from midnight to midnight. */
export function TimeGrid({ days, events }: { days: Date[]; events: Shown[] }) {
  const { t } = useTranslation();
  const scroller = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const { workFrom, workTo } = useCalendar((state) => state.prefs);
  const drag = useDrag(body, false);
  const shown = withDragged(events, drag.shown);
  const from = days[0] as Date;
  const long = (each: Shown) => each.allDay || each.end.getTime() - each.start.getTime() >= 86_400_000;
  const whole = events.filter((each) => long(each) && meets(each, from, addDays(days.at(-1) as Date, 1)));
  const timed = shown.filter((each) => !long(each));

  // biome-ignore lint/correctness/useExhaustiveDependencies: it begins there once
  useEffect(() => {
    const first = timed.reduce((least, each) => Math.min(least, minuteOfDay(each.start)), workFrom);
    const hour = days.some((day) => isSameDay(day, now())) ? Math.min(workFrom, minuteOfDay(now()) - 90) : workFrom;
    scroller.current?.scrollTo({ top: (Math.min(Math.max(first, workFrom - 120), hour) / 60) * HOUR - 8 });
  }, []);

  const seen = timed.filter((each) => meets(each, from, addDays(days.at(-1) as Date, 1)));
  const overnight = seen.some((each) => !isSameDay(each.start, each.end));
  const hours = {
    "--first": overnight ? 0 : Math.floor(Math.min(workFrom, ...seen.map((each) => minuteOfDay(each.start))) / 60),
    "--last": overnight ? 24 : Math.ceil(Math.max(workTo, ...seen.map((each) => minuteOfDay(each.end))) / 60),
  };
  const onClick = (event: MouseEvent) => {
    if (drag.justEnded() || (event.target as HTMLElement).closest(".event") || !body.current) return;
    const spot = spotAt(body.current, event.clientX, event.clientY - HOUR / 4);
    if (!spot) return;
    const { start, end } = clicked(spot);
    beginAt(start, end, false);
  };
  return (
    <div
      className={days.length === 1 ? "grid one" : "grid"}
      style={{ "--days": days.length, ...hours } as CSSProperties}
    >
      <div className="grid-head">
        <span className="gutter">{zone() === HERE ? "" : zone().split("/").at(-1)?.replaceAll("_", " ")}</span>
        {days.map((day) => (
          <button
            type="button"
            key={day.getTime()}
            className={isSameDay(day, now()) ? "today" : ""}
            aria-current={isSameDay(day, now()) ? "date" : undefined}
            onClick={() => visit({ view: "day", date: day })}
          >
            <small>{format(day, "EEE")}</small> <b>{format(day, "d")}</b>
            <span className="unseen"> {format(day, "MMMM")}</span>
          </button>
        ))}
      </div>
      <WholeDays days={days} events={whole} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section className="grid-scroll" ref={scroller} tabIndex={0} aria-label={t("calendar.times")}>
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the keyboard makes events by `c` */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same */}
        <div
          className="grid-body"
          ref={body}
          style={{ height: 24 * HOUR }}
          onClick={onClick}
          onPointerDown={drag.begin("create", null)}
          {...takesTasks(body, false)}
        >
          <div className="gutter" aria-hidden="true">
            {HOURS.slice(1).map((hour) => (
              <time key={hour} style={{ top: hour * HOUR }}>
                {format(new Date(2000, 0, 1, hour), "p")}
              </time>
            ))}
          </div>
          {days.map((day) => (
            <Column
              key={day.getTime()}
              day={day}
              events={timed.filter((each) => meets(each, day, addDays(day, 1)))}
              drag={drag}
            />
          ))}
        </div>
      </section>
    </div>
  );
}

interface ColumnProps {
  day: Date;
  events: Shown[];
  drag: ReturnType<typeof useDrag>;
}

function Column({ day, events, drag }: ColumnProps) {
  const prefs = useCalendar((state) => state.prefs);
  const next = addDays(day, 1);
  const placed = useMemo(() => {
    const least = (LEAST / HOUR) * 60;
    const minutes = (at: Date) => (at <= day ? 0 : at >= next ? 1440 : minuteOfDay(at));
    return inColumns(
      events.map((each) => {
        const from = minutes(each.start);
        return { each, from, to: Math.max(minutes(each.end), from + least) };
      }),
    );
  }, [events, day, next]);
  const works = prefs.workDays.includes(day.getDay());
  const style = {
    "--from": `${(prefs.workFrom / 1440) * 100}%`,
    "--to": `${(prefs.workTo / 1440) * 100}%`,
  } as CSSProperties;
  return (
    <div className={works ? "column works" : "column"} style={style} data-day={dayText(day)}>
      {placed.map(({ item: { each, from, to }, column, columns }) => (
        <EventBox
          key={each.id}
          each={each}
          className={`${to - from < 45 ? "short" : ""} ${drag.shown?.each?.id === each.id ? "dragged" : ""}`}
          style={{
            top: (from / 60) * HOUR + 1,
            height: ((to - from) / 60) * HOUR - 2,
            left: `${(column / columns) * 100}%`,
            width: `calc(${100 / columns}% - 3px)`,
          }}
          onPointerDown={drag.begin("move", each)}
          dragged={drag.justEnded}
        >
          <span className="handle" onPointerDown={drag.begin("resize", each)} />
        </EventBox>
      ))}
      {drag.shown?.kind === "create" && meets(ghost(drag.shown), day, next) && <Ghost drag={drag.shown} />}
      {isSameDay(day, now()) && <Now />}
    </div>
  );
}

const ghost = (drag: Dragged) => ({ start: drag.start, end: drag.end }) as Shown;

/** What is about to be made. */
function Ghost({ drag }: { drag: Dragged }) {
  const top = (minuteOfDay(drag.start) / 60) * HOUR;
  const height = Math.max(((drag.end.getTime() - drag.start.getTime()) / 3_600_000) * HOUR, 12);
  return (
    <div className="ghost" style={{ top, height }}>
      {timesText(drag)}
    </div>
  );
}

/** A line at what time it is. */
function Now() {
  const [at, set] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => set(now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return <div className="now" style={{ top: (minuteOfDay(at) / 60) * HOUR }} aria-hidden="true" />;
}

const MOST_LINES = 5;

/** What lasts all day, over the days that it lasts. */
function WholeDays({ days, events }: { days: Date[]; events: Shown[] }) {
  const { t } = useTranslation();
  const lane = useRef<HTMLDivElement>(null);
  const drag = useDrag(lane, true);
  const first = days[0] as Date;
  const count = days.length;
  const lines = inLines(
    withDragged(events, drag.shown).map((each) => {
      const index = (at: Date) => Math.round((at.getTime() - first.getTime()) / 86_400_000);
      const last = each.allDay ? index(each.end) : Math.ceil((each.end.getTime() - first.getTime()) / 86_400_000);
      return { each, from: Math.max(0, Math.min(count - 1, index(startOf(each.start)))), to: Math.min(count, last) };
    }),
  );
  const many = lines.reduce((most, { line }) => Math.max(most, line + 1), 0);
  const onClick = (event: MouseEvent) => {
    if (drag.justEnded() || (event.target as HTMLElement).closest(".event") || !lane.current) return;
    const spot = spotAt(lane.current, event.clientX, event.clientY);
    if (spot) beginAt(spot.day, addDays(spot.day, 1), true);
  };
  return (
    <section className="grid-whole" aria-label={t("calendar.allDay")}>
      <span className="gutter">{t("calendar.allDayShort")}</span>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keyboard makes events by `c` */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same */}
      <div
        className="lane"
        ref={lane}
        style={{ height: Math.min(many, MOST_LINES) * 24 + 8 }}
        onClick={onClick}
        onPointerDown={drag.begin("create", null)}
        {...takesTasks(lane, true)}
      >
        {days.map((day) => (
          <i key={day.getTime()} data-day={dayText(day)} className={isToday(day) ? "today" : ""} />
        ))}
        {lines.map(({ item: { each, from, to }, line }) => (
          <EventBox
            key={each.id}
            each={each}
            line
            style={{
              top: line * 24 + 3,
              left: `calc(${(from / count) * 100}% + 1px)`,
              width: `calc(${((to - from) / count) * 100}% - 4px)`,
            }}
            onPointerDown={drag.begin("move", each)}
            dragged={drag.justEnded}
          >
            <span className="handle" onPointerDown={drag.begin("resize", each)} />
          </EventBox>
        ))}
      </div>
    </section>
  );
}

function startOf(at: Date): Date {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate());
}
