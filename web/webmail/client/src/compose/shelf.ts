/** Where pictures are that are put into the text of a letter while it is written. */
import { t } from "i18next";
import { downloadUrl, upload } from "../jmap/client";
import { size } from "../mail/when";
import { toast } from "../store";
import { draftOf, edit, fits, write } from "./draft";
import { NAMED, picturesIn } from "./pictures";

/** What stands in the text for one. */
export interface Shown {
  src: string;
  alt: string;
  width: number | null;
}

/** Where an editor puts the pictures of its text. */
export interface Shelf {
  takes: (file: File) => boolean;
  /** null: it could not be put there, which was said. */
  put: (file: File) => Promise<Shown | null>;
  /** Where the browser gets one from; null: it is not of this letter. */
  addressOf: (src: string) => string | null;
}

/** What every mail program shows; never SVG, which is a document. */
const KINDS = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;
/** Octets of one picture, and of all in one letter: as many as the webmail shows within a text (`body.py`). */
const MOST = 5_000_000;
const MOST_OF_ALL = 15_000_000;
/** Pixels: as wide as a text is; who gets it may have a program that shows all of them. */
const WIDEST = 640;

async function widthOf(file: File): Promise<number | null> {
  const found = await createImageBitmap(file).catch(() => null);
  return found && Math.min(found.width, WIDEST);
}

/** The shelf of a letter. */
export function shelfOf(key: number): Shelf {
  return {
    takes(file) {
      const draft = draftOf(key);
      if (!draft || !KINDS.test(file.type)) return false;
      const there = picturesIn(draft).reduce((sum, each) => sum + each.size, 0);
      if (file.size <= MOST && there + file.size <= MOST_OF_ALL) return true;
      toast(t("compose.pictureTooLarge", { name: file.name, size: size(file.size), most: size(MOST) }), {
        seconds: 12,
      });
      return false;
    },
    async put(file) {
      const draft = draftOf(key);
      if (!draft || !fits(key, file)) return null;
      edit(key, { uploading: draft.uploading + 1 });
      try {
        const [made, width] = await Promise.all([upload(draft.accountId, file), widthOf(file)]);
        const cid = `${crypto.randomUUID()}@postroom`;
        const name = file.name || t("compose.picture");
        write(key, { pictures: [...(draftOf(key)?.pictures ?? []), { ...made, name, cid }] });
        return { src: NAMED + cid, alt: name, width };
      } catch (error) {
        toast(`${file.name}: ${(error as Error).message}`, { error: true });
        return null;
      } finally {
        edit(key, { uploading: (draftOf(key)?.uploading ?? 1) - 1 });
      }
    },
    addressOf(src) {
      const draft = draftOf(key);
      const found = draft?.pictures.find((each) => NAMED + each.cid === src);
      return draft && found ? downloadUrl(draft.accountId, found.blobId, found.name, found.type) : null;
    },
  };
}
