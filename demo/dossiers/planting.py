"""What a defect is, and the register of all of them."""

from collections.abc import Callable
from dataclasses import dataclass

from demo.dossiers.dossier import Draft

Plant = Callable[[Draft], None]


@dataclass(frozen=True, slots=True)
class Defect:
    """`families` must be in the dossier for it; `sheets` drawings too."""

    name: str
    codes: tuple[str, ...]
    families: tuple[str, ...]
    sheets: int
    plant: Plant


REGISTER: dict[str, Defect] = {}


def defect(
    name: str, *codes: str, families: tuple[str, ...] = ("joint_application",), sheets: int = 0
) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        REGISTER[name] = Defect(name, codes, families, sheets, plant)
        return plant

    return register


def misprint(made: Draft, family: str, key: str, value: str, code: str) -> None:
    """Print another value in a form's field, and expect the finding there."""
    made.forms[family] = made.forms[family].with_value(key, value)
    made.expect(code, family, f"value:{key}")
