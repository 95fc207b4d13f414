import { format } from "date-fns";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/Dialog";
import { toast } from "../store";
import { beforeText } from "./alerts";
import { zoneNames } from "./EventDialog";
import { refresh } from "./load";
import { prefer, set, useCalendar, type WeekStart } from "./store";
import { HERE } from "./time";

const CHOICES = [null, 0, 5, 10, 15, 30, 60, 1440];

/** How one wants to see calendars: kept in this browser. */
export function PreferencesDialog() {
  const { t } = useTranslation();
  const prefs = useCalendar((state) => state.prefs);
  const clock = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));
  const desktop = async (on: boolean) => {
    if (on && (await Notification.requestPermission()) !== "granted")
      return void toast(t("calendar.noDesktop"), { error: true });
    prefer({ desktop: on });
  };
  return (
    <Dialog title={t("calendar.preferences")} onClose={() => set({ prefsShown: false })}>
      <div className="form">
        <label>
          {t("calendar.weekStart")}
          <select
            value={prefs.weekStart}
            onChange={({ target }) => prefer({ weekStart: Number(target.value) as WeekStart })}
          >
            {[1, 0, 6].map((day) => (
              <option key={day} value={day}>
                {format(new Date(2000, 0, 2 + day), "EEEE")}
              </option>
            ))}
          </select>
        </label>
        <div className="two">
          <label>
            {t("calendar.workFrom")}
            <input
              type="time"
              value={clock(prefs.workFrom)}
              onChange={({ target }) => {
                const from = minutes(target.value);
                if (from < prefs.workTo) prefer({ workFrom: from });
              }}
            />
          </label>
          <label>
            {t("calendar.workTo")}
            <input
              type="time"
              value={clock(prefs.workTo)}
              onChange={({ target }) => {
                const to = minutes(target.value);
                if (to > prefs.workFrom) prefer({ workTo: to });
              }}
            />
          </label>
        </div>
        <fieldset className="weekdays">
          <legend>{t("calendar.workDays")}</legend>
          {[1, 2, 3, 4, 5, 6, 0].map((day) => (
            <button
              type="button"
              key={day}
              aria-pressed={prefs.workDays.includes(day)}
              onClick={() =>
                prefer({
                  workDays: prefs.workDays.includes(day)
                    ? prefs.workDays.filter((each) => each !== day)
                    : [...prefs.workDays, day].sort(),
                })
              }
            >
              {format(new Date(2000, 0, 2 + day), "EEEEEE")}
            </button>
          ))}
        </fieldset>
        <label>
          {t("calendar.zone")}
          <select
            value={prefs.zone ?? ""}
            onChange={({ target }) => {
              prefer({ zone: target.value || null });
              void refresh();
            }}
          >
            <option value="">{t("calendar.browserZone", { zone: HERE })}</option>
            {zoneNames("").map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label>
          {t("calendar.newReminder")}
          <select
            value={prefs.reminder ?? ""}
            onChange={({ target }) => prefer({ reminder: target.value === "" ? null : Number(target.value) })}
          >
            {CHOICES.map((each) => (
              <option key={each} value={each ?? ""}>
                {each === null ? t("calendar.noReminder") : beforeText(t, each)}
              </option>
            ))}
          </select>
        </label>
        {"Notification" in window && (
          <label className="check">
            <input type="checkbox" checked={prefs.desktop} onChange={({ target }) => void desktop(target.checked)} />
            {t("calendar.desktop")}
          </label>
        )}
      </div>
    </Dialog>
  );
}
