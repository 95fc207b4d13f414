import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/Dialog";
import { type Existing, type Imported, importFile } from "./files";
import { writable } from "./form";
import { useCalendar } from "./store";
import type { Calendar } from "./types";

const EXISTING: Existing[] = ["skip", "replace"];
const MOST_SHOWN = 20;

/** Events from a file, with what becomes of those that are there already. Nobody is told of them. */
export default function ImportDialog({ into, onClose }: { into: Calendar; onClose: () => void }) {
  const { t } = useTranslation();
  const calendars = writable(useCalendar((state) => state.calendars));
  const [done, setDone] = useState<Imported | null>(null);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);

  async function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const calendar = calendars.find((each) => each.id === given.get("calendar"));
    const file = given.get("file");
    if (!calendar || !(file instanceof File)) return;
    setBusy(true);
    setWrong("");
    try {
      setDone(await importFile(calendar, file, given.get("existing") as Existing));
    } catch (error) {
      setWrong((error as Error).message);
    }
    setBusy(false);
  }

  return (
    <Dialog title={t("calendar.import")} onClose={onClose}>
      {done ? (
        <div className="form">
          <p role="status">
            {t("calendar.importedMade", { count: done.created })}{" "}
            {done.updated > 0 && t("calendar.importedChanged", { count: done.updated })}{" "}
            {done.skipped > 0 && t("calendar.importedSkipped", { count: done.skipped })}
          </p>
          {done.refused.length > 0 && (
            <ul className="wrong">
              {done.refused.slice(0, MOST_SHOWN).map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ul>
          )}
          <footer>
            <button type="button" className="main" onClick={onClose}>
              {t("settings.done")}
            </button>
          </footer>
        </div>
      ) : (
        <form className="form" onSubmit={go}>
          <label>
            {t("contacts.file")}
            <input type="file" name="file" required accept=".ics,.ical,text/calendar" />
          </label>
          <label>
            {t("contacts.into")}
            <select name="calendar" defaultValue={into.id}>
              {calendars.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.name}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t("calendar.existing")}
            <select name="existing" defaultValue="skip">
              {EXISTING.map((each) => (
                <option key={each} value={each}>
                  {t(`calendar.existings.${each}`)}
                </option>
              ))}
            </select>
          </label>
          <p className="hint">{t("calendar.importHint")}</p>
          <p role="alert" className="wrong">
            {wrong}
          </p>
          <footer>
            <button type="button" onClick={onClose}>
              {t("app.cancel")}
            </button>
            <button type="submit" className="main" disabled={busy}>
              {t("calendar.import")}
            </button>
          </footer>
        </form>
      )}
    </Dialog>
  );
}
