"""Verdicts of Bulkhead and its peers on the checks that correspond, per workload and, where both tell it, container."""
import json
import pathlib
import re

from mapping import MAPPING

CONTAINERS = re.compile(r"^(\s*)(?:initContainers|containers):$")


class Places:
    """Which Deployment, and which container of it, a line of the generated files belongs to."""

    def __init__(self, folder):
        self.lines = {}
        self.deployments = set()
        for path in sorted(folder.rglob("*.yaml")):
            self.lines[path.name] = self.read(path.read_text())

    def read(self, text):
        owners, first = [None], 0
        lines = text.split("\n")
        starts = [index for index, line in enumerate(lines) if line == "---"] + [len(lines)]
        owners += [None] * len(lines)
        for first, end in zip(starts, starts[1:]):
            document = lines[first:end]
            if "kind: Deployment" not in document:
                continue
            name = next(line.split()[-1] for line in document if re.match(r"  name: ", line))
            self.deployments.add(name)
            for number in range(first, end):
                owners[number + 1] = (name, None)
            for number in range(first, end):
                match = CONTAINERS.match(lines[number])
                if match:
                    self.read_containers(lines, number + 1, end, len(match[1]), name, owners)
        return owners

    @staticmethod
    def read_containers(lines, first, end, indent, workload, owners):
        """The items of one list; a container's name may stand anywhere in it."""
        depth, start, container = None, first, None

        def close(stop):
            for index in range(start, stop):
                owners[index + 1] = (workload, container)

        number = first
        while number < end:
            line = lines[number]
            own = len(line) - len(line.lstrip())
            is_item = line.lstrip().startswith("- ")
            if line.strip() and (own < indent or (own == indent and not is_item)):
                break
            if is_item and (depth is None or own == depth):
                close(number)
                depth, start, container = own, number, None
            item = re.match(r"\s*(?:- )?name: (\S+)", line)
            if item and depth is not None and own == (depth if is_item else depth + 2):
                container = item[1]
            number += 1
        close(number)

    def at(self, file, line):
        owners = self.lines.get(pathlib.PurePath(file).name) or []
        return owners[line] if 0 < line < len(owners) else None


def ours(document):
    """check -> workload -> set of containers (empty: not told)."""
    found = {}
    for row in document["podSecurity"]:
        for violation in row["violations"]:
            # Where violations name no containers, only workloads are compared.
            found.setdefault(violation["control"], {}).setdefault(row["resource"]["name"], set()).update(
                violation.get("containers") or [])
    for finding in document["findings"]:
        # L55 is about memory and disk; its counterparts are about memory.
        if finding["code"] == "L55" and "memory" in finding["message"]:
            found.setdefault("L55", {}).setdefault(finding["resource"]["name"], set()).add(
                finding["resource"].get("container"))
    return found


def trivy(document, places):
    found = {}
    for result in document.get("Results") or []:
        for check in result.get("Misconfigurations") or []:
            if check.get("Status") == "PASS":
                continue
            owner = places.at(result["Target"], check.get("CauseMetadata", {}).get("StartLine", 0))
            if owner:
                found.setdefault(check["ID"], {}).setdefault(owner[0], set()).update([owner[1]] if owner[1] else [])
    return found


def checkov(document):
    found = {}
    reports = document if isinstance(document, list) else [document]
    for report in reports:
        for check in report.get("results", {}).get("failed_checks", []):
            kind, _, name = check["resource"].split(".", 2)
            if kind == "Deployment":
                found.setdefault(check["check_id"], {}).setdefault(name, set())
    return found


def union(found, ids):
    merged = {}
    for one in ids:
        for workload, containers in found.get(one, {}).items():
            merged.setdefault(workload, set()).update(containers)
    return merged


def compare(name, mine, theirs, column, deployments):
    """Rows of (check, ids, agreeing, disagreements); a disagreement names the workload and who objects."""
    rows = []
    for check, ids in MAPPING.items():
        if not ids[column]:
            continue
        us, them = mine.get(check, {}), union(theirs, ids[column])
        disagreements, containers = [], 0
        for workload in sorted(deployments):
            if (workload in us) != (workload in them):
                disagreements.append(f"{workload}: only {'bulkhead' if workload in us else name} objects")
            elif workload in us and us[workload] and them[workload]:
                if us[workload] == them[workload]:
                    containers += len(us[workload])
                else:
                    disagreements.append(
                        f"{workload}: bulkhead {sorted(us[workload])}, {name} {sorted(them[workload])}")
        rows.append({"check": check, "peer": name, "ids": sorted(ids[column]), "workloads": len(deployments),
                     "failing": len(us), "agree": len(deployments) - len(disagreements),
                     "containersCompared": containers, "disagreements": disagreements})
    return rows


def load(path):
    return json.loads(pathlib.Path(path).read_text())
