import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Mailbox } from "../jmap/types";
import { folderName } from "../names";
import { Dialog } from "../shell/Dialog";
import { toast } from "../store";
import { type Brought, bring } from "./bring";

const MOST_TOLD = 200;

interface Props {
  folder: Mailbox;
  /** Those that were dropped; none: they are chosen here. */
  files: File[];
  onClose: () => void;
}

/** Brings .eml and mbox files into a folder, and tells what could not be taken. */
export default function ImportDialog({ folder, files, onClose }: Props) {
  const { t } = useTranslation();
  const [now, setNow] = useState<Brought | null>(null);
  const [done, setDone] = useState(false);
  const stopped = useRef(false);
  const begun = useRef(false);

  async function start(chosen: File[]) {
    if (!chosen.length || begun.current) return;
    begun.current = true;
    stopped.current = false;
    try {
      setNow(await bring(folder, chosen, setNow, () => stopped.current));
      setDone(true);
    } catch (error) {
      toast((error as Error).message, { error: true });
      onClose();
    }
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, with what was dropped
  useEffect(() => {
    void start(files);
  }, []);

  function choose(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    void start(new FormData(event.currentTarget).getAll("files") as File[]);
  }

  const close = () => {
    stopped.current = true;
    onClose();
  };
  return (
    <Dialog title={t("bring.title", { folder: folderName(folder) })} onClose={close}>
      {now === null ? (
        <form className="form" onSubmit={choose}>
          <label>
            {t("bring.files")}
            <input
              type="file"
              name="files"
              multiple
              required
              accept=".eml,.mbox,.mbx,message/rfc822,application/mbox"
            />
          </label>
          <p className="hint">{t("bring.hint")}</p>
          <footer>
            <button type="button" onClick={close}>
              {t("app.cancel")}
            </button>
            <button type="submit" className="main">
              {t("bring.action")}
            </button>
          </footer>
        </form>
      ) : (
        <div className="form bring">
          <progress max={now.total || 1} value={done ? now.total || 1 : now.read} aria-label={t("bring.progress")} />
          <p role="status">{t(done ? "bring.done" : "bring.so", { count: now.imported })}</p>
          {now.refused.length > 0 && (
            <>
              <p className="wrong">{t("bring.refused", { count: now.refused.length })}</p>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
              <ul className="refused" tabIndex={0} aria-label={t("bring.refused", { count: now.refused.length })}>
                {now.refused.slice(0, MOST_TOLD).map((each) => (
                  <li key={each.name}>
                    <strong>{each.name}</strong> {each.why}
                  </li>
                ))}
              </ul>
            </>
          )}
          <footer>
            <button type="button" className={done ? "main" : undefined} onClick={close}>
              {t(done ? "app.close" : "bring.stop")}
            </button>
          </footer>
        </div>
      )}
    </Dialog>
  );
}
