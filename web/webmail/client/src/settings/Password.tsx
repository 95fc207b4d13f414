import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast, useApp } from "../store";
import { changePassword } from "./signin";

export function Password() {
  const { t } = useTranslation();
  const me = useApp((state) => state.me) ?? "";
  const [wrong, setWrong] = useState("");
  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const [now, next, again] = ["now", "next", "again"].map((name) => String(given.get(name) ?? ""));
    if (next !== again) return setWrong(t("settings.security.differ"));
    try {
      await changePassword(now ?? "", next ?? "");
      setWrong("");
      form.reset();
      toast(t("settings.security.changed"));
    } catch (error) {
      setWrong((error as Error).message);
    }
  }
  return (
    <section>
      <h2>{t("settings.security.password")}</h2>
      <form className="form narrow" onSubmit={save}>
        <input type="text" name="name" autoComplete="username" value={me} readOnly hidden />
        <label>
          {t("settings.security.now")}
          <input type="password" name="now" required autoComplete="current-password" />
        </label>
        <label>
          {t("settings.security.next")}
          <input type="password" name="next" required autoComplete="new-password" />
        </label>
        <label>
          {t("settings.security.again")}
          <input type="password" name="again" required autoComplete="new-password" />
        </label>
        <p className="hint">{t("settings.security.changeHint")}</p>
        <p role="alert" className="wrong">
          {wrong}
        </p>
        <footer className="left">
          <button type="submit">{t("settings.security.change")}</button>
        </footer>
      </form>
    </section>
  );
}
