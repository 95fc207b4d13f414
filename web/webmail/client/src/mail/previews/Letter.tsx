import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { shown } from "../../compose/quote";
import { request } from "../../jmap/client";
import type { Address, FullEmail } from "../../jmap/types";
import { Attachments } from "../Attachments";
import { Body } from "../Body";
import type { Looked } from "../Preview";
import { long } from "../when";

const PROPERTIES = ["from", "to", "cc", "subject", "sentAt", "textBody", "htmlBody", "attachments", "bodyValues"];

/** A message within a message, with what is in it. */
export default function Letter({ accountId, part }: Looked) {
  const { t } = useTranslation();
  const [found, setFound] = useState<FullEmail | null>(null);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    const values = { fetchTextBodyValues: true, maxBodyValueBytes: 400_000 };
    request([["Email/parse", { accountId, blobIds: [part.blobId], properties: PROPERTIES, ...values }]]).then(
      ([answer]) => {
        const email = answer.parsed?.[part.blobId];
        if (email) setFound({ ...email, accountId, blobId: part.blobId });
        else setWrong(t("preview.noMessage"));
      },
      (error: Error) => setWrong(error.message),
    );
  }, [accountId, part, t]);
  if (wrong) return <p role="alert">{wrong}</p>;
  if (!found) return <div className="bone tall" />;
  const people = (list: Address[] | null) => (list ?? []).map(shown).join(", ");
  const rows = [
    ["from", people(found.from)],
    ["to", people(found.to)],
    ["cc", people(found.cc)],
    ["date", found.sentAt ? long(found.sentAt) : ""],
  ];
  return (
    <div className="looked">
      <h3>{found.subject || t("list.noSubject")}</h3>
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
      <Attachments email={found} />
      <Body email={found} />
    </div>
  );
}
