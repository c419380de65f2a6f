"""Counts the results that ./dev test left: one JUnit file a suite and minutes.txt.

Counts single GoogleTest and lit tests where a ctest entry ran several. The last line is 'N passed, N failed' (and
', N skipped'); the exit status is 1 when something failed, a suite left no result, or nothing ran.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as tree


def countOutput(text):
    """(passed, failed, skipped) of the test program's own summary, or None when it has none."""
    if re.search(r"^\[==========\] \d+ tests? from .* ran\.", text, re.M):
        def number(word):
            found = re.findall(r"^\[  " + word + r"  ?\] (\d+) tests?[.,]", text, re.M)
            return sum(map(int, found))
        return number("PASSED"), number("FAILED"), number("SKIPPED")
    if re.search(r"^Total Discovered Tests: \d+", text, re.M):
        def number(*words):
            found = re.findall(r"^ +(?:" + "|".join(words) + r") *: +(\d+)", text, re.M)
            return sum(map(int, found))
        return (number("Passed", "Expectedly Failed"),
                number("Failed", "Unexpectedly Passed", "Unresolved", "Timed Out"),
                number("Skipped", "Unsupported", "Excluded"))
    return None


def countCase(case):
    status = case.get("status", "")
    output = case.findtext("system-out") or ""
    counts = countOutput(output)
    if status == "run":
        # A program that ended well although its summary counts failures has failed.
        return counts if counts and sum(counts) else (1, 0, 0)
    if status == "disabled":
        return 0, 0, 1
    if status == "notrun":
        skipped = case.find("skipped")
        why = skipped.get("message", "") if skipped is not None else ""
        if "SKIP_" in why.upper():
            return counts if counts and counts[1] == 0 and sum(counts) else (0, 0, 1)
        return 0, 1, 0
    if counts and counts[1]:
        return counts
    # It crashed, timed out or failed without a count: one failure beside what it did count.
    return (counts[0], 1, counts[2]) if counts else (0, 1, 0)


def main():
    folder = pathlib.Path(sys.argv[1])
    total = [0, 0, 0]
    lines = [line.split() for line in (folder / "minutes.txt").read_text().splitlines()]
    width = max(len(name) for name, _ in lines)
    for name, seconds in lines:
        file = folder / f"{name}.xml"
        counts = [0, 0, 0]
        note = ""
        try:
            for case in tree.parse(file).getroot().iter("testcase"):
                counts = [a + b for a, b in zip(counts, countCase(case))]
        except (OSError, tree.ParseError) as error:
            counts[1] += 1
            note = f"  (no results: {error})"
        if sum(counts) == 0:
            counts[1] += 1
            note = "  (no test ran)"
        total = [a + b for a, b in zip(total, counts)]
        print(f"{name:{width}}  {counts[0]:6} passed {counts[1]:4} failed {counts[2]:4} skipped"
              f"  {int(seconds) / 60:6.1f} min{note}")
    passed, failed, skipped = total
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
