import { KeyRound, Smartphone } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { long } from "../mail/when";
import { Dialog } from "../shell/Dialog";
import { AskPassword } from "./AskPassword";
import { Qr } from "./Qr";
import {
  type Authenticator,
  dropFactor,
  type Factor,
  factors,
  newAuthenticator,
  newKey,
  newPaper,
  takeCode,
  takeKey,
} from "./signin";
import { copied, useLoaded } from "./use";

type Step =
  | { kind: "totp" | "key" | "paper" }
  | { kind: "drop"; factor: Factor }
  | { kind: "code"; made: Authenticator }
  | { kind: "codes"; codes: string[] };

/** What is asked for beside the password. */
export function SecondFactors() {
  const { t } = useTranslation();
  const [found, again] = useLoaded(factors);
  const [step, setStep] = useState<Step | null>(null);
  const close = () => {
    setStep(null);
    again();
  };
  /** Codes on paper come with the first factor; they are shown this once. */
  const taken = ({ paper }: { paper: string[] }) => {
    if (paper.length) setStep({ kind: "codes", codes: paper });
    else setStep(null);
    again();
  };
  const label = t("settings.security.label");
  return (
    <section>
      <h2>{t("settings.security.factors")}</h2>
      <p className="hint">{t("settings.security.factorsHint")}</p>
      <ul className="entries">
        {(found?.factors ?? []).map((each) => (
          <li key={each.id}>
            {each.kind === "key" ? <KeyRound aria-hidden="true" /> : <Smartphone aria-hidden="true" />}
            <span className="grow">
              {each.label} <small>{t(`settings.security.kind.${each.kind}`)}</small>
            </span>
            <button type="button" onClick={() => setStep({ kind: "drop", factor: each })}>
              {t("settings.remove")}
            </button>
          </li>
        ))}
        {found && found.factors.length > 0 && (
          <li>
            <span className="grow">{t("settings.security.paperLeft", { count: found.paper })}</span>
            <button type="button" onClick={() => setStep({ kind: "paper" })}>
              {t("settings.security.newPaper")}
            </button>
          </li>
        )}
      </ul>
      <div className="buttons">
        <button type="button" onClick={() => setStep({ kind: "totp" })}>
          <Smartphone />
          {t("settings.security.addTotp")}
        </button>
        {"PublicKeyCredential" in window && (
          <button type="button" onClick={() => setStep({ kind: "key" })}>
            <KeyRound />
            {t("settings.security.addKey")}
          </button>
        )}
      </div>
      {step?.kind === "totp" && (
        <AskPassword
          title={t("settings.security.addTotp")}
          go={t("settings.next")}
          onClose={close}
          act={async (password) => setStep({ kind: "code", made: await newAuthenticator(password) })}
        />
      )}
      {step?.kind === "code" && <CodeDialog made={step.made} onClose={close} onTaken={taken} />}
      {step?.kind === "key" && (
        <AskPassword
          title={t("settings.security.addKey")}
          go={t("settings.next")}
          onClose={close}
          act={async (password, given) => taken(await takeKey(String(given.get("label")), await newKey(password)))}
        >
          <label>
            {label}
            <input name="label" required maxLength={100} defaultValue={t("settings.security.kind.key")} />
          </label>
        </AskPassword>
      )}
      {step?.kind === "paper" && (
        <AskPassword
          title={t("settings.security.newPaper")}
          go={t("settings.next")}
          onClose={close}
          act={async (password) => setStep({ kind: "codes", codes: (await newPaper(password)).paper })}
        />
      )}
      {step?.kind === "drop" && (
        <AskPassword
          title={t("settings.security.dropFactor", { name: step.factor.label })}
          go={t("settings.remove")}
          onClose={close}
          act={async (password) => {
            await dropFactor(password, step.factor.id);
            close();
          }}
        />
      )}
      {step?.kind === "codes" && <Codes codes={step.codes} onClose={close} />}
    </section>
  );
}

interface CodeProps {
  made: Authenticator;
  onClose: () => void;
  onTaken: (told: { paper: string[] }) => void;
}

function CodeDialog({ made, onClose, onTaken }: CodeProps) {
  const { t } = useTranslation();
  const [wrong, setWrong] = useState("");
  async function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    try {
      onTaken(await takeCode(String(given.get("label")), made.state, String(given.get("code")).replace(/\s/g, "")));
    } catch (error) {
      setWrong((error as Error).message);
    }
  }
  return (
    <Dialog title={t("settings.security.addTotp")} onClose={onClose}>
      <form className="form" onSubmit={go}>
        <p>{t("settings.security.scan")}</p>
        <Qr text={made.uri} label={t("settings.security.qr")} />
        <p className="secret">
          <code>{made.secret}</code>
          <button type="button" className="text" onClick={() => void copied(made.secret, t("settings.copied"))}>
            {t("settings.copy")}
          </button>
        </p>
        <label>
          {t("settings.security.label")}
          <input name="label" required maxLength={100} defaultValue={t("settings.security.kind.totp")} />
        </label>
        <label>
          {t("settings.security.code")}
          <input name="code" required inputMode="numeric" autoComplete="one-time-code" maxLength={10} />
        </label>
        <p role="alert" className="wrong">
          {wrong}
        </p>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main">
            {t("settings.security.take")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function Codes({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("settings.security.paper")} onClose={onClose}>
      <div className="form">
        <p>{t("settings.security.paperHint", { when: long(new Date().toISOString()) })}</p>
        <ul className="codes">
          {codes.map((each) => (
            <li key={each}>
              <code>{each}</code>
            </li>
          ))}
        </ul>
        <footer>
          <button type="button" onClick={() => void copied(codes.join("\n"), t("settings.copied"))}>
            {t("settings.copy")}
          </button>
          <button type="button" className="main" onClick={onClose}>
            {t("settings.done")}
          </button>
        </footer>
      </div>
    </Dialog>
  );
}
