import { Download, Eye, FileText, Image } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { downloadUrl } from "../jmap/client";
import type { FullEmail, Part } from "../jmap/types";
import { IconButton } from "../shell/Button";
import { kindOf } from "./kinds";
import { size } from "./when";

const Preview = lazy(() => import("./Preview"));

export function Attachments({ email }: { email: FullEmail }) {
  const { t } = useTranslation();
  const [seen, setSeen] = useState<Part | null>(null);
  // A picture that the text shows is no attachment to people.
  const found = email.attachments.filter((each) => !(each.cid && each.disposition !== "attachment"));
  if (!found.length) return null;
  return (
    <ul className="attachments" aria-label={t("read.attachments", { count: found.length })}>
      {found.map((each) => {
        const name = each.name ?? (each.type === "message/rfc822" ? "message.eml" : each.type);
        const kind = kindOf(each);
        const Icon = kind === "picture" ? Image : FileText;
        return (
          <li key={each.blobId}>
            <Icon aria-hidden="true" />
            <span className="name" title={name}>
              {name}
            </span>
            <small>{size(each.size)}</small>
            {kind && (
              <IconButton label={t("read.preview", { name })} onClick={() => setSeen(each)}>
                <Eye />
              </IconButton>
            )}
            <a
              className="icon"
              href={downloadUrl(email.accountId, each.blobId, name, each.type)}
              download={name}
              aria-label={t("read.download", { name })}
              title={t("read.download", { name })}
            >
              <Download />
            </a>
          </li>
        );
      })}
      <Suspense>{seen && <Preview accountId={email.accountId} part={seen} onClose={() => setSeen(null)} />}</Suspense>
    </ul>
  );
}
