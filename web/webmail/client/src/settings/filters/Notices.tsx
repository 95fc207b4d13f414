import { useTranslation } from "react-i18next";
import type { Kept } from "./store";

/** What has to be known before rules are saved: that others have written scripts. */
export function Notices({ kept }: { kept: Kept }) {
  const { t } = useTranslation();
  return (
    <>
      {kept.other && (
        <p className="notice" role="status">
          {t("settings.filters.other", { name: kept.other })}
        </p>
      )}
      {kept.foreign !== null && (
        <div className="notice" role="status">
          <p>{t("settings.filters.foreign")}</p>
          <pre>{kept.foreign.split(/\r?\n/).slice(1).join("\n")}</pre>
        </div>
      )}
    </>
  );
}
