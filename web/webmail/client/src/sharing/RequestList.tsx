import { KeyRound } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "../store";
import type { Access } from "./access";
import { type AccessRequest, answerRequest, loadRequests, useRequests, withdrawRequest } from "./requests";
import { folderTitle, levelName } from "./words";

/** What one is asked for, granted or refused with one click; and what one has asked others. */
export function Requests({ folders, onAnswered }: { folders: Access[]; onAnswered: () => void }) {
  const { t } = useTranslation();
  const all = useRequests((state) => state.all);
  useEffect(() => {
    loadRequests().catch(() => undefined);
  }, []);
  if (!all.length) return null;
  return (
    <section>
      <h2>{t("sharing.requests")}</h2>
      <ul className="entries requests">
        {all.map((each) =>
          each.isMine ? (
            <Mine key={each.id} one={each} />
          ) : (
            <Asked key={each.id} one={each} folders={folders} onAnswered={onAnswered} />
          ),
        )}
      </ul>
    </section>
  );
}

const failed = (error: Error) => toast(error.message, { error: true });

export function Asked({ one, folders, onAnswered }: { one: AccessRequest; folders: Access[]; onAnswered: () => void }) {
  const { t } = useTranslation();
  const [meant, mean] = useState("");
  const act = (status: "granted" | "refused") =>
    answerRequest(one, status, one.folderId ? undefined : meant).then(() => {
      toast(t(`sharing.${status}`, { name: one.name }));
      onAnswered();
    }, failed);
  return (
    <li>
      <KeyRound aria-hidden="true" />
      <span className="grow">
        <strong>{one.name}</strong> <small>{one.name !== one.email && one.email}</small>
        <span className="lines">
          {one.path || t("sharing.whole")}: {levelName(one.level)}
        </span>
        {one.text && <q>{one.text}</q>}
        {!one.folderId && (
          <select aria-label={t("sharing.folderMeant")} value={meant} onChange={({ target }) => mean(target.value)}>
            <option value="">{t("sharing.folderMeant")}…</option>
            {folders.map((each) => (
              <option key={each.id} value={each.id}>
                {folderTitle(each)}
              </option>
            ))}
          </select>
        )}
      </span>
      <button type="button" className="main" disabled={!one.folderId && !meant} onClick={() => void act("granted")}>
        {t("sharing.grant")}
      </button>
      <button type="button" onClick={() => void act("refused")}>
        {t("sharing.refuse")}
      </button>
    </li>
  );
}

function Mine({ one }: { one: AccessRequest }) {
  const { t } = useTranslation();
  return (
    <li>
      <KeyRound aria-hidden="true" />
      <span className="grow">
        <strong>{one.name}</strong>
        <span className="lines">
          {one.path || t("sharing.whole")}: {levelName(one.level)}
        </span>
      </span>
      <span className="level">{t(`sharing.status.${one.status}`)}</span>
      {one.status === "waiting" && (
        <button type="button" className="text" onClick={() => void withdrawRequest(one).catch(failed)}>
          {t("sharing.withdraw")}
        </button>
      )}
    </li>
  );
}
