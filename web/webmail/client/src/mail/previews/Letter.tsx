import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { request } from "../../jmap/client";
import type { FullEmail } from "../../jmap/types";
import { Attachments } from "../Attachments";
import { Body } from "../Body";
import { Details } from "../Details";
import type { Looked } from "../Preview";

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
  return (
    <div className="looked">
      <h3>{found.subject || t("list.noSubject")}</h3>
      <Details email={found} />
      <Attachments email={found} />
      <Body email={found} />
    </div>
  );
}
