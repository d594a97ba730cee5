#!/usr/bin/env python3
"""Finds functions that a build with CMAKE_UNITY_BUILD could mix up.

    cmake/shared_names.py <build folder>

Where several sources share a translation unit, a function in the unnamed namespace of one is seen by all
that come after it: it is an overload of functions of that name that they define, or know from a header,
and a call could quietly take it instead. Prints each such name, with its file and those that use the name,
and fails. What to do: name one of the files as APART or ALONE (cmake/PhyllRoom.cmake).
"""

import collections
import functools
import json
import pathlib
import re
import subprocess
import sys


def units(build):
    """Of every translation unit that has several sources, those, in their order."""
    for command in json.loads((build / "compile_commands.json").read_text()):
        unit = pathlib.Path(command["file"])
        if unit.parent.name == "Unity":
            sources = re.findall(r'#include "([^"]+)"', unit.read_text())
            if len(sources) > 1:
                yield sources


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


@functools.cache
def calls(source):
    """Names that a source calls, or defines, as functions of no class or namespace that it names."""
    text = pathlib.Path(source).read_text()
    text = re.sub(r'R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|//[^\n]*|^\s*#[^\n]*', " ", text,
                  flags=re.S | re.M)
    return set(re.findall(r"(?<![\w.:>~])(\w+)\s*[(<]", text))


def mixed_up(every):
    """(name, the source that defines it, those after it that call that name)"""
    found = functions(sorted({source for sources in every for source in sources}))
    for sources in every:
        for place, owner in enumerate(sources):
            for name in sorted(found[owner]):
                users = [source for source in sources[place + 1:] if name in calls(source)]
                if users:
                    yield name, owner, users


def main():
    mixed = list(mixed_up(list(units(pathlib.Path(sys.argv[1])))))
    for name, owner, users in mixed:
        print(f"{name} of {owner}: " + ", ".join(users))
    return 1 if mixed else 0


if __name__ == "__main__":
    sys.exit(main())
