"""What is wrong with a script, for its owner."""

from __future__ import annotations


class SieveError(Exception):
    """A script cannot be compiled, or cannot go on with this message. `line` counts from 1."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(f"Line {line}: {text}")
        self.line = line
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SieveError) and (self.line, self.text) == (other.line, other.text)

    def __hash__(self) -> int:
        return hash((self.line, self.text))

    def __reduce__(self) -> tuple[type[SieveError], tuple[int, str]]:
        """Both parts travel to another process."""
        return SieveError, (self.line, self.text)


class NotKnown(SieveError):
    """Something that no extension brings, or one that is not required: with `ihave` an error where it is reached."""
