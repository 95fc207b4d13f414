import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { folderName } from "../names";
import { Dialog } from "./Dialog";

const MOST_SHOWN = 20;

/** What became of a file. */
export interface Imported {
  made: number;
  changed: number;
  skipped: number;
  failed: string[];
}

interface Choice {
  value: string;
  text: string;
}

interface Props {
  /** Whose words are used: `importedMade`, `importedChanged`, `importedSkipped`, and the title. */
  room: "calendar" | "contacts";
  accept: string;
  places: { id: string; name: string }[];
  into: string | undefined;
  /** What may become of those that are there already, the usual first. */
  existing: { label: string; choices: Choice[] };
  hint?: string;
  run: (place: string, file: File, existing: string) => Promise<Imported>;
  onClose: () => void;
}

/** Things from a file, with what becomes of those that are there already; then what was done, and what was refused. */
export function ImportForm({ room, accept, places, into, existing, hint, run, onClose }: Props) {
  const { t } = useTranslation();
  const [done, setDone] = useState<Imported | null>(null);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);

  async function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const file = given.get("file");
    if (!(file instanceof File)) return;
    setBusy(true);
    setWrong("");
    try {
      setDone(await run(String(given.get("into")), file, String(given.get("existing"))));
    } catch (error) {
      setWrong((error as Error).message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={t(`${room}.import`)} onClose={onClose}>
      {done ? (
        <div className="form">
          <p role="status">
            {t(`${room}.importedMade`, { count: done.made })}{" "}
            {done.changed > 0 && t(`${room}.importedChanged`, { count: done.changed })}{" "}
            {done.skipped > 0 && t(`${room}.importedSkipped`, { count: done.skipped })}
          </p>
          {done.failed.length > 0 && (
            <ul className="wrong">
              {done.failed.slice(0, MOST_SHOWN).map((each) => (
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
            <input type="file" name="file" required accept={accept} />
          </label>
          <label>
            {t("contacts.into")}
            <select name="into" defaultValue={into}>
              {places.map((each) => (
                <option key={each.id} value={each.id}>
                  {folderName(each)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {existing.label}
            <select name="existing" defaultValue={existing.choices[0]?.value}>
              {existing.choices.map((each) => (
                <option key={each.value} value={each.value}>
                  {each.text}
                </option>
              ))}
            </select>
          </label>
          {hint && <p className="hint">{hint}</p>}
          <p role="alert" className="wrong">
            {wrong}
          </p>
          <footer>
            <button type="button" onClick={onClose}>
              {t("app.cancel")}
            </button>
            <button type="submit" className="main" disabled={busy}>
              {t(`${room}.import`)}
            </button>
          </footer>
        </form>
      )}
    </Dialog>
  );
}
