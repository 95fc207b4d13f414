import { Building2, Globe, User, Users } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { others, type Principal } from "../jmap/principals";
import { toast } from "../store";

const WAIT = 180;
const ICONS = { individual: User, group: Users, resource: Building2, other: Globe };

export function PrincipalIcon({ type }: { type: Principal["type"] | undefined }) {
  const Icon = ICONS[type ?? "individual"] ?? User;
  return <Icon aria-hidden="true" />;
}

interface Props {
  label: string;
  without: ReadonlySet<string>;
  /** No groups, rooms, or everybody. */
  onlyPeople?: boolean;
  onChoose: (who: Principal) => void;
}

/** Finds people and groups by what is typed. */
export function PeopleField({ label, without, onlyPeople, onChoose }: Props) {
  const id = useId();
  const [typed, type] = useState("");
  const [found, setFound] = useState<Principal[]>([]);
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);

  useEffect(() => {
    if (!open) return;
    let stale = false;
    const timer = setTimeout(() => {
      others(typed.trim()).then(
        (all) => {
          if (stale) return;
          setFound(all.filter((each) => !without.has(each.id) && (!onlyPeople || each.type === "individual")));
          setAt(0);
        },
        (error: Error) => toast(error.message, { error: true }),
      );
    }, WAIT);
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [typed, open, without, onlyPeople]);

  function choose(who: Principal): void {
    type("");
    setOpen(false);
    onChoose(who);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const chosen = found[at];
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter" && open && chosen) choose(chosen);
    else if (event.key === "Escape" && open) setOpen(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const shown = open && found.length > 0;
  return (
    <div className="people">
      <input
        role="combobox"
        aria-label={label}
        placeholder={label}
        aria-expanded={shown}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown ? `${id}-${at}` : undefined}
        autoComplete="off"
        value={typed}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onChange={(event) => {
          type(event.target.value);
          setOpen(true);
        }}
        onKeyDown={onKeyDown}
      />
      {shown && (
        <div className="suggestions" id={`${id}-list`} role="listbox" aria-label={label}>
          {found.map((each, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field
            <div
              key={each.id}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(each)}
            >
              <PrincipalIcon type={each.type} />
              <strong>{each.name}</strong>
              {each.email && each.email !== each.name && <span>{each.email}</span>}
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
