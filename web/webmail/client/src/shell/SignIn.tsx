import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { signIn } from "../jmap/client";
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

  async function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setBusy(true);
    setWrong("");
    try {
      const name = String(given.get("name"));
      const stay = given.get("stay") === "on";
      const told = await signIn(name, String(given.get("password")), stay);
      if (told.name !== me) await forget();
      stays(stay || (told.name === me && stays()));
      if (ready && told.name === me) await comeBack();
      else if (ready) location.reload();
      else await boot();
    } catch (error) {
      setWrong((error as Error).message);
    } finally {
      setBusy(false);
    }
  }

  return (
    <main className="signin">
      <form onSubmit={go} aria-labelledby="signin-title">
        <Brand />
        <h1 id="signin-title">{t("signin.title")}</h1>
        <p>{ready ? t("signin.again") : t("signin.lead")}</p>
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
        <p role="alert" className="wrong">
          {wrong}
        </p>
        <button type="submit" className="main" disabled={busy}>
          {busy ? t("signin.busy") : t("signin.go")}
        </button>
      </form>
    </main>
  );
}
