/** Pictures of those who have written: of one's own contacts, else of the directory; each address is asked for once. */
import { useEffect } from "react";
import { create } from "zustand";
import { type Call, downloadUrl, each as eachOf, session } from "../jmap/client";
import { Refused } from "../jmap/errors";
import { get } from "../store";

interface Media {
  kind?: string;
  uri?: string;
  blobId?: string;
}
interface Card {
  emails?: Record<string, { address: string }>;
  media?: Record<string, Media>;
}

const DIRECTORY = "Directory";
const SOON = 400;
const AT_ONCE = 40;

const usePictures = create<Record<string, string>>(() => ({}));
const asked = new Set<string>();
let waiting: string[] = [];
let places: Promise<string[]> | undefined;

/** Whose it is: a picture, once there is one, else the first letter. */
export function Sign({ name, address }: { name: string; address: string | undefined }) {
  const face = useFace(address ?? "");
  if (face) return <img src={face} alt="" />;
  return <span aria-hidden="true">{name.slice(0, 1).toUpperCase()}</span>;
}

function useFace(address: string): string | undefined {
  const key = address.toLowerCase();
  useEffect(() => {
    if (!key || asked.has(key) || !get().online) return;
    asked.add(key);
    waiting.push(key);
    if (waiting.length === 1) setTimeout(() => void fetchFaces().catch(() => undefined), SOON);
  }, [key]);
  return usePictures((state) => state[key]);
}

/** One's own account, and that of the directory where there is one. */
async function accounts(): Promise<string[]> {
  const own = get().accounts.find((each) => each.own)?.id ?? "";
  return DIRECTORY in (await session()).accounts ? [own, DIRECTORY] : [own];
}

async function fetchFaces(): Promise<void> {
  const wanted = waiting;
  waiting = [];
  places ??= accounts();
  const found: Record<string, string> = {};
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const conditions = wanted.slice(at, at + AT_ONCE).map((email) => ({ email }));
    const calls = (await places).flatMap((accountId): Call[] => [
      ["ContactCard/query", { accountId, filter: { operator: "OR", conditions } }, `q${accountId}`],
      [
        "ContactCard/get",
        {
          accountId,
          "#ids": { resultOf: `q${accountId}`, name: "ContactCard/query", path: "/ids" },
          properties: ["emails", "media"],
        },
      ],
    ]);
    for (const answer of await eachOf(calls))
      if (!(answer instanceof Refused) && answer.list) add(found, answer.accountId, answer.list);
  }
  const mine = Object.fromEntries(Object.entries(found).filter(([address]) => wanted.includes(address)));
  if (Object.keys(mine).length) usePictures.setState(mine);
}

function add(found: Record<string, string>, accountId: string, cards: Card[]): void {
  for (const { emails, media } of cards) {
    const photo = Object.values(media ?? {}).find((each) => each.kind === "photo");
    const inside = photo?.uri?.startsWith("data:image/") ? photo.uri : undefined;
    const source = photo?.blobId ? downloadUrl(accountId, photo.blobId, "photo", "image/jpeg") : inside;
    if (source) for (const { address } of Object.values(emails ?? {})) found[address.toLowerCase()] ??= source;
  }
}
