import { formatDistanceToNow } from "date-fns";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { change, request } from "../jmap/client";
import { Dialog } from "../shell/Dialog";
import { ownAccount, say, useLoaded } from "./use";

interface MobileDevice {
  id: string;
  name: string;
  model: string;
  os: string;
  agent: string;
  type: string;
  lastSeen: string;
  isBlocked: boolean;
  mayUnblock: boolean;
  wipe: "account" | "device" | null;
  isWiped: boolean;
  mayWipeAccount: boolean;
}

async function load(): Promise<MobileDevice[]> {
  const [answer] = await request([["MobileDevice/get", { accountId: ownAccount() }]]);
  return answer.list;
}

const put = (given: Record<string, unknown>) =>
  change([["MobileDevice/set", { accountId: ownAccount(), ...given }]]).then(() => undefined);

const called = (one: MobileDevice) => one.name || one.model || one.type;

/** Where things stand with one, of the words that say so; "": as usual. */
function standing(one: MobileDevice): string {
  if (one.wipe) return "toWipe";
  if (one.isBlocked) return one.mayUnblock ? "blocked" : "barred";
  return one.isWiped ? "wiped" : "";
}

/** The phones that keep a copy of the account. */
export function Phones() {
  const { t } = useTranslation();
  const [found, again] = useLoaded(load);
  const [wiping, wipe] = useState<MobileDevice | null>(null);
  const act = (given: Record<string, unknown>) => void put(given).then(again, say);
  return (
    <section aria-label={t("settings.devices.phones")}>
      <h2>{t("settings.devices.phones")}</h2>
      <p className="hint">{t(found && !found.length ? "settings.devices.none" : "settings.devices.hint")}</p>
      <ul className="entries">
        {(found ?? []).map((each) => {
          const [name, state] = [called(each), standing(each)];
          const about = [each.model, each.os].filter((one) => one && one !== name);
          return (
            <li key={each.id}>
              <span className="grow">
                {name} {state && <em>{t(`settings.devices.${state}`)}</em>}
                <small>
                  {[
                    ...about,
                    t("settings.devices.seen", {
                      when: formatDistanceToNow(new Date(each.lastSeen), { addSuffix: true }),
                    }),
                  ].join(" · ")}
                </small>
              </span>
              {(!each.isBlocked || each.mayUnblock) && (
                <Order
                  act={each.isBlocked ? "allow" : "block"}
                  name={name}
                  onGive={() => act({ update: { [each.id]: { isBlocked: !each.isBlocked } } })}
                />
              )}
              {!each.wipe && <Order act="wipe" name={name} onGive={() => wipe(each)} />}
              {state !== "toWipe" && state !== "barred" && (
                <Order act="forget" name={name} onGive={() => act({ destroy: [each.id] })} />
              )}
            </li>
          );
        })}
      </ul>
      {wiping && <WipeDialog one={wiping} onClose={() => wipe(null)} onDone={again} />}
    </section>
  );
}

interface OrderProps {
  act: "allow" | "block" | "wipe" | "forget";
  name: string;
  onGive: () => void;
}

function Order({ act, name, onGive }: OrderProps) {
  const { t } = useTranslation();
  const said = t(`settings.devices.${act}`);
  return (
    <button type="button" aria-label={t("settings.devices.of", { act: said, name })} onClick={onGive}>
      {said}
    </button>
  );
}

/** Asks what a phone is to forget: that is not taken back. */
function WipeDialog({ one, onClose, onDone }: { one: MobileDevice; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation();
  const ways = one.mayWipeAccount ? (["account", "device"] as const) : (["device"] as const);
  const [way, choose] = useState<"account" | "device">(ways[0]);
  return (
    <Dialog title={t("settings.devices.wipeAsk", { name: called(one) })} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          onClose();
          put({ update: { [one.id]: { wipe: way } } }).then(onDone, say);
        }}
      >
        {ways.map((each) => (
          <label className="check" key={each}>
            <input type="radio" name="way" checked={way === each} onChange={() => choose(each)} />
            {t(`settings.devices.way.${each}`)}
          </label>
        ))}
        <p className="hint">{t("settings.devices.wipeHint")}</p>
        <footer>
          <button type="button" onClick={onClose}>
            {t("app.cancel")}
          </button>
          <button type="submit" className="main">
            {t("settings.devices.wipeNow")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
