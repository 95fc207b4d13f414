import { ChevronRight } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Principal, principalsOf } from "../jmap/principals";
import { get, toast, useApp } from "../store";
import AskDialog from "./AskDialog";
import { type Access, accessOf, granteeName } from "./access";
import { Requests } from "./RequestList";
import type { Asked } from "./requests";
import ShareDialog from "./ShareDialog";
import "./sharing.css";
import { accountName, ends, folderTitle, grantName, levelName } from "./words";

interface Found {
  mine: Access[];
  theirs: { accountId: string; folders: Access[] }[];
  known: Record<string, Principal>;
}

async function everything(): Promise<Found> {
  const { accounts } = get();
  const all = await Promise.all(accounts.map((each) => accessOf(each.id, null)));
  const mine = all[accounts.findIndex((each) => each.own)] ?? [];
  const rows = mine.flatMap((each) => Object.values(each.access ?? {}));
  const theirs = accounts
    .map((each, at) => ({ accountId: each.id, folders: (all[at] ?? []).filter((one) => one.kind !== "account") }))
    .filter((each) => !accounts.find((one) => one.id === each.accountId)?.own && each.folders.length);
  return { mine, theirs, known: await principalsOf(rows.map((each) => each.principalId)) };
}

/** What of mine others have, and what of others I have. */
export default function Overview() {
  const { t } = useTranslation();
  const own = useApp((state) => state.accounts.find((each) => each.own)?.id) ?? "";
  const [found, setFound] = useState<Found | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const [asking, ask] = useState<Asked | null>(null);
  const load = useCallback(() => {
    everything().then(setFound, (error: Error) => toast(error.message, { error: true }));
  }, []);
  useEffect(load, [load]);
  const root = found?.mine.find((each) => each.kind === "account");
  const shared = found?.mine.filter((each) => Object.keys(each.access ?? {}).length) ?? [];
  return (
    <>
      <Requests folders={found?.mine ?? []} onAnswered={load} />
      <section>
        <h2>{t("sharing.mine")}</h2>
        {found && !shared.length && <p className="hint">{t("sharing.mineNone")}</p>}
        <ul className="cards">
          {shared.map((each) => (
            <li key={each.id}>
              <button type="button" className="card" onClick={() => setOpen(each.id)}>
                <span className="grow">
                  <strong>{folderTitle(each)}</strong>
                  {Object.values(each.access ?? {}).map((one) => (
                    <small key={one.principalId}>
                      {granteeName(one.grantee, found?.known ?? {}, one.principalId)}: {grantName(one)} {ends(one)}
                    </small>
                  ))}
                </span>
                <ChevronRight aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
        {root && (
          <p>
            <button type="button" onClick={() => setOpen(root.id)}>
              {t("sharing.shareWhole")}
            </button>
          </p>
        )}
      </section>
      <section>
        <h2>{t("sharing.theirs")}</h2>
        {found && !found.theirs.length && <p className="hint">{t("sharing.theirsNone")}</p>}
        {found?.theirs.map(({ accountId, folders }) => (
          <div key={accountId}>
            <h3>{accountName(accountId)}</h3>
            <ul className="entries">
              {folders.map((each) => (
                <li key={each.id}>
                  <span className="grow">
                    {folderTitle(each)} <small>{t(`sharing.kind.${each.kind}`)}</small>
                  </span>
                  <span className="level">{levelName(each.myLevel)}</span>
                  {accountName(accountId).includes("@") && each.myLevel !== "master" && (
                    <button
                      type="button"
                      className="text"
                      aria-label={t("sharing.askMoreOf", { name: folderTitle(each) })}
                      onClick={() => ask({ email: accountName(accountId), accountId, folder: each })}
                    >
                      {t("sharing.askMore")}
                    </button>
                  )}
                </li>
              ))}
            </ul>
          </div>
        ))}
        <p>
          <button type="button" onClick={() => ask({ email: "", accountId: "", folder: null })}>
            {t("sharing.ask")}…
          </button>
        </p>
      </section>
      {asking && <AskDialog asked={asking} onClose={() => ask(null)} />}
      {open && (
        <ShareDialog
          accountId={own}
          folderId={open}
          onClose={() => {
            setOpen(null);
            load();
          }}
        />
      )}
    </>
  );
}
