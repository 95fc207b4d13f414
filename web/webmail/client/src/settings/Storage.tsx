import { useTranslation } from "react-i18next";
import { request } from "../jmap/client";
import { count, size } from "../mail/when";
import { Bones } from "./SettingsRoom";
import { ownAccount, useLoaded } from "./use";

interface Quota {
  id: string;
  resourceType: "octets" | "count";
  used: number;
  hardLimit: number;
}

async function load(): Promise<Quota[]> {
  const [answer] = await request([["Quota/get", { accountId: ownAccount() }]]);
  return answer.list;
}

/** How much room there is, and how much is taken. */
export default function Storage() {
  const { t } = useTranslation();
  const [found] = useLoaded(load);
  if (!found) return <Bones />;
  if (!found.length) return <p className="hint">{t("settings.storage.none")}</p>;
  return (
    <ul className="quotas">
      {found.map((each) => {
        const say = (number: number) => (each.resourceType === "octets" ? size(number) : count(number));
        const full = each.used / each.hardLimit;
        return (
          <li key={each.id}>
            <div className="line">
              <strong className="grow">{t(`settings.storage.${each.resourceType}`)}</strong>
              <span>{t("settings.storage.of", { used: say(each.used), limit: say(each.hardLimit) })}</span>
            </div>
            <meter
              min={0}
              max={each.hardLimit}
              high={each.hardLimit * 0.9}
              value={each.used}
              aria-label={t(`settings.storage.${each.resourceType}`)}
            />
            {full > 0.9 && <p className="wrong">{t("settings.storage.full")}</p>}
          </li>
        );
      })}
    </ul>
  );
}
