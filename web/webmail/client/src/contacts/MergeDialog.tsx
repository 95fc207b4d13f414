import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/Dialog";
import { toast } from "../store";
import { mayChange, mergeCards } from "./act";
import { duplicatesIn, emailsOf, nameOf, phonesOf } from "./card";
import { Face } from "./Face";
import { useContacts } from "./load";

const MOST = 50;

/** Contacts that are there twice, to be made one. */
export default function MergeDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { cards, going } = useContacts();
  const sets = useMemo(() => {
    const all = Object.values(cards).filter((each) => !going.has(each.id) && mayChange(each));
    return [...Map.groupBy(all, (each) => each.accountId).values()].flatMap(duplicatesIn);
  }, [cards, going]);
  return (
    <Dialog title={t("contacts.duplicates")} size="middle" onClose={onClose}>
      {!sets.length && <p className="none">{t("contacts.noDuplicates")}</p>}
      <ul className="duplicates">
        {sets.slice(0, MOST).map((set) => (
          <li key={set[0]?.id}>
            <ul>
              {set.map((each) => (
                <li key={each.id}>
                  <Face card={each} />
                  <span className="words">
                    <strong>{nameOf(each)}</strong>
                    <small>
                      {[...emailsOf(each).map((one) => one.address), ...phonesOf(each).map((one) => one.number)].join(
                        ", ",
                      )}
                    </small>
                  </span>
                </li>
              ))}
            </ul>
            <button
              type="button"
              onClick={() => void mergeCards(set).catch((error: Error) => toast(error.message, { error: true }))}
            >
              {t("contacts.merge")}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
