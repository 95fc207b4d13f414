import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import Invitation from "../../calendar/Invitation";
import type { CalendarEvent } from "../../calendar/types";
import { request } from "../../jmap/client";
import type { Looked } from "../Preview";
import { long } from "../when";

const MOST = 100;

/** The events of a file; of a single one what a message says about it, with its buttons. */
export default function Events({ accountId, part }: Looked) {
  const { t } = useTranslation();
  const [found, setFound] = useState<CalendarEvent[] | null>(null);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    request([["CalendarEvent/parse", { accountId, blobIds: [part.blobId] }]]).then(
      ([answer]) => setFound((answer.parsed?.[part.blobId] ?? []).filter((each: CalendarEvent) => each.start)),
      (error: Error) => setWrong(error.message),
    );
  }, [accountId, part]);
  if (wrong) return <p role="alert">{wrong}</p>;
  if (!found) return <div className="bone tall" />;
  if (!found.length) return <p>{t("preview.empty")}</p>;
  if (found.length === 1) return <Invitation accountId={accountId} blobId={part.blobId} />;
  return (
    <ul className="looked entries">
      {found.slice(0, MOST).map((each, at) => (
        <li key={each.uid ?? at}>
          <div>
            <strong>{each.title || t("list.noSubject")}</strong>
            <small>{long(each.start)}</small>
          </div>
        </li>
      ))}
    </ul>
  );
}
