import { useTranslation } from "react-i18next";
import { shown } from "../compose/quote";
import type { Address, FullEmail } from "../jmap/types";
import { long } from "./when";

const PEOPLE = ["from", "replyTo", "to", "cc", "bcc"] as const;

/** The fields of a header that people read; a message within another one never came by itself. */
export function Details({ email }: { email: FullEmail }) {
  const { t } = useTranslation();
  const people = (list: Address[] | null | undefined) => (list ?? []).map(shown).join(", ");
  const moment = email.sentAt ?? email.receivedAt;
  const rows = [...PEOPLE.map((key) => [key, people(email[key])]), ["date", moment ? long(moment) : ""]];
  return (
    <dl className="details">
      {rows
        .filter(([, value]) => value)
        .map(([key, value]) => (
          <div key={key}>
            <dt>{t(`header.${key}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
