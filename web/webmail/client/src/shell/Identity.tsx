import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { change } from "../jmap/client";
import { get, set, toast, useApp } from "../store";
import { Dialog } from "./Dialog";

/** The name and the signature under which one writes, for each of one's addresses. */
export default function IdentityDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const identities = useApp((state) => state.identities);
  const [id, setId] = useState(identities[0]?.id ?? "");
  const one = identities.find((each) => each.id === id);

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const patch = { name: String(given.get("name")), textSignature: String(given.get("signature")), htmlSignature: "" };
    const accountId = get().accounts.find((each) => each.own)?.id;
    try {
      await change([["Identity/set", { accountId, update: { [id]: patch } }]]);
      set({ identities: identities.map((each) => (each.id === id ? { ...each, ...patch } : each)) });
      toast(t("identity.saved"));
      onClose();
    } catch (error) {
      toast((error as Error).message, { error: true });
    }
  }

  return (
    <Dialog title={t("menu.identity")} onClose={onClose}>
      <form className="form" onSubmit={save} key={id}>
        {identities.length > 1 && (
          <label>
            {t("compose.from")}
            <select value={id} onChange={(event) => setId(event.target.value)}>
              {identities.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.email}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          {t("identity.name")}
          <input name="name" defaultValue={one?.name} />
        </label>
        <label>
          {t("identity.signature")}
          <textarea name="signature" rows={5} defaultValue={one?.textSignature} />
        </label>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main">
            {t("app.save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
