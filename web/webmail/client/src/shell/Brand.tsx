import { brand } from "./branding";

/** Pigeonholes, one of them with a letter in it; or what the server calls itself under this name. */
export function Brand() {
  return (
    <span className="brand">
      {brand.logo ? (
        <img src={brand.logo} alt="" />
      ) : (
        <svg viewBox="0 0 24 20" aria-hidden="true">
          <path
            d="M2 2h20v16H2zM2 10h20M12 2v16"
            fill="none"
            stroke="currentColor"
            strokeWidth="2"
            strokeLinejoin="round"
          />
          <rect x="14.4" y="4.4" width="5.2" height="3.2" rx=".6" fill="var(--stamp)" />
        </svg>
      )}
      {brand.name}
    </span>
  );
}
