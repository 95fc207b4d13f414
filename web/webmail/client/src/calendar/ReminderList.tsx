import { AlarmClock, ListTodo } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useApp } from "../store";
import "./reminders.css";
import { dismissReminder, openReminder, snooze, soonText } from "./reminders";

const CHOICES = { event: [5, 15, 60], task: [15, 60, 180, 1440] };

/** What one is reminded of now: opened, put off, or seen. */
export default function Reminders() {
  const { t } = useTranslation();
  const all = useApp((state) => state.reminders);
  if (!all.length) return null;
  return (
    <section className="reminders" aria-label={t("calendar.reminders")} aria-live="polite">
      {all.map((each) => {
        const Icon = each.kind === "task" ? ListTodo : AlarmClock;
        return (
          <article key={each.key}>
            <Icon aria-hidden="true" />
            <strong>{soonText(each)}</strong>
            <footer>
              <button
                type="button"
                className="main"
                onClick={() => {
                  openReminder(each.key);
                  dismissReminder(each.key);
                }}
              >
                {t("calendar.open")}
              </button>
              <select
                aria-label={t("calendar.snoozeOf", { title: each.title })}
                value=""
                onChange={({ target }) => snooze(each.key, Number(target.value))}
              >
                <option value="">{t("calendar.snooze")}</option>
                {CHOICES[each.kind].map((minutes) => (
                  <option key={minutes} value={minutes}>
                    {t(`calendar.snoozeFor.${minutes}`)}
                  </option>
                ))}
              </select>
              <button type="button" onClick={() => dismissReminder(each.key)}>
                {t("calendar.dismiss")}
              </button>
            </footer>
          </article>
        );
      })}
    </section>
  );
}
