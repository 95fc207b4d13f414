import { useEffect, useState } from "react";
import { downloadUrl, octets } from "../jmap/client";
import type { Part } from "../jmap/types";
import { Dialog } from "../shell/Dialog";

interface Props {
  accountId: string;
  part: Part;
  onClose: () => void;
}

/** A picture or a PDF, to look at. */
export default function Preview({ accountId, part, onClose }: Props) {
  const name = part.name ?? part.type;
  return (
    <Dialog title={name} onClose={onClose} size="wide">
      {part.type === "application/pdf" ? (
        <Pdf accountId={accountId} part={part} />
      ) : (
        <img className="preview" src={downloadUrl(accountId, part.blobId, name, part.type)} alt={name} />
      )}
    </Dialog>
  );
}

/** In the browser's own viewer, which takes no document that has a policy. */
function Pdf({ accountId, part }: { accountId: string; part: Part }) {
  const [url, setUrl] = useState<string | null>(null);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    let made = "";
    octets(accountId, part.blobId, "file.pdf", "application/pdf").then(
      (blob) => {
        made = URL.createObjectURL(new Blob([blob], { type: "application/pdf" }));
        setUrl(made);
      },
      (error: Error) => setWrong(error.message),
    );
    return () => URL.revokeObjectURL(made);
  }, [accountId, part]);
  if (wrong) return <p role="alert">{wrong}</p>;
  return url ? <iframe className="pdf" title={part.name ?? "PDF"} src={url} /> : <div className="bone tall" />;
}
