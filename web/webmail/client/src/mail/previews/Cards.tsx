import { UserPlus } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { bookFor, makeCard } from "../../contacts/act";
import { emailsOf, nameOf, organizationOf, phonesOf } from "../../contacts/card";
import { loadContacts } from "../../contacts/load";
import type { Card } from "../../contacts/types";
import { request } from "../../jmap/client";
import { toast } from "../../store";
import type { Looked } from "../Preview";

const MOST = 100;

/** The contacts of a file, each with a way into one's own. */
export default function Cards({ accountId, part }: Looked) {
  const { t } = useTranslation();
  const [found, setFound] = useState<Card[] | null>(null);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    request([["ContactCard/parse", { accountId, blobIds: [part.blobId] }]]).then(
      ([answer]) => {
        const cards = (answer.parsed?.[part.blobId] ?? []) as Card[];
        setFound(cards);
        if (!cards.length) setWrong(answer.notParsable?.[part.blobId]?.[0] ?? t("preview.empty"));
      },
      (error: Error) => setWrong(error.message),
    );
  }, [accountId, part, t]);

  async function add(card: Card) {
    try {
      await loadContacts();
      const book = bookFor("");
      if (!book) throw new Error(t("preview.noBook"));
      const { id: _, accountId: __, addressBookIds: ___, ...rest } = card;
      await makeCard(book, rest);
      toast(t("preview.added", { name: nameOf(card) }));
    } catch (error) {
      toast((error as Error).message, { error: true });
    }
  }

  if (wrong) return <p role="alert">{wrong}</p>;
  if (!found) return <div className="bone tall" />;
  return (
    <ul className="looked entries">
      {found.slice(0, MOST).map((each, at) => (
        <li key={each.uid ?? at}>
          <div>
            <strong>{nameOf(each)}</strong>
            <small>
              {[
                organizationOf(each),
                ...emailsOf(each).map((one) => one.address),
                ...phonesOf(each).map((one) => one.number),
              ]
                .filter(Boolean)
                .join(" · ")}
            </small>
          </div>
          <button type="button" onClick={() => void add(each)}>
            <UserPlus />
            {t("preview.add")}
          </button>
        </li>
      ))}
    </ul>
  );
}
