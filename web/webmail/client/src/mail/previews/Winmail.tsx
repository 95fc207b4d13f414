import { Download, FileText } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { textOf } from "../../compose/quote";
import { octets } from "../../jmap/client";
import type { Looked } from "../Preview";
import { type Inner, type Opened, opened } from "../tnef";
import { size } from "../when";

/** What Outlook has put into winmail.dat: its text, and its files to take out. */
export default function Winmail({ accountId, part }: Looked) {
  const { t } = useTranslation();
  const [found, setFound] = useState<Opened | null>(null);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    octets(accountId, part.blobId, "winmail.dat", "application/ms-tnef")
      .then(async (blob) => setFound(opened(new Uint8Array(await blob.arrayBuffer()))))
      .catch(() => setWrong(t("preview.noWinmail")));
  }, [accountId, part, t]);
  if (wrong) return <p role="alert">{wrong}</p>;
  if (!found) return <div className="bone tall" />;
  const text = found.text || (found.html ? textOf(found.html) : "");
  return (
    <div className="looked">
      {found.subject && <h3>{found.subject}</h3>}
      {text && <pre className="letter">{text}</pre>}
      <ul className="attachments" aria-label={t("read.attachments", { count: found.files.length })}>
        {found.files.map((each, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two files may have one name
          <File key={at} file={each} />
        ))}
      </ul>
      {!text && !found.files.length && <p>{t("preview.empty")}</p>}
    </div>
  );
}

function File({ file }: { file: Inner }) {
  const { t } = useTranslation();
  const [url, setUrl] = useState("");
  useEffect(() => {
    // Never as what it says it is: nothing in it is to run here.
    const made = URL.createObjectURL(new Blob([file.octets], { type: "application/octet-stream" }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return (
    <li>
      <FileText aria-hidden="true" />
      <span className="name">{file.name}</span>
      <small>{size(file.octets.length)}</small>
      <a
        className="icon"
        href={url}
        download={file.name}
        aria-label={t("read.download", { name: file.name })}
        title={t("read.download", { name: file.name })}
      >
        <Download />
      </a>
    </li>
  );
}
