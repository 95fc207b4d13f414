import { Users } from "lucide-react";
import { hue } from "../mail/Row";
import { nameOf, photoOf } from "./card";
import type { Card } from "./types";

/** The photo, else the first letter. */
export function Face({ card, large }: { card: Card; large?: boolean }) {
  const name = nameOf(card) || "?";
  const photo = photoOf(card);
  const size = large ? "face large" : "face";
  if (photo) return <img className={size} src={photo} alt="" />;
  return (
    <span className={`${size} hue${hue(name)}`} aria-hidden="true">
      {card.kind === "group" ? <Users /> : name.slice(0, 1).toUpperCase()}
    </span>
  );
}
