import { format } from "date-fns";
import { useTranslation } from "react-i18next";
import type { FieldProps } from "./EventDialog";
import { DAYS, nthOf, type Repeat } from "./recur";
import { useCalendar } from "./store";
import { dayText, shifted } from "./time";

const UNITS = { daily: "day", weekly: "week", monthly: "month", yearly: "year" };

/** What recurs: an event, or a task. */
type Recurring = Pick<FieldProps["form"], "repeat" | "start">;

interface RepeatProps {
  form: Recurring;
  change: (more: { repeat: Repeat }) => void;
  /** It is one of a series. */
  one: boolean;
}

/** How often, and how long. */
export function RepeatFields({ form, change, one }: RepeatProps) {
  const { t } = useTranslation();
  const { repeat } = form;
  const set = (more: Partial<Repeat>) => change({ repeat: { ...repeat, ...more } });
  if (one) return <p className="hint">{t("calendar.ofSeries")}</p>;
  return (
    <fieldset className="repeat">
      <label>
        {t("calendar.repeat")}
        <select
          value={repeat.other ? "other" : repeat.frequency}
          onChange={({ target }) => {
            const frequency = target.value as Repeat["frequency"];
            set({ frequency, other: null, days: frequency === "weekly" ? [DAYS[form.start.getDay()] as string] : [] });
          }}
        >
          <option value="">{t("calendar.once")}</option>
          {Object.keys(UNITS).map((each) => (
            <option key={each} value={each}>
              {t(`calendar.${each}`)}
            </option>
          ))}
          {repeat.other && <option value="other">{t("calendar.otherRule")}</option>}
        </select>
      </label>
      {repeat.frequency && !repeat.other && <Rule form={form} set={set} repeat={repeat} />}
    </fieldset>
  );
}

interface RuleProps {
  form: Recurring;
  repeat: Repeat;
  set: (more: Partial<Repeat>) => void;
}

function Rule({ form, repeat, set }: RuleProps) {
  const { t } = useTranslation();
  const today = DAYS[form.start.getDay()] as string;
  const nth = nthOf(form.start);
  return (
    <div className="rule">
      <label>
        {t("calendar.every")}
        <input
          type="number"
          min={1}
          max={999}
          value={repeat.interval}
          onChange={({ target }) => set({ interval: Math.max(1, Number(target.value) || 1) })}
        />
        {t(`calendar.units.${UNITS[repeat.frequency as keyof typeof UNITS]}`, { count: repeat.interval })}
      </label>
      {repeat.frequency === "weekly" && <Weekdays repeat={repeat} today={today} set={set} />}
      {repeat.frequency === "monthly" && (
        <select
          aria-label={t("calendar.monthlyBy")}
          value={repeat.monthly}
          onChange={({ target }) => set({ monthly: target.value as Repeat["monthly"] })}
        >
          <option value="date">{t("calendar.onDay", { day: format(form.start, "d") })}</option>
          <option value="weekday">
            {t("calendar.onNth", { nth: t(`calendar.nth.${nth < 0 ? "last" : nth}`), day: format(form.start, "EEEE") })}
          </option>
        </select>
      )}
      <Ends form={form} repeat={repeat} set={set} />
    </div>
  );
}

function Weekdays({ repeat, today, set }: { repeat: Repeat; today: string; set: RuleProps["set"] }) {
  const weekStart = useCalendar((state) => state.prefs.weekStart);
  const { t } = useTranslation();
  return (
    <fieldset className="weekdays">
      <legend className="unseen">{t("calendar.onDays")}</legend>
      {Array.from({ length: 7 }, (_, at) => (weekStart + at) % 7).map((day) => {
        const key = DAYS[day] as string;
        const on = key === today || repeat.days.includes(key);
        return (
          <button
            type="button"
            key={key}
            aria-pressed={on}
            disabled={key === today}
            onClick={() => set({ days: on ? repeat.days.filter((each) => each !== key) : [...repeat.days, key] })}
          >
            {format(new Date(2000, 0, 2 + day), "EEEEEE")}
          </button>
        );
      })}
    </fieldset>
  );
}

function Ends({ form, repeat, set }: RuleProps) {
  const { t } = useTranslation();
  return (
    <span className="ends">
      <select
        aria-label={t("calendar.endsWhen")}
        value={repeat.ends}
        onChange={({ target }) =>
          set({
            ends: target.value as Repeat["ends"],
            until: repeat.until || dayText(shifted(form.start, 30, 0)),
          })
        }
      >
        {["never", "until", "count"].map((each) => (
          <option key={each} value={each}>
            {t(`calendar.end.${each}`)}
          </option>
        ))}
      </select>
      {repeat.ends === "until" && (
        <input
          type="date"
          aria-label={t("calendar.end.until")}
          required
          min={dayText(form.start)}
          value={repeat.until}
          onChange={({ target }) => set({ until: target.value })}
        />
      )}
      {repeat.ends === "count" && (
        <input
          type="number"
          aria-label={t("calendar.end.count")}
          min={1}
          max={9999}
          value={repeat.count}
          onChange={({ target }) => set({ count: Number(target.value) || 1 })}
        />
      )}
    </span>
  );
}
