import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "./Dialog";

interface Props {
  title: string;
  /** null: there is nothing to be named, only to be asked. */
  name: string | null;
  ask?: string;
  onClose: () => void;
  onName: (name: string) => Promise<void>;
}

/** Asks for the name of a folder, or whether it is really to go. */
export default function NameDialog({ title, name, ask, onClose, onName }: Props) {
  const { t } = useTranslation();
  const [wrong, setWrong] = useState("");
  async function go(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    try {
      await onName(String(new FormData(event.currentTarget).get("name") ?? "").trim());
      onClose();
    } catch (error) {
      setWrong((error as Error).message);
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="form" onSubmit={go}>
        {ask && <p>{ask}</p>}
        {name !== null && (
          <label>
            {t("settings.filters.name")}
            <input name="name" required maxLength={200} defaultValue={name} />
          </label>
        )}
        <p role="alert" className="wrong">
          {wrong}
        </p>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main">
            {name === null ? t("tree.delete") : t("app.save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
