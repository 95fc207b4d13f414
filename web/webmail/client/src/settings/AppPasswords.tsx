import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { short } from "../mail/when";
import { Dialog } from "../shell/Dialog";
import { AskPassword } from "./AskPassword";
import { addAppPassword, appPasswords, dropAppPassword, type Factor } from "./signin";
import { copied, useLoaded } from "./use";

type Step = { kind: "add" } | { kind: "drop"; one: Factor } | { kind: "made"; password: string };

/** A password for each program or device, which can be taken away by itself. */
export function AppPasswords() {
  const { t } = useTranslation();
  const [found, again] = useLoaded(appPasswords);
  const [step, setStep] = useState<Step | null>(null);
  const close = () => {
    setStep(null);
    again();
  };
  return (
    <section>
      <h2>{t("settings.security.apps")}</h2>
      <p className="hint">{t("settings.security.appsHint")}</p>
      <ul className="entries">
        {(found ?? []).map((each) => (
          <li key={each.id}>
            <span className="grow">
              {each.label}{" "}
              <small>
                {each.used ? t("settings.security.used", { when: short(each.used) }) : t("settings.security.unused")}
              </small>
            </span>
            <button type="button" onClick={() => setStep({ kind: "drop", one: each })}>
              {t("settings.remove")}
            </button>
          </li>
        ))}
      </ul>
      <div className="buttons">
        <button type="button" onClick={() => setStep({ kind: "add" })}>
          <Plus />
          {t("settings.security.addApp")}
        </button>
      </div>
      {step?.kind === "add" && (
        <AskPassword
          title={t("settings.security.addApp")}
          go={t("settings.next")}
          onClose={close}
          act={async (password, given) => {
            const made = await addAppPassword(password, String(given.get("label")));
            setStep({ kind: "made", password: made.password });
          }}
        >
          <label>
            {t("settings.security.appLabel")}
            <input name="label" required maxLength={100} />
          </label>
        </AskPassword>
      )}
      {step?.kind === "drop" && (
        <AskPassword
          title={t("settings.security.dropApp", { name: step.one.label })}
          go={t("settings.remove")}
          onClose={close}
          act={async (password) => {
            await dropAppPassword(password, step.one.id);
            close();
          }}
        />
      )}
      {step?.kind === "made" && (
        <Dialog title={t("settings.security.made")} onClose={close}>
          <div className="form">
            <p>{t("settings.security.madeHint")}</p>
            <p className="secret">
              <code>{step.password}</code>
              <button type="button" className="text" onClick={() => void copied(step.password, t("settings.copied"))}>
                {t("settings.copy")}
              </button>
            </p>
            <footer>
              <button type="button" className="main" onClick={close}>
                {t("settings.done")}
              </button>
            </footer>
          </div>
        </Dialog>
      )}
    </section>
  );
}
