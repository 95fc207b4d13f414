import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { request, upload } from "../jmap/client";
import { Dialog } from "../shell/Dialog";
import { bookFor, type Imported, importCards, type Policy } from "./act";
import { cardsOfCsv } from "./csv";
import { useContacts } from "./load";

const POLICIES: Policy[] = ["fill", "skip", "replace", "keep"];

interface Read {
  cards: Record<string, unknown>[];
  refused: string[];
}

/** vCards are read by the server, as when a program puts them there; CSV is read here. */
async function read(accountId: string, file: File): Promise<Read> {
  if (/\.(csv|tsv|txt)$/i.test(file.name) || file.type === "text/csv")
    return { cards: cardsOfCsv(await file.text()), refused: [] };
  const { blobId } = await upload(accountId, file);
  const [answer] = await request([["ContactCard/parse", { accountId, blobIds: [blobId] }]]);
  return { cards: answer.parsed?.[blobId] ?? [], refused: answer.notParsable?.[blobId] ?? [] };
}

/** Contacts from a file, with what becomes of those that are there already. */
export default function ImportDialog({ at, onClose }: { at: string; onClose: () => void }) {
  const { t } = useTranslation();
  const books = useContacts((state) => state.books).filter((each) => each.myRights.mayWrite);
  const [done, setDone] = useState<Imported | null>(null);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);

  async function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const book = books.find((each) => each.id === given.get("book"));
    const file = given.get("file");
    if (!book || !(file instanceof File)) return;
    setBusy(true);
    setWrong("");
    try {
      const { cards, refused } = await read(book.accountId, file);
      if (!cards.length) throw new Error(refused[0] ?? t("contacts.noCards"));
      const told = await importCards(book, cards, given.get("policy") as Policy);
      setDone({ ...told, failed: [...refused, ...told.failed] });
    } catch (error) {
      setWrong((error as Error).message);
    } finally {
      setBusy(false);
    }
  }

  if (done)
    return (
      <Dialog title={t("contacts.import")} onClose={onClose}>
        <div className="form">
          <p role="status">
            {t("contacts.importedMade", { count: done.made })}{" "}
            {done.changed > 0 && t("contacts.importedChanged", { count: done.changed })}{" "}
            {done.skipped > 0 && t("contacts.importedSkipped", { count: done.skipped })}
          </p>
          {done.failed.length > 0 && (
            <ul className="wrong">
              {done.failed.slice(0, 20).map((each) => (
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
      </Dialog>
    );
  return (
    <Dialog title={t("contacts.import")} onClose={onClose}>
      <form className="form" onSubmit={go}>
        <label>
          {t("contacts.file")}
          <input type="file" name="file" required accept=".vcf,.vcard,.csv,.tsv,text/vcard,text/csv" />
        </label>
        <label>
          {t("contacts.into")}
          <select name="book" defaultValue={bookFor(at)?.id}>
            {books.map((each) => (
              <option key={each.id} value={each.id}>
                {each.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("contacts.policy")}
          <select name="policy" defaultValue="fill">
            {POLICIES.map((each) => (
              <option key={each} value={each}>
                {t(`contacts.policies.${each}`)}
              </option>
            ))}
          </select>
        </label>
        <p role="alert" className="wrong">
          {wrong}
        </p>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main" disabled={busy}>
            {t("contacts.import")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
