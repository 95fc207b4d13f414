import { addDays, format, getISOWeek, isSameMonth } from "date-fns";
import { ChevronLeft, ChevronRight, Plus, Printer, Settings2 } from "lucide-react";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { dated } from "../dates";
import { IconButton } from "../shell/Button";
import { Dialog } from "../shell/Dialog";
import { type Key, stepKeys, useKeys } from "../shell/keys";
import { useApp } from "../store";
import { Agenda } from "./Agenda";
import { beginHere } from "./begin";
import "./calendar.css";
import { EventDialog } from "./EventDialog";
import { shownOf } from "./events";
import { followCalendars, loadCalendars, loadWhere } from "./load";
import { MonthGrid } from "./MonthGrid";
import { Year } from "./Months";
import { followProposals } from "./meetings";
import { Peek } from "./Peek";
import { PreferencesDialog } from "./Preferences";
import { Side } from "./Side";
import {
  daysOf,
  now,
  rejoin,
  type Scope,
  set,
  stepped,
  useCalendar,
  VIEWS,
  type View,
  visit,
  type Where,
  where,
  whereIn,
} from "./store";
import { TimeGrid } from "./TimeGrid";
import { dayText } from "./time";

const KEYS: Key[] = [
  ...stepKeys(".calendar .event, .agenda-line button, button.agenda-line"),
  { keys: "/", says: "keys.search", act: () => document.querySelector<HTMLElement>("#calendar-search")?.focus() },
  { keys: "c", says: "calendar.newEvent", act: beginHere },
  { keys: "t", says: "calendar.today", act: () => visit({ date: now() }) },
  { keys: "n", says: "calendar.next", act: () => visit({ date: stepped(where(), 1) }) },
  { keys: "p", says: "calendar.previous", act: () => visit({ date: stepped(where(), -1) }) },
  ...VIEWS.map((view, at) => ({ keys: `${at + 1}`, says: `calendar.view.${view}`, act: () => visit({ view }) })),
];

export default function CalendarRoom() {
  const { t } = useTranslation();
  const path = useApp((state) => state.place.path);
  const ready = useApp((state) => state.ready);
  const state = useCalendar();
  const { view, date } = whereIn(path);
  const day = dayText(date);
  useKeys(KEYS);
  useEffect(rejoin, []);
  useEffect(followCalendars, []);
  useEffect(followProposals, []);
  useEffect(() => {
    if (ready && !useCalendar.getState().calendars.length) void loadCalendars().catch(() => undefined);
  }, [ready]);
  const { weekStart, zone } = state.prefs;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shown depends on where the week begins, and on the zone
  useEffect(() => {
    if (ready) void loadWhere({ view, date: new Date(`${day}T00:00:00`) });
  }, [ready, view, day, weekStart, zone]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the parts of the state that events are shown by
  const events = useMemo(() => shownOf(state), [state.events, state.calendars, state.hidden, state.prefs]);
  const open = state.open && (events.find((each) => each.id === state.open?.id) ?? state.open);
  const here = useMemo(() => ({ view, date: new Date(`${day}T00:00:00`) }), [view, day]);
  return (
    <>
      <Side where={here} events={events} />
      <main className="stage calendar" id="stage" aria-label={titleOf(here)}>
        <Bar where={here} />
        {state.failed && !state.events ? (
          <div className="none" role="alert">
            <p>{state.failed}</p>
            <button type="button" onClick={() => void loadWhere(here, true)}>
              {t("list.retry")}
            </button>
          </div>
        ) : (
          <Pane where={here} events={events} loading={!state.events} />
        )}
      </main>
      <button type="button" className="main fab" aria-label={t("calendar.newEvent")} onClick={beginHere}>
        <Plus />
      </button>
      {open && <Peek each={open} key={open.id} />}
      {state.edited && <EventDialog edited={state.edited} />}
      {state.asked && <ScopeDialog {...state.asked} />}
      {state.prefsShown && <PreferencesDialog />}
    </>
  );
}

function narrow(): boolean {
  return matchMedia("(max-width: 680px)").matches;
}

function titleOf(where: Where): string {
  const { view, date } = where;
  if (view === "day") return dated(date, narrow() ? "EEE, d MMM" : "EEEE, d MMM yyyy");
  if (view === "year") return format(date, "yyyy");
  const month = narrow() ? "LLL yyyy" : "LLLL yyyy";
  if (view === "month") return format(date, month);
  const { from, to } = daysOf(where, useCalendar.getState().prefs);
  const last = addDays(to, -1);
  if (isSameMonth(from, last)) return format(from, month);
  if (narrow()) return `${format(from, "LLL")} – ${format(last, "LLL")}`;
  return `${format(from, from.getFullYear() === last.getFullYear() ? "LLL" : "LLL yyyy")} – ${format(last, "LLL yyyy")}`;
}

/** A day of the week that is shown: its Thursday says which one it is. */
function weekDay(where: Where): Date {
  return where.view === "day" ? where.date : addDays(daysOf(where, useCalendar.getState().prefs).from, 3);
}

function Bar({ where: here }: { where: Where }) {
  const { t } = useTranslation();
  const { view } = here;
  const week = view === "week" || view === "workweek" || view === "day";
  return (
    <header className="bar calendar-bar">
      <button type="button" className="today" title="t" onClick={() => visit({ date: now() })}>
        {t("calendar.today")}
      </button>
      <IconButton label={t("calendar.previous")} keys="p" onClick={() => visit({ date: stepped(here, -1) })}>
        <ChevronLeft />
      </IconButton>
      <IconButton label={t("calendar.next")} keys="n" onClick={() => visit({ date: stepped(here, 1) })}>
        <ChevronRight />
      </IconButton>
      <h1>
        {titleOf(here)}
        {week && <small>{t("calendar.week", { number: getISOWeek(weekDay(here)) })}</small>}
      </h1>
      <span className="grow" />
      <fieldset className="views">
        <legend className="unseen">{t("calendar.viewLabel")}</legend>
        {VIEWS.map((each, at) => (
          <button
            type="button"
            key={each}
            aria-pressed={each === view}
            title={`${t(`calendar.view.${each}`)} (${at + 1})`}
            onClick={() => visit({ view: each })}
          >
            {t(`calendar.view.${each}`)}
          </button>
        ))}
      </fieldset>
      <select
        className="views-small"
        aria-label={t("calendar.viewLabel")}
        value={view}
        onChange={({ target }) => visit({ view: target.value as View })}
      >
        {VIEWS.map((each) => (
          <option key={each} value={each}>
            {t(`calendar.view.${each}`)}
          </option>
        ))}
      </select>
      <IconButton className="printer" label={t("app.print")} onClick={() => window.print()}>
        <Printer />
      </IconButton>
      <IconButton label={t("calendar.preferences")} onClick={() => set({ prefsShown: true })}>
        <Settings2 />
      </IconButton>
    </header>
  );
}

interface ViewProps {
  where: Where;
  events: ReturnType<typeof shownOf>;
  loading: boolean;
}

function Pane({ where: here, events, loading }: ViewProps) {
  const prefs = useCalendar((state) => state.prefs);
  const { view } = here;
  if (view === "month") return <MonthGrid where={here} events={events} />;
  if (view === "year") return <Year where={here} events={events} />;
  if (view === "agenda") return loading ? null : <Agenda where={here} events={events} />;
  const { from, count } = daysOf(here, prefs);
  const all = Array.from({ length: count }, (_, at) => addDays(from, at));
  const days = view === "workweek" ? all.filter((day) => prefs.workDays.includes(day.getDay())) : all;
  return <TimeGrid key={view} days={days.length ? days : all} events={events} />;
}

/** Which of a series is meant. */
function ScopeDialog({ scopes, act }: { scopes: Scope[]; act: (scope: Scope) => void }) {
  const { t } = useTranslation();
  const close = () => set({ asked: null });
  return (
    <Dialog title={t("calendar.whichOne")} onClose={close}>
      <div className="scopes">
        {scopes.map((scope) => (
          <button
            type="button"
            key={scope}
            onClick={() => {
              close();
              act(scope);
            }}
          >
            {t(`calendar.scope.${scope}`)}
          </button>
        ))}
      </div>
    </Dialog>
  );
}
