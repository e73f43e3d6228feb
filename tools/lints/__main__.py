"""`python -m tools.lints`: print what breaks the house rules; exit 1 if anything does."""

from __future__ import annotations

import sys

from tools.lints.walk import all_findings, rules, sources


def main() -> int:
    """Check the whole project.

    Returns: 0 clean, 1 findings, 2 nothing was checked (which is never clean).
    """
    files, count = list(sources()), len(rules())
    if not files or not count:
        print("house lints: found no files or no rules; run from the top of a checkout")
        return 2
    findings = all_findings(files)
    for finding in findings:
        print(finding)
    print(f"house lints: {count} rules, {len(files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
