"""Makes the mutated copies of sources that simulate_mutants is built from.

generate.py --list      prints the files of src/ that have mutants
generate.py --out DIR   writes a copy of each below DIR, and DIR/mutant_names.cc

In a copy each mutated place is "the mutant, if it is switched on, else the original". A text that
is not in its file exactly once is an error: the mutants keep up with the code.
"""

import argparse
import sys
from pathlib import Path

from table import ROOT, TableError, mutants


def switched(original, changes):
    """The place as "the first mutant, if it is on, else the second, ..., else the original"."""
    text = original
    for mutant, edit in changes:
        on = f'holmes::sim::mutant_on("{mutant.name}")'
        if edit.expression:
            text = f"({on} ? ({edit.replace.strip()}) : ({text}))"
        else:
            text = f"if ({on}) {{\n{edit.replace}\n}} else {{\n{text}\n}}"
    return text


def find_place(file, text, mutant, edit):
    count = text.count(edit.after + edit.find)
    if count != 1:
        raise TableError(f"{mutant.name}: its text is {count} times in {file}, must be there "
                         f"once:\n{edit.after}{edit.find}")
    begin = text.index(edit.after + edit.find) + len(edit.after)
    return begin, begin + len(edit.find), edit.expression


def mutate(file, text, all_mutants):
    places = {}
    for mutant in all_mutants:
        for edit in mutant.edits:
            if edit.file == file:
                place = find_place(file, text, mutant, edit)
                places.setdefault(place, []).append((mutant, edit))
    last_first = sorted(places, reverse=True)
    for (begin, _, _), (_, end, _) in zip(last_first, last_first[1:]):
        if begin < end:
            raise TableError(f"two mutants change overlapping texts of {file}:\n"
                             f"{text[begin:end]}")
    for begin, end, expression in last_first:
        changes = places[begin, end, expression]
        text = text[:begin] + switched(text[begin:end], changes) + text[end:]
    return '#include "sim/mutants/switch.h"\n' + text


def names_source(all_mutants):
    names = ",\n".join(f'    "{mutant.name}"' for mutant in all_mutants)
    return ('#include <array>\n\n#include "sim/mutants/switch.h"\n\nnamespace holmes::sim {\n\n'
            "std::span<const std::string_view> mutant_names() {\n"
            f"  static constexpr auto kNames = std::to_array<std::string_view>({{\n{names}}});\n"
            "  return kNames;\n}\n\n}  // namespace holmes::sim\n")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:  # else nothing need be compiled again
        path.write_text(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    all_mutants = mutants()
    files = sorted({edit.file for mutant in all_mutants for edit in mutant.edits})
    if arguments.list:
        print(";".join(files), end="")
        return 0
    try:
        for file in files:
            write(arguments.out / file, mutate(file, (ROOT / file).read_text(), all_mutants))
    except TableError as error:
        print(f"sim/mutants/mutants.toml: {error}", file=sys.stderr)
        return 1
    write(arguments.out / "mutant_names.cc", names_source(all_mutants))
    return 0


if __name__ == "__main__":
    sys.exit(main())
