#!/usr/bin/env python3
"""Draws accuracy-against-queries.svg from accuracy-against-queries.csv, both beside this file.

    docs/pictures/accuracy-against-queries.py

A row of the table is what a network cost and reached: queries of one seed, accuracies in %.
"""
import csv
import math
from pathlib import Path

HERE = Path(__file__).resolve().parent
WIDTH, PLOT, HEIGHT, LEFT, TOP = 760, 330, 300, 56, 34
MARKS = {"phyll": "circle", "prototypes": "square", "ridge": "triangle", "softmax": "diamond", "infonce": "hexagon"}
FILLS = {"greedy": "#333333", "simultaneous": "#ffffff", "read-out": "#999999"}


def scale(value, low, high, start, end):
    return start + (value - low) / (high - low) * (end - start)


def mark(kind, x, y, fill):
    style = f'fill="{fill}" stroke="#333333" stroke-width="1.5"'
    if kind == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" {style}/>'
    shapes = {"square": [(-5, -5), (5, -5), (5, 5), (-5, 5)], "triangle": [(0, -6), (6, 5), (-6, 5)],
              "diamond": [(0, -6), (6, 0), (0, 6), (-6, 0)],
              "hexagon": [(-3, -5), (3, -5), (6, 0), (3, 5), (-3, 5), (-6, 0)]}
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in shapes[kind])
    return f'<polygon points="{points}" {style}/>'


def text(x, y, words, anchor="start", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{words}</text>'


def half_width(row):
    """Of the 95 % interval; 0 where none was stated."""
    return float(row["half_width"] or 0)


def line(x1, y1, x2, y2, colour="#333333"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def bounds(rows):
    queries = [math.log10(float(row["training"])) for row in rows]
    ends = [float(row["test"]) + sign * half_width(row) for row in rows for sign in (-1, 1)]
    return (math.floor(min(queries)), math.ceil(max(queries)),
            math.floor(min(ends)), min(101, math.ceil(max(ends))))


def axes(top, title, limits):
    first, last, low, high = limits
    bottom = top + HEIGHT
    yield text(LEFT, top - 10, title, size=14)
    step = 1 if high - low <= 8 else 2
    for accuracy in range(low, high + 1, step):
        y = scale(accuracy, low, high, bottom, top)
        yield line(LEFT, y, LEFT + PLOT, y, "#dddddd")
        yield text(LEFT - 8, y + 4, accuracy, "end")
    for power in range(first, last + 1):
        x = scale(power, first, last, LEFT, LEFT + PLOT)
        yield line(x, top, x, bottom, "#dddddd")
        yield text(x, bottom + 18, f"{10 ** power:,}", "middle")
    yield line(LEFT, bottom, LEFT + PLOT, bottom)
    yield line(LEFT, top, LEFT, bottom)
    yield text(LEFT + PLOT / 2, bottom + 36, "training queries of one seed, without repeats", "middle")
    yield text(14, top - 10, "%", size=12)


def panel(top, title, rows):
    first, last, low, high = limits = bounds(rows)
    yield from axes(top, title, limits)
    for number, row in enumerate(rows, 1):
        x = scale(math.log10(float(row["training"])), first, last, LEFT, LEFT + PLOT)
        test, half = float(row["test"]), half_width(row)
        ends = [scale(value, low, high, top + HEIGHT, top)
                for value in (max(low, test - half), min(high, test + half))]
        y = scale(test, low, high, top + HEIGHT, top)
        kind, fill = MARKS[row["scheme"]], FILLS[row["schedule"]]
        yield line(x, ends[0], x, ends[1], "#999999")
        yield mark(kind, x, y, fill)
        yield text(x + 8, y - 6, number, size=11)
        at = top + 16 + 21 * (number - 1)
        yield text(LEFT + PLOT + 30, at, number, "end")
        yield mark(kind, LEFT + PLOT + 44, at - 4, fill)
        yield text(LEFT + PLOT + 56, at, row["what"])


def draw(rows):
    tasks = list(dict.fromkeys(row["task"] for row in rows))
    pitch = HEIGHT + 92
    height = TOP + pitch * len(tasks) - 40
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
           f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">')
    yield f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    for place, task in enumerate(tasks):
        yield from panel(TOP + place * pitch, task, [row for row in rows if row["task"] == task])
    yield "</svg>"


def main():
    with open(HERE / "accuracy-against-queries.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    drawing = "\n".join(draw(rows)) + "\n"
    (HERE / "accuracy-against-queries.svg").write_text(drawing, encoding="utf-8")


if __name__ == "__main__":
    main()
