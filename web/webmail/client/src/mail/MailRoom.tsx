import { PenLine } from "lucide-react";
import { useTranslation } from "react-i18next";
import { begin } from "../compose/draft";
import { FolderTree } from "./FolderTree";
import { MailList } from "./MailList";
import { Reader } from "./Reader";

/** Folders, the list, and what is read. */
export function MailRoom() {
  const { t } = useTranslation();
  return (
    <>
      <nav className="side" aria-label={t("app.folders")}>
        <button type="button" className="main compose" onClick={() => begin()}>
          <PenLine />
          {t("act.compose")}
        </button>
        <FolderTree />
      </nav>
      <MailList />
      <Reader />
      <button type="button" className="main fab" aria-label={t("act.compose")} onClick={() => begin()}>
        <PenLine />
      </button>
    </>
  );
}
