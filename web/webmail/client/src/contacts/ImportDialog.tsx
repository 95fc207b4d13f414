import { useTranslation } from "react-i18next";
import { request, upload } from "../jmap/client";
import { ImportForm } from "../shell/ImportForm";
import { bookFor, importCards, type Policy } from "./act";
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

  async function run(place: string, file: File, policy: string) {
    const book = books.find((each) => each.id === place);
    if (!book) throw new Error(t("contacts.noBook"));
    const { cards, refused } = await read(book.accountId, file);
    if (!cards.length) throw new Error(refused[0] ?? t("contacts.noCards"));
    const told = await importCards(book, cards, policy as Policy);
    return { ...told, failed: [...refused, ...told.failed] };
  }

  return (
    <ImportForm
      room="contacts"
      accept=".vcf,.vcard,.csv,.tsv,text/vcard,text/csv"
      places={books}
      into={bookFor(at)?.id}
      existing={{
        label: t("contacts.policy"),
        choices: POLICIES.map((value) => ({ value, text: t(`contacts.policies.${value}`) })),
      }}
      run={run}
      onClose={onClose}
    />
  );
}
