import { MailCheck } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { FullEmail } from "../jmap/types";
import { askedBy, onOpen, refuseReceipt, sendReceipt } from "./receipts";

/** Somebody asks to be told that this was read: the settings say what is done, or the reader does. */
export function Receipt({ email }: { email: FullEmail }) {
  const { t } = useTranslation();
  const what = onOpen(email);
  const sent = useRef("");
  useEffect(() => {
    if (what !== "send" || sent.current === email.id) return;
    sent.current = email.id;
    void sendReceipt(email, "automatic");
  }, [what, email]);
  if (what !== "ask") return null;
  const names = askedBy(email).map((each) => each.name || each.email);
  return (
    <p className="notice">
      <MailCheck aria-hidden="true" />
      <span>{t("receipt.asked", { names: names.join(", ") })}</span>
      <button type="button" className="text" onClick={() => void sendReceipt(email, "manual")}>
        {t("receipt.send")}
      </button>
      <button type="button" className="text" onClick={() => void refuseReceipt(email)}>
        {t("receipt.refuse")}
      </button>
    </p>
  );
}
