import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shell/Dialog";

interface Props {
  title: string;
  go: string;
  onClose: () => void;
  /** What is done with the password; an error is shown, and the dialog stays. */
  act: (password: string, given: FormData) => Promise<void>;
  children?: ReactNode;
}

/** Asks for the password once more: who finds a browser open changes nothing. */
export function AskPassword({ title, go, onClose, act, children }: Props) {
  const { t } = useTranslation();
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setBusy(true);
    try {
      await act(String(given.get("password") ?? ""), given);
    } catch (error) {
      setWrong((error as Error).message);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="form" onSubmit={submit}>
        {children}
        <label>
          {t("settings.security.yours")}
          <input type="password" name="password" required autoComplete="current-password" />
        </label>
        <p role="alert" className="wrong">
          {wrong}
        </p>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main" disabled={busy}>
            {go}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
