#!/usr/bin/env python3
"""Finds functions that a build with CMAKE_UNITY_BUILD could mix up.

    cmake/shared_names.py <build folder>

Where several sources share a translation unit, functions of the same name in their unnamed namespaces
are overloads of each other, and a call could quietly take another one's. Prints each such name, with
its files, and fails. What to do: name one of the files as APART or ALONE (cmake/PhyllRoom.cmake).
"""

import collections
import json
import pathlib
import re
import subprocess
import sys


def units(build):
    """The sources of every translation unit that has several."""
    for command in json.loads((build / "compile_commands.json").read_text()):
        unit = pathlib.Path(command["file"])
        if unit.parent.name == "Unity":
            sources = re.findall(r'#include "([^"]+)"', unit.read_text())
            if len(sources) > 1:
                yield unit, sources


def functions(sources):
    """Names of the functions in unnamed namespaces, by source."""
    listed = subprocess.run(
        ["ctags", "-x", "--c++-kinds=f", "--_xformat=%N\t%s\t%F", *sources],
        capture_output=True, check=True, text=True).stdout
    found = collections.defaultdict(set)
    for line in listed.splitlines():
        name, scope, source = line.split("\t")
        # Members of a class in there are nobody else's: the class has a name of its own.
        if re.search(r"__anon\w+$", scope):
            found[source].add(name)
    return found


def main():
    build = pathlib.Path(sys.argv[1])
    every = {unit: sources for unit, sources in units(build)}
    found = functions(sorted({source for sources in every.values() for source in sources}))
    mixed = 0
    for unit, sources in every.items():
        files = collections.defaultdict(list)
        for source in sources:
            for name in found[source]:
                files[name].append(source)
        for name, owners in sorted(files.items()):
            if len(owners) > 1:
                mixed += 1
                print(f"{name}: " + ", ".join(owners))
    return 1 if mixed else 0


if __name__ == "__main__":
    sys.exit(main())
