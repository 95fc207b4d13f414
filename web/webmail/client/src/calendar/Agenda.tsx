import { addDays, format, isSameDay } from "date-fns";
import { useTranslation } from "react-i18next";
import { dated } from "../dates";
import { looks, timesText } from "./EventBox";
import { colourOf, meets, placeNamed } from "./events";
import { daysOf, now, type Shown, set, useCalendar, visit, type Where } from "./store";

/** What is to come, day by day. */
export function Agenda({ where, events }: { where: Where; events: Shown[] }) {
  const { t } = useTranslation();
  const prefs = useCalendar((state) => state.prefs);
  const { from, count } = daysOf(where, prefs);
  const days = Array.from({ length: count }, (_, at) => addDays(from, at))
    .map((day) => ({ day, found: events.filter((each) => meets(each, day, addDays(day, 1))) }))
    .filter(({ found }) => found.length);
  if (!days.length) return <p className="none">{t("calendar.nothing")}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <div className="agenda" tabIndex={0}>
      {days.map(({ day, found }) => (
        <section key={day.getTime()} aria-label={dated(day, "EEEE, d MMMM")}>
          <button
            type="button"
            className={isSameDay(day, now()) ? "agenda-day today" : "agenda-day"}
            onClick={() => visit({ view: "day", date: day })}
          >
            <b>{format(day, "d")}</b>
            <span>
              {format(day, "EEEE")}
              <small>{format(day, "MMMM yyyy")}</small>
            </span>
          </button>
          <ul>
            {found.map((each) => (
              <Line key={each.id} each={each} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Line({ each }: { each: Shown }) {
  const { t } = useTranslation();
  const calendars = useCalendar((state) => state.calendars);
  const colour = each.event.color ?? colourOf(each.calendar, calendars);
  const place = placeNamed(each.event);
  return (
    <li>
      <button type="button" className={`agenda-line ${looks(each)}`} onClick={() => set({ open: each })}>
        <i style={{ background: colour }} />
        <time>{each.allDay ? t("calendar.allDay") : timesText(each)}</time>
        <strong>{each.event.title || t("calendar.noTitle")}</strong>
        {place && <span>{place}</span>}
      </button>
    </li>
  );
}
