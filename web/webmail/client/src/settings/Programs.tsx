import { Copy } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { take } from "../jmap/client";
import { IconButton } from "../shell/Button";
import { useApp } from "../store";
import { Qr } from "./Qr";
import { Bones } from "./SettingsRoom";
import { copied, useLoaded } from "./use";

interface Service {
  protocol: "imap" | "pop3" | "smtp" | "sieve";
  host: string;
  port: number;
  tls: "implicit" | "start" | "none";
}

interface Told {
  services: Service[];
  paths: Record<string, string>;
  /** Where Apple's systems get a profile; "": nowhere. */
  profile: string;
}

const load = () => take<Told>("/mail/programs");
const MAIL = ["imap", "smtp", "pop3", "sieve"] as const;
const PAGES = ["caldav", "carddav", "activesync", "ews", "jmap"] as const;

/** What other programs have to be told, to copy and for a camera. */
export default function Programs() {
  const { t } = useTranslation();
  const me = useApp((state) => state.me) ?? "";
  const [found] = useLoaded(load);
  const [shown, show] = useState<string | null>(null);
  if (!found) return <Bones />;
  const best = (protocol: string) => found.services.find((each) => each.protocol === protocol);
  const profile = found.profile && `${location.origin}${found.profile}?email=${encodeURIComponent(me)}`;
  const url = (name: string) => `${location.origin}${found.paths[name] ?? ""}`;
  return (
    <>
      <p className="hint">{t("settings.programs.hint")}</p>
      <dl className="facts">
        <Fact name={t("settings.programs.user")} value={me} />
      </dl>
      {MAIL.map((protocol) => {
        const each = best(protocol);
        return each ? (
          <section key={protocol}>
            <h2>{t(`settings.programs.${protocol}`)}</h2>
            <dl className="facts">
              <Fact name={t("settings.programs.host")} value={each.host} />
              <Fact name={t("settings.programs.port")} value={String(each.port)} />
              <div>
                <dt>{t("settings.programs.safety")}</dt>
                <dd>{t(`settings.programs.tls.${each.tls}`)}</dd>
              </div>
            </dl>
          </section>
        ) : null;
      })}
      {profile && (
        <section>
          <h2>{t("settings.programs.apple")}</h2>
          <p className="hint">{t("settings.programs.appleHint")}</p>
          <p>
            <a href={profile} download="postroom.mobileconfig">
              {t("settings.programs.appleGet")}
            </a>
          </p>
          <button type="button" className="text" onClick={() => show(shown === "apple" ? null : "apple")}>
            {t(shown === "apple" ? "settings.programs.hideQr" : "settings.programs.showQr")}
          </button>
          {shown === "apple" && <Qr text={profile} label={profile} />}
        </section>
      )}
      {PAGES.filter((name) => found.paths[name]).map((name) => (
        <section key={name}>
          <h2>{t(`settings.programs.${name}`)}</h2>
          <dl className="facts">
            <Fact name={t("settings.programs.address")} value={url(name)} />
          </dl>
          <button type="button" className="text" onClick={() => show(shown === name ? null : name)}>
            {t(shown === name ? "settings.programs.hideQr" : "settings.programs.showQr")}
          </button>
          {shown === name && <Qr text={url(name)} label={url(name)} />}
        </section>
      ))}
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  const { t } = useTranslation();
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
        <IconButton
          label={t("settings.copyOf", { name: value })}
          onClick={() => void copied(value, t("settings.copied"))}
        >
          <Copy />
        </IconButton>
      </dd>
    </div>
  );
}
