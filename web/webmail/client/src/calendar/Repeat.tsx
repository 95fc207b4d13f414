import { format } from "date-fns";
import { Plus, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../shell/Button";
import type { FieldProps } from "./EventDialog";
import { DAYS, nthOf, type Repeat } from "./recur";
import { useCalendar } from "./store";
import { dayText, shifted } from "./time";

const UNITS = { daily: "day", weekly: "week", monthly: "month", yearly: "year" };
const OFFERED = [0, 5, 10, 15, 30, 60, 120, 1440, 2880, 10_080];

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

/** When one is reminded. */
export function Alerts({ form, change }: FieldProps) {
  const { t } = useTranslation();
  const { alerts } = form;
  const free = OFFERED.find((each) => each >= 10 && !alerts.includes(each));
  return (
    <fieldset className="alerts">
      <legend>{t("calendar.reminders")}</legend>
      {alerts.map((minutes, at) => (
        <span key={minutes}>
          <select
            aria-label={t("calendar.reminder")}
            value={minutes}
            onChange={({ target }) =>
              change({
                alerts: [...new Set(alerts.map((each, other) => (other === at ? Number(target.value) : each)))],
              })
            }
          >
            {[...new Set([...OFFERED, minutes])].map((each) => (
              <option key={each} value={each}>
                {beforeText(t, each)}
              </option>
            ))}
          </select>
          <IconButton
            label={t("calendar.noReminder")}
            onClick={() => change({ alerts: alerts.filter((each) => each !== minutes) })}
          >
            <X />
          </IconButton>
        </span>
      ))}
      {free !== undefined && alerts.length < 5 && (
        <button type="button" className="text" onClick={() => change({ alerts: [...alerts, free] })}>
          <Plus aria-hidden="true" />
          {t("calendar.addReminder")}
        </button>
      )}
    </fieldset>
  );
}

export function beforeText(t: (key: string, more?: Record<string, unknown>) => string, minutes: number): string {
  if (minutes === 0) return t("calendar.atStart");
  if (minutes < 0) return t("calendar.after", { time: beforeText(t, -minutes) });
  for (const [unit, size] of [
    ["week", 10_080],
    ["day", 1440],
    ["hour", 60],
  ] as const)
    if (minutes % size === 0)
      return t("calendar.before", { time: t(`calendar.lasts.${unit}`, { count: minutes / size }) });
  return t("calendar.before", { time: t("calendar.lasts.minute", { count: minutes }) });
}
