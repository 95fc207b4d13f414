import { X } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Principal, principalsLike } from "../jmap/principals";
import { IconButton } from "../shell/Button";
import { Dialog } from "../shell/Dialog";
import { toast } from "../store";
import { levelsFor } from "./access";
import { PeopleField, PrincipalIcon } from "./PeopleField";
import { type Asked, askAccess } from "./requests";
import "./sharing.css";
import { folderTitle, levelName } from "./words";

const USUAL = ["INBOX", "Calendar", "Contacts", "Tasks"];
const NOBODY: ReadonlySet<string> = new Set();

/** Asks somebody to share a folder, or everything. */
export default function AskDialog({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const { t } = useTranslation();
  const { folder } = asked;
  const [who, setWho] = useState<Principal | null>(null);
  const [what, setWhat] = useState("Calendar");
  const [path, setPath] = useState("");
  const [level, setLevel] = useState<string>(folder ? "editor" : "viewer");
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (!asked.email) return;
    principalsLike({ email: asked.email }, 2).then(
      (found) => setWho(found.find((each) => each.email === asked.email) ?? null),
      () => undefined,
    );
  }, [asked.email]);
  const kind = folder?.kind ?? (what === "Calendar" ? "calendar" : what === "whole" ? "account" : "mail");
  const levels = levelsFor(kind).filter((each) => each !== "none" && each !== "master");

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!who) return;
    setBusy(true);
    const place = folder
      ? { accountId: asked.accountId, folderId: folder.id }
      : { path: what === "whole" ? "" : what === "other" ? path.trim() : what };
    try {
      await askAccess({ principalId: who.id, level, text: text.trim(), ...place });
      toast(t("sharing.asked", { name: who.name }));
      onClose();
    } catch (error) {
      toast((error as Error).message, { error: true });
    }
    setBusy(false);
  }

  return (
    <Dialog title={t("sharing.askTitle")} onClose={onClose}>
      <form className="form sharing" onSubmit={submit}>
        {who ? (
          <div className="line">
            <PrincipalIcon type={who.type} />
            <strong className="grow">{who.name}</strong>
            {!asked.email && (
              <IconButton label={t("app.cancel")} onClick={() => setWho(null)}>
                <X />
              </IconButton>
            )}
          </div>
        ) : (
          <PeopleField label={t("sharing.askWhom")} without={NOBODY} onlyPeople onChoose={setWho} />
        )}
        {folder ? (
          <p>{folderTitle(folder)}</p>
        ) : (
          <label>
            {t("sharing.askWhat")}
            <select value={what} onChange={({ target }) => setWhat(target.value)}>
              {["whole", ...USUAL, "other"].map((each) => (
                <option key={each} value={each}>
                  {t(`sharing.standard.${each}`)}
                </option>
              ))}
            </select>
          </label>
        )}
        {!folder && what === "other" && (
          <label>
            {t("sharing.askPath")}
            <input required maxLength={500} value={path} onChange={({ target }) => setPath(target.value)} />
          </label>
        )}
        <label>
          {t("sharing.rights")}
          <select value={level} onChange={({ target }) => setLevel(target.value)}>
            {levels.map((each) => (
              <option key={each} value={each}>
                {levelName(each)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("sharing.askText")}
          <textarea rows={2} maxLength={500} value={text} onChange={({ target }) => setText(target.value)} />
        </label>
        <p className="hint">{t("sharing.askHint")}</p>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main" disabled={busy || !who}>
            {t("sharing.askGo")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
