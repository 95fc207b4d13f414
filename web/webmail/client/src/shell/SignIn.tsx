import * as Radix from "@radix-ui/react-dialog";
import { KeyRound } from "lucide-react";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Asked, askKey, type Second, signIn } from "../jmap/client";
import { boot, comeBack } from "../mail/load";
import { forget, stays } from "../offline";
import { useApp } from "../store";
import { Brand } from "./Brand";

/** The page to sign in; over the app when a session has ended, so that nothing written is lost. */
export function SignIn() {
  const { t } = useTranslation();
  const me = useApp((state) => state.me);
  const ready = useApp((state) => state.ready);
  const mayStay = useApp((state) => state.mayStay);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  const [asked, setAsked] = useState<Asked | null>(null);
  const form = useRef<HTMLFormElement>(null);

  async function attempt(second?: Second) {
    const given = new FormData(form.current ?? undefined);
    const stay = given.get("stay") === "on";
    const told = await signIn(String(given.get("name")), String(given.get("password")), stay, second);
    if (!("name" in told)) {
      setAsked(told);
      return;
    }
    if (told.name !== me) await forget();
    stays(stay || (told.name === me && stays()));
    if (ready && told.name === me) await comeBack();
    else if (ready) location.reload();
    else await boot();
  }

  async function go(act: () => Promise<void>) {
    setBusy(true);
    setWrong("");
    try {
      await act();
    } catch (error) {
      setWrong((error as Error).message);
    } finally {
      setBusy(false);
    }
  }

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get("code") ?? "").trim();
    void go(() => attempt(code ? { code } : undefined));
  }

  const title = <h1>{t("signin.title")}</h1>;
  const page = (
    <main className="signin">
      <form onSubmit={submit} ref={form} aria-label={t("signin.title")}>
        <Brand />
        {ready ? <Radix.Title asChild>{title}</Radix.Title> : title}
        <p>{t(asked ? "signin.second" : ready ? "signin.again" : "signin.lead")}</p>
        <div hidden={asked !== null} className="fields">
          <label>
            {t("signin.name")}
            <input
              name="name"
              type="text"
              autoComplete="username"
              required
              defaultValue={me ?? ""}
              autoCapitalize="none"
              spellCheck={false}
              onChange={() => setAsked(null)}
            />
          </label>
          <label>
            {t("signin.password")}
            <input name="password" type="password" autoComplete="current-password" required />
          </label>
          {mayStay && (
            <label className="check">
              <input name="stay" type="checkbox" />
              {t("signin.stay")}
            </label>
          )}
        </div>
        {asked?.key && (
          <KeyButton asked={asked.key} onAnswer={(second) => go(() => attempt(second))} onWrong={setWrong} />
        )}
        {asked?.codes && (
          <label>
            {t("signin.code")}
            <input name="code" autoComplete="one-time-code" required maxLength={40} spellCheck={false} />
          </label>
        )}
        <p role="alert" className="wrong">
          {wrong}
        </p>
        <button type="submit" className="main" disabled={busy} hidden={asked !== null && !asked.codes}>
          {busy ? t("signin.busy") : t("signin.go")}
        </button>
        {asked && (
          <button type="button" className="text" onClick={() => setAsked(null)}>
            {t("signin.other")}
          </button>
        )}
      </form>
    </main>
  );
  return ready ? <Over>{page}</Over> : page;
}

/** Over all that is open, dialogs too, which stay as they are. */
function Over({ children }: { children: ReactNode }) {
  const stay = (event: Event) => event.preventDefault();
  return (
    <Radix.Root open>
      <Radix.Portal>
        <Radix.Content aria-describedby={undefined} onEscapeKeyDown={stay} onInteractOutside={stay}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface KeyProps {
  asked: NonNullable<Asked["key"]>;
  onAnswer: (second: Second) => void;
  onWrong: (text: string) => void;
}

function KeyButton({ asked, onAnswer, onWrong }: KeyProps) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      className="wide"
      onClick={() => void askKey(asked).then(onAnswer, (error: Error) => onWrong(error.message))}
    >
      <KeyRound />
      {t("signin.key")}
    </button>
  );
}
