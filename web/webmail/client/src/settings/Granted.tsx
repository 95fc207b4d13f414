import { useTranslation } from "react-i18next";
import { post, take } from "../jmap/client";
import { short } from "../mail/when";
import { say, useLoaded } from "./use";

interface Granted {
  id: number;
  name: string;
  scopes: string[];
  used: string;
  peer: string;
}

/** None where the server gives no tokens: it has no such page then. */
const load = () => take<Granted[]>("/oauth/grants").catch((): Granted[] => []);
const end = (id: number) => post<null>(`/oauth/grants/${id}`, {}, "DELETE");

/** The programs that were let in without a password, and what each may do. */
export function GrantedPrograms() {
  const { t } = useTranslation();
  const [found, again] = useLoaded(load);
  return (
    <section aria-label={t("settings.security.granted")}>
      <h2>{t("settings.security.granted")}</h2>
      <p className="hint">
        {t(found && !found.length ? "settings.security.noneGranted" : "settings.security.grantedHint")}
      </p>
      <ul className="entries">
        {(found ?? []).map((each) => (
          <li key={each.id}>
            <span className="grow">
              {each.name}{" "}
              <small>
                {each.scopes.map((scope) => t(`settings.security.scope.${scope}`, { defaultValue: scope })).join(", ")}{" "}
                · {each.peer} · {t("settings.security.used", { when: short(each.used) })}
              </small>
            </span>
            <button type="button" onClick={() => void end(each.id).then(again, say)}>
              {t("settings.security.endGrant", { name: each.name })}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
