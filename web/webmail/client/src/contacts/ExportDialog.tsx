import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { folderName } from "../names";
import { Dialog } from "../shell/Dialog";
import { toast } from "../store";
import { ALL } from "./ContactsRoom";
import { saveCsv, saveVCards } from "./files";
import { shownOf, useContacts } from "./load";

const FORMS = ["4.0", "3.0", "csv"] as const;

/** The contacts of a book, or all, as a file. */
export default function ExportDialog({ at, onClose }: { at: string; onClose: () => void }) {
  const { t } = useTranslation();
  const state = useContacts();
  const [busy, setBusy] = useState(false);

  async function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const book = String(given.get("book"));
    const form = String(given.get("form")) as (typeof FORMS)[number];
    const cards = shownOf(state, book === ALL ? "" : book, "");
    const name = state.books.find((each) => each.id === book)?.name ?? t("contacts.title");
    setBusy(true);
    try {
      if (form === "csv") await saveCsv(cards, `${name}.csv`);
      else await saveVCards(cards, `${name}.vcf`, form);
      onClose();
    } catch (error) {
      toast((error as Error).message, { error: true });
      setBusy(false);
    }
  }

  return (
    <Dialog title={t("contacts.export")} onClose={onClose}>
      <form className="form" onSubmit={go}>
        <label>
          {t("contacts.which")}
          <select name="book" defaultValue={state.books.some((each) => each.id === at) ? at : ALL}>
            <option value={ALL}>{t("contacts.all")}</option>
            {state.books.map((each) => (
              <option key={each.id} value={each.id}>
                {folderName(each)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("contacts.form")}
          <select name="form">
            {FORMS.map((each) => (
              <option key={each} value={each}>
                {each === "csv" ? "CSV" : `vCard ${each}`}
              </option>
            ))}
          </select>
        </label>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main" disabled={busy}>
            {t("contacts.export")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
