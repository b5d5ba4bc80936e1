#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sum the test cases of a meson run: count-results.py testlog.json

A TAP program counts by its cases, any other by itself. A program that fails without a failed
case (it crashed, timed out or stopped early) is one failure more. The last line printed is
`N passed, N failed, N skipped`; the exit status says whether nothing failed.
"""

import json
import re
import sys

CASE = re.compile(r'^(not )?ok\b([^#]*)(?:#\s*(\w+))?', re.IGNORECASE)
SKIP_ALL = re.compile(r'^1\.\.0\s*#\s*skip', re.IGNORECASE)


def count(test):
    """(passed, failed, skipped) of one meson test."""
    passed = failed = skipped = 0
    for line in (test.get('stdout') or '').splitlines():
        found = CASE.match(line)
        if SKIP_ALL.match(line):
            skipped += 1
        elif found:
            directive = (found.group(3) or '').upper()
            if directive == 'SKIP':
                skipped += 1
            elif found.group(1) and directive != 'TODO':
                failed += 1
            else:
                passed += 1
    good = test['result'] in ('OK', 'EXPECTEDFAIL', 'SKIP')
    if not good and not failed:
        failed += 1
    elif passed + failed + skipped == 0:
        skipped, passed = (1, 0) if test['result'] == 'SKIP' else (0, 1)
    return passed, failed, skipped


def main():
    totals = [0, 0, 0]
    try:
        with open(sys.argv[1], encoding='utf-8') as log:
            tests = [json.loads(line) for line in log if line.strip()]
    except (OSError, ValueError) as problem:
        print('no test results: %s' % problem, file=sys.stderr)
        tests, totals = [], [0, 1, 0]
    for test in tests:
        counts = count(test)
        totals = [a + b for a, b in zip(totals, counts)]
        if counts[1]:
            print('failed: %s (%s)' % (test['name'], test['result']))
    print('%d passed, %d failed, %d skipped' % tuple(totals))
    sys.exit(1 if totals[1] else 0)


main()
