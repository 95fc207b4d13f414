import { Plus } from "lucide-react";
import { type FormEvent, lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { addressesOf } from "../compose/addresses";
import { htmlOf, textOf } from "../compose/quote";
import { change, request } from "../jmap/client";
import type { Address, Identity } from "../jmap/types";
import { set, toast } from "../store";
import { Bones } from "./SettingsRoom";
import { TemporaryAddresses } from "./Temporary";
import { ownAccount, say, useLoaded } from "./use";

const RichText = lazy(() => import("../compose/RichText"));

interface Whole extends Identity {
  replyTo: Address[] | null;
  bcc: Address[] | null;
  mayDelete: boolean;
}

async function load(): Promise<Whole[]> {
  const [answer] = await request([["Identity/get", { accountId: ownAccount() }]]);
  set({ identities: answer.list });
  return answer.list;
}

/** The names, addresses and signatures that one writes under. */
export default function Identities() {
  const { t } = useTranslation();
  const [found, again] = useLoaded(load);
  const [adding, add] = useState(false);
  if (!found) return <Bones />;
  const addresses = [...new Set(found.map((each) => each.email))];
  return (
    <>
      {found.map((each) => (
        <Editor key={each.id} one={each} addresses={addresses} onDone={again} />
      ))}
      {adding ? (
        <Editor
          one={null}
          addresses={addresses}
          onDone={() => {
            add(false);
            again();
          }}
        />
      ) : (
        <button type="button" onClick={() => add(true)}>
          <Plus />
          {t("settings.identities.add")}
        </button>
      )}
      <TemporaryAddresses />
    </>
  );
}

interface EditorProps {
  one: Whole | null;
  addresses: string[];
  onDone: () => void;
}

const textIn = (list: Address[] | null | undefined) => (list ?? []).map((each) => each.email).join(", ");

function listOf(text: string): Address[] | null {
  const { found, wrong } = addressesOf(text);
  if (wrong[0]) throw new Error(wrong[0]);
  return found.length ? found : null;
}

function Editor({ one, addresses, onDone }: EditorProps) {
  const { t } = useTranslation();
  const [signature, setSignature] = useState(one?.htmlSignature || htmlOf(one?.textSignature ?? ""));
  const [wrong, setWrong] = useState("");

  async function save(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    try {
      const plain = textOf(signature).trim();
      const patch = {
        name: text("name"),
        replyTo: listOf(text("replyTo")),
        bcc: listOf(text("bcc")),
        textSignature: plain,
        htmlSignature: plain ? signature : "",
      };
      const accountId = ownAccount();
      if (one) await change([["Identity/set", { accountId, update: { [one.id]: patch } }]]);
      else await change([["Identity/set", { accountId, create: { made: { ...patch, email: text("email") } } }]]);
      setWrong("");
      toast(t("settings.saved"));
      onDone();
    } catch (error) {
      setWrong((error as Error).message);
    }
  }

  function drop() {
    change([["Identity/set", { accountId: ownAccount(), destroy: [one?.id ?? ""] }]]).then(onDone, say);
  }

  return (
    <form className="form panel" onSubmit={save} aria-label={one?.email ?? t("settings.identities.add")}>
      {one ? (
        <h2>{one.email}</h2>
      ) : (
        <label>
          {t("settings.identities.email")}
          <select name="email">
            {addresses.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
      )}
      <div className="pair">
        <label>
          {t("identity.name")}
          <input name="name" defaultValue={one?.name} />
        </label>
        <label>
          {t("settings.identities.replyTo")}
          <input name="replyTo" defaultValue={textIn(one?.replyTo)} />
        </label>
        <label>
          {t("settings.identities.bcc")}
          <input name="bcc" defaultValue={textIn(one?.bcc)} />
        </label>
      </div>
      <div className="field">
        <span>{t("identity.signature")}</span>
        <Suspense fallback={<div className="text-body" aria-busy="true" />}>
          <RichText
            value={signature}
            onChange={setSignature}
            onFiles={() => undefined}
            focus={false}
            label={t("identity.signature")}
          />
        </Suspense>
      </div>
      <p role="alert" className="wrong">
        {wrong}
      </p>
      <footer>
        {one?.mayDelete && (
          <button type="button" onClick={drop}>
            {t("settings.delete")}
          </button>
        )}
        <button type="submit" className="main">
          {t("app.save")}
        </button>
      </footer>
    </form>
  );
}
