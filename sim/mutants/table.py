"""The table of mutants, mutants.toml, as objects; what stands in it must fit the code."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).parent / "mutants.toml"
ROOT = Path(__file__).parents[2]


class TableError(Exception):
    pass


@dataclass(frozen=True)
class Edit:
    file: str  # below the repository's root
    find: str
    replace: str
    after: str = ""  # stands right before `find`, where that alone is there more than once
    expression: bool = False  # both texts are expressions; else they are statements


@dataclass(frozen=True)
class Mutant:
    name: str
    bug: str
    run: str  # arguments of the simulation that catch it
    breaks: tuple[str, ...]  # the invariants one of which must break
    edits: tuple[Edit, ...]


def read_table(text):
    mutants = []
    for row in tomllib.loads(text)["mutant"]:
        edits = tuple(Edit(**edit) for edit in row.pop("edit"))
        mutants.append(Mutant(**{**row, "breaks": tuple(row["breaks"]), "edits": edits}))
    names = [mutant.name for mutant in mutants]
    for name in names:
        if names.count(name) > 1:
            raise TableError(f"two mutants are called {name}")
    return mutants


def mutants():
    return read_table(TABLE.read_text())
