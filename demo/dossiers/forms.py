"""What a form says, apart from how it is laid out."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Entry:
    """A label with its value. `key` is the field's name."""

    key: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Table:
    """Ruled rows under a head. Cells are found again as `key:row:column`, from 0; the last row may be the total."""

    key: str
    columns: tuple[str, ...]
    shares: tuple[float, ...]  # of the width
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    heading: bool = False


@dataclass(frozen=True, slots=True)
class SignOff:
    """Where a party seals and its person signs. Empty `name` or `signer`: not sealed, not signed."""

    party: str  # field name of the unit
    label: str  # 建设单位
    name: str
    role: str  # 法定代表人
    signer: str
    date: str


Block = Paragraph | Table | SignOff


@dataclass(frozen=True, slots=True)
class Form:
    family: str
    title: str
    entries: tuple[Entry, ...]
    blocks: tuple[Block, ...] = ()
    number: str = ""  # printed under the title: 编号：…
    page_numbers: bool = False

    def with_value(self, key: str, value: str) -> "Form":
        """KeyError where the form has no such field."""
        if key not in {entry.key for entry in self.entries}:
            raise KeyError(key)
        entries = tuple(replace(entry, value=value) if entry.key == key else entry for entry in self.entries)
        return replace(self, entries=entries)

    def value(self, key: str) -> str | None:
        return next((entry.value for entry in self.entries if entry.key == key), None)
