"""Adds up the points of recorded decisions again, with Python's standard library alone.

    python3 replay.py BUNDLE.json...

Reads evidence bundles (`sakimori prove`). Ends with 1 when the sum over all findings is not the score that was recorded.
It does not verify the proof: `sakimori verify` and docs/log.md do.
"""

import json
import sys


def main():
    wrong = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            statement = json.loads(json.load(file)["statement"])
        if statement["predicateType"] != "urn:sakimori:predicate:decision:v1":
            print(f"{path}: no decision")
            continue
        made = statement["predicate"]
        total = sum(because["points"] for finding in made["findings"] for because in finding["because"])
        score = made["decision"]["score"]
        wrong += total != score
        print(f"{path}: {total} {'=' if total == score else '!='} {score}, {made['decision']['effect']}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
