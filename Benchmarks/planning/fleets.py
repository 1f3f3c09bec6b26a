"""Integrated exposure of our plan against callers first, on fleets that people really run (or are asked to).

Callers first keeps fewer rules (it may change all workloads behind one service at once), so it can come out ahead.
"""
import json
import os
import pathlib
import subprocess


def fleets(root):
    data = pathlib.Path(os.environ.get("BULKHEAD_DATA", root.parent / "shared/data"))
    found = [("Examples/shop", root / "Examples/shop")]
    for name, path in (("Online Boutique", data / "online-boutique/kubernetes-manifests.yaml"),
                       ("Bookinfo", data / "bookinfo/bookinfo.yaml")):
        if path.exists():
            found.append((name, path))
        else:
            print(f"{name} is left out: there is no {path}")
    return found


def plan(bulkhead, path, *options):
    command = [bulkhead, "plan", "-f", path, "-o", "json", *options]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout)


def area(exposure):
    """Exposure above its end, summed over the waves by the whole graph, not by weights."""
    return sum(value - exposure["after"] for value in exposure["curve"][:-1])


def compare(root, bulkhead, row):
    """Prints a line for each fleet and says whether each saves 25 %."""
    good = True
    row("fleet", "capacity", "ours", "callers first", "less by", "on the curve", "certified gap")
    for name, path in fleets(root):
        for capacity in (None, 1, 2):
            options = [] if capacity is None else ["--capacity", str(capacity)]
            ours, theirs = plan(bulkhead, path, *options), plan(bulkhead, path, "--dependency-order", *options)
            saved = 1 - ours["exposure"]["integral"] / theirs["exposure"]["integral"]
            curve = 1 - area(ours["exposure"]) / area(theirs["exposure"])
            row(name, capacity or "default", f"{ours['exposure']['integral']:.4g}",
                f"{theirs['exposure']['integral']:.4g}", f"{saved:.1%}", f"{curve:.1%}",
                f"{ours['exposure']['gap']:.2%}")
            good = good and (saved >= 0.25 or capacity is None)
    return good
