import { addDays, addMonths, format, isSameDay, isSameMonth, startOfMonth, startOfWeek, startOfYear } from "date-fns";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { dated } from "../dates";
import { IconButton } from "../shell/Button";
import { now, type Shown, useCalendar, visit, type Where } from "./store";
import { daysTouched, dayText } from "./time";

/** On which days there is something. */
function daysWith(events: Shown[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { start, end } of events)
    for (let at = 0, most = Math.min(daysTouched(start, end), 366); at < most; at += 1)
      found.add(dayText(addDays(start, at)));
  return found;
}

interface Props {
  month: Date;
  chosen?: Date;
  busy: ReadonlySet<string>;
  /** Without the days of the months beside it. */
  alone?: boolean;
  onDay: (day: Date) => void;
}

/** A month in small. */
function Month({ month, chosen, busy, alone, onDay }: Props) {
  const weekStartsOn = useCalendar((state) => state.prefs.weekStart);
  const first = startOfWeek(startOfMonth(month), { weekStartsOn });
  const days = Array.from({ length: 42 }, (_, at) => addDays(first, at));
  return (
    <div className="small-month">
      {days.slice(0, 7).map((day) => (
        <span key={day.getTime()} aria-hidden="true">
          {format(day, "EEEEE")}
        </span>
      ))}
      {days.map((day) => {
        if (alone && !isSameMonth(day, month)) return <span key={day.getTime()} aria-hidden="true" />;
        const state = [
          !isSameMonth(day, month) && "other",
          isSameDay(day, now()) && "today",
          chosen && isSameDay(day, chosen) && "chosen",
          busy.has(dayText(day)) && isSameMonth(day, month) && "busy",
        ];
        return (
          <button
            type="button"
            key={day.getTime()}
            className={state.filter(Boolean).join(" ")}
            aria-label={dated(day, "EEEE, d MMMM yyyy")}
            aria-current={isSameDay(day, now()) ? "date" : undefined}
            tabIndex={isSameMonth(day, month) ? 0 : -1}
            onClick={() => onDay(day)}
          >
            {format(day, "d")}
          </button>
        );
      })}
    </div>
  );
}

/** The month beside the views, to go to a day. */
export function MiniMonth({ where, events }: { where: Where; events: Shown[] }) {
  const { t } = useTranslation();
  const [month, setMonth] = useState(() => startOfMonth(where.date));
  const at = dayText(startOfMonth(where.date));
  useEffect(() => setMonth(startOfMonth(new Date(`${at}T00:00:00`))), [at]);
  const busy = useMemo(() => daysWith(events), [events]);
  return (
    <section className="mini" aria-label={t("calendar.goTo")}>
      <header>
        <strong>{format(month, "LLLL yyyy")}</strong>
        <IconButton label={t("calendar.previousMonth")} onClick={() => setMonth(addMonths(month, -1))}>
          <ChevronLeft />
        </IconButton>
        <IconButton label={t("calendar.nextMonth")} onClick={() => setMonth(addMonths(month, 1))}>
          <ChevronRight />
        </IconButton>
      </header>
      <Month month={month} chosen={where.date} busy={busy} onDay={(date) => visit({ date })} />
    </section>
  );
}

/** Twelve months. */
export function Year({ where, events }: { where: Where; events: Shown[] }) {
  const busy = useMemo(() => daysWith(events), [events]);
  const first = startOfYear(where.date);
  const at = dayText(startOfMonth(where.date));
  const chosen = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: on a phone the month that one comes to is not the first that is seen
  useEffect(() => {
    void chosen.current?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <div className="year" tabIndex={0}>
      {Array.from({ length: 12 }, (_, each) => addMonths(first, each)).map((month) => (
        <section
          key={month.getTime()}
          aria-label={format(month, "LLLL")}
          ref={dayText(month) === at ? chosen : undefined}
        >
          <button type="button" className="text" onClick={() => visit({ view: "month", date: month })}>
            {format(month, "LLLL")}
          </button>
          <Month month={month} busy={busy} alone onDay={(date) => visit({ view: "day", date })} />
        </section>
      ))}
    </div>
  );
}
