import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "../store";
import { type Access, accessOf } from "./access";
import { Asked } from "./RequestList";
import { loadRequests, useRequests } from "./requests";
import "./sharing.css";

/** What somebody asks for and waits for, answered where their letter is read. */
export default function AskedHere({ accountId, email }: { accountId: string; email: string }) {
  const { t } = useTranslation();
  const all = useRequests((state) => state.all);
  const [known, setKnown] = useState(false);
  const [folders, setFolders] = useState<Access[]>([]);
  const waiting = all.filter((each) => !each.isMine && each.email.toLowerCase() === email.toLowerCase());
  const lost = waiting.some((each) => !each.folderId);
  useEffect(() => {
    loadRequests().then(
      () => setKnown(true),
      (error: Error) => toast(error.message, { error: true }),
    );
  }, []);
  useEffect(() => {
    if (lost) accessOf(accountId, null).then(setFolders, (error: Error) => toast(error.message, { error: true }));
  }, [lost, accountId]);
  if (!known) return null;
  if (!waiting.length) return <p className="notice">{t("sharing.answered")}</p>;
  return (
    <ul className="entries requests here">
      {waiting.map((each) => (
        <Asked key={each.id} one={each} folders={folders} onAnswered={() => undefined} />
      ))}
    </ul>
  );
}
