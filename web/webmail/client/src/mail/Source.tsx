import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { downloadUrl, octets } from "../jmap/client";
import type { FullEmail } from "../jmap/types";
import { Dialog } from "../shell/Dialog";

const MOST = 500_000;

/** An email as it came. */
export default function Source({ email, onClose }: { email: FullEmail; onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    octets(email.accountId, email.blobId, "message.eml", "text/plain").then(
      async (blob) => setText(await blob.slice(0, MOST).text()),
      (error: Error) => setText(error.message),
    );
  }, [email]);
  const name = `${(email.subject || "message").replace(/[^\p{L}\p{N} _-]/gu, "").slice(0, 60)}.eml`;
  return (
    <Dialog title={t("read.source")} onClose={onClose} size="wide">
      <a href={downloadUrl(email.accountId, email.blobId, name, "message/rfc822")} download={name}>
        {t("read.download", { name })}
      </a>
      <pre className="source" aria-busy={text === null}>
        {text ?? ""}
      </pre>
    </Dialog>
  );
}
