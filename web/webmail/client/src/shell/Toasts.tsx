import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { dismiss, useApp } from "../store";
import { IconButton } from "./Button";

/** What was just done, and the way back. */
export function Toasts() {
  const { t } = useTranslation();
  const toasts = useApp((state) => state.toasts);
  return (
    <section className="toasts" aria-live="polite" aria-label={t("app.undo")}>
      {toasts.map((each) => (
        <div key={each.id} className={each.error ? "toast error" : "toast"} role={each.error ? "alert" : "status"}>
          <span>{each.text}</span>
          {each.undo && (
            <button
              type="button"
              className="text"
              onClick={() => {
                dismiss(each.id);
                each.undo?.();
              }}
            >
              {t("app.undo")}
            </button>
          )}
          {each.action && (
            <button
              type="button"
              className="text"
              onClick={() => {
                dismiss(each.id);
                each.action?.act();
              }}
            >
              {each.action.label}
            </button>
          )}
          <IconButton label={t("app.close")} onClick={() => dismiss(each.id)}>
            <X />
          </IconButton>
        </div>
      ))}
    </section>
  );
}
