"""Kinds of defect, each planted on a faultless draft, with the finding that must come of it.

A defect's name says what somebody did wrong; its code is that of the finding in the intake's rule book. Some defects
share a code: an area can differ because of a slip of the pen or because of a forgotten 万.
"""

from collections.abc import Mapping
from types import ModuleType

from demo.dossiers import defects_of_drawings, defects_of_files, defects_of_forms
from demo.dossiers.planting import REGISTER, Defect

#: Importing them has filled the register.
MODULES: tuple[ModuleType, ...] = (defects_of_files, defects_of_forms, defects_of_drawings)
DEFECTS: Mapping[str, Defect] = REGISTER
