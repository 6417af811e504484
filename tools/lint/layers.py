"""The include rules of the file LAYERS."""

import fnmatch

from findings import Finding


class Layers:
    def __init__(self, folders, libraries):
        self.folders = folders  # folder -> folders it may include ("*" is any)
        self.libraries = libraries  # header prefix -> patterns of files that may include it

    @staticmethod
    def parse(text):
        sections = {"[folders]": {}, "[libraries]": {}}
        section = None
        for number, raw in enumerate(text.splitlines(), 1):
            line = raw.split("#")[0].strip()
            if line in sections:
                section = sections[line]
            elif line:
                names, colon, values = line.partition(":")
                if section is None or not colon:
                    raise ValueError(f"LAYERS:{number}: expected `name: names`, got: {line}")
                for name in names.split():
                    section[name] = values.split()
        layers = Layers(sections["[folders]"], sections["[libraries]"])
        for folder, allowed in layers.folders.items():
            for name in allowed:
                if name != "*" and name not in layers.folders:
                    raise ValueError(f"LAYERS: {folder} may include {name}, which is not a folder here")
        return layers

    def folder_of(self, path):
        """Returns the folder that holds a path relative to src/, or None."""
        fits = [f for f in self.folders if path.startswith(f + "/")]
        return max(fits, key=len, default=None)

    def check(self, path, includes, exists):
        """Yields findings for a file of src/ (path relative to src/); `exists` tells whether a
        path relative to src/ is there."""
        here = self.folder_of(path)
        if here is None:
            yield Finding(f"src/{path}", 1, "its folder has no line in LAYERS; add one")
            return
        for include in includes:
            if include.quoted:
                message = self._check_own(here, include.path, exists)
            else:
                message = self._check_library(path, include.path)
            if message:
                yield Finding(f"src/{path}", include.line, message)

    def _check_own(self, here, included, exists):
        if not exists(included):
            return f'"{included}" is not in src/; write the path from src/ (libraries: <...>)'
        allowed = [here, "base", *self.folders[here]]
        there = self.folder_of(included)
        if "*" in allowed or there in allowed:
            return None
        return f"{here} may not include {there} (LAYERS allows: {' '.join(sorted(set(allowed)))})"

    def _check_library(self, path, included):
        for name, patterns in self.libraries.items():
            is_of_library = included in (name, name + ".h", name + ".hpp") or included.startswith(name + "/")
            if is_of_library and not any(fnmatch.fnmatch(path, p) for p in patterns):
                where = " ".join(patterns) or "nowhere"
                return f"<{included}> is included only in: {where} (LAYERS)"
        return None
