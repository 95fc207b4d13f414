import { PenLine } from "lucide-react";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { begin } from "../compose/draft";
import { set, useApp } from "../store";
import { FolderTree } from "./FolderTree";
import { LabelTree } from "./Labels";
import { MailList } from "./MailList";
import { Reader } from "./Reader";

const ImportDialog = lazy(() => import("./ImportDialog"));
const DIALOGS = { labels: lazy(() => import("./LabelDialog")), snooze: lazy(() => import("./SnoozeDialog")) };

/** Folders, the list, and what is read. */
export function MailRoom() {
  const { t } = useTranslation();
  const bringing = useApp((state) => state.bringing);
  const asking = useApp((state) => state.asking);
  const Asked = DIALOGS[asking?.what ?? "labels"];
  return (
    <>
      <nav className="side" aria-label={t("app.folders")}>
        <button type="button" className="main compose" onClick={() => begin()}>
          <PenLine />
          {t("act.compose")}
        </button>
        <FolderTree />
        <LabelTree />
      </nav>
      <MailList />
      <Suspense>{bringing && <ImportDialog {...bringing} onClose={() => set({ bringing: null })} />}</Suspense>
      <Suspense>{asking && <Asked ids={asking.ids} onClose={() => set({ asking: null })} />}</Suspense>
      <Reader />
      <button type="button" className="main fab" aria-label={t("act.compose")} onClick={() => begin()}>
        <PenLine />
      </button>
    </>
  );
}
