import { ImageOff } from "lucide-react";
import { type MouseEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { begin } from "../compose/draft";
import { plainOf } from "../compose/quote";
import { blockedIn, bodyUrl } from "../jmap/client";
import type { FullEmail } from "../jmap/types";
import { useApp } from "../store";
import { piecesOf } from "./links";

/** What there is to read. HTML is shown in a frame that runs no scripts and is of no origin. */
export function Body({ email }: { email: FullEmail }) {
  const online = useApp((state) => state.online);
  const html = email.htmlBody.some((each) => each.type !== "text/plain");
  // Without a connection the text of it has to do: the page comes from the server.
  return html && online ? <Html email={email} /> : <Plain email={email} />;
}

function Html({ email }: { email: FullEmail }) {
  const { t } = useTranslation();
  const [images, setImages] = useState(false);
  const [blocked, setBlocked] = useState(0);
  const { accountId, blobId } = email;
  useEffect(() => {
    blockedIn(accountId, blobId).then(setBlocked, () => undefined);
  }, [accountId, blobId]);
  return (
    <>
      {blocked > 0 && !images && (
        <p className="notice">
          <ImageOff aria-hidden="true" />
          <span>{t("read.images", { count: blocked })}</span>
          <button type="button" className="text" onClick={() => setImages(true)}>
            {t("read.showImages")}
          </button>
        </p>
      )}
      <iframe
        className="html"
        title={t("read.body")}
        sandbox="allow-popups allow-popups-to-escape-sandbox"
        referrerPolicy="no-referrer"
        src={bodyUrl(accountId, blobId, images)}
      />
    </>
  );
}

function Plain({ email }: { email: FullEmail }) {
  const { t } = useTranslation();
  const values = email.textBody.map((each) => email.bodyValues[each.partId ?? ""]);
  const text = plainOf(email);
  return (
    <div className="plain">
      {text.split(/\n/).map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a letter stay where they are
        <div key={at} dir="auto" className={line.startsWith(">") ? "quote" : undefined}>
          <Linked line={line} />
        </div>
      ))}
      {values.some((each) => each?.isTruncated) && <p className="notice">{t("read.truncated")}</p>}
    </div>
  );
}

function Linked({ line }: { line: string }) {
  if (!line) return <br />;
  return piecesOf(line).map((piece, at) => {
    if (at % 2 === 0) return piece;
    const page = piece.includes("://");
    const write = (event: MouseEvent) => {
      event.preventDefault();
      begin({ to: [{ name: null, email: piece }] });
    };
    return (
      <a
        // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a line stay where they are
        key={at}
        href={page ? piece : `mailto:${piece}`}
        target="_blank"
        rel="noopener noreferrer"
        onClick={page ? undefined : write}
      >
        {piece}
      </a>
    );
  });
}
