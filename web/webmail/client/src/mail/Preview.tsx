import { type ComponentType, lazy, Suspense, useEffect, useState } from "react";
import { downloadUrl, octets } from "../jmap/client";
import type { Part } from "../jmap/types";
import { Dialog } from "../shell/Dialog";
import { type Kind, kindOf } from "./kinds";
import "./preview.css";

export interface Looked {
  accountId: string;
  part: Part;
}

const KINDS: Record<Kind, ComponentType<Looked>> = {
  picture: Picture,
  pdf: Pdf,
  text: Plain,
  message: lazy(() => import("./previews/Letter")),
  card: lazy(() => import("./previews/Cards")),
  calendar: lazy(() => import("./previews/Events")),
  winmail: lazy(() => import("./previews/Winmail")),
};

/** An attachment, to look at. */
export default function Preview({ accountId, part, onClose }: Looked & { onClose: () => void }) {
  const kind = kindOf(part);
  const Shown = KINDS[kind ?? "text"];
  return (
    <Dialog title={part.name ?? part.type} onClose={onClose} size="wide">
      <Suspense fallback={<div className="bone tall" />}>
        <Shown accountId={accountId} part={part} />
      </Suspense>
    </Dialog>
  );
}

function Picture({ accountId, part }: Looked) {
  const name = part.name ?? part.type;
  return <img className="preview" src={downloadUrl(accountId, part.blobId, name, part.type)} alt={name} />;
}

/** In the browser's own viewer, which takes no document that has a policy. */
function Pdf({ accountId, part }: Looked) {
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

const MOST_TEXT = 500_000;

function Plain({ accountId, part }: Looked) {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    octets(accountId, part.blobId, "file.txt", "text/plain").then(
      async (blob) => setText(await blob.slice(0, MOST_TEXT).text()),
      (error: Error) => setText(error.message),
    );
  }, [accountId, part]);
  return (
    <pre className="source" aria-busy={text === null}>
      {text ?? ""}
    </pre>
  );
}
