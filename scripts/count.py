#!/usr/bin/python3
"""Counts tests: prints 'PASSED FAILED SKIPPED' of a Meson test log (each TAP line is a test) or of a JUnit file.

    count.py meson build/meson-logs/testlog.json
    count.py junit build/live.xml

A program that ended badly without naming a failed test counts as one failure.
"""

import json
import re
import sys
import xml.etree.ElementTree


def meson(path):
    passed = failed = skipped = 0
    with open(path, encoding='utf-8') as log:
        for line in log:
            program = json.loads(line)
            own = [0, 0, 0]
            for bad, rest in re.findall(r'^(not )?ok\b(.*)$', program.get('stdout') or '', re.M):
                own[2 if re.search(r'#\s*skip', rest, re.I) else 1 if bad else 0] += 1
            result = program['result']
            if result == 'SKIP' and not any(own):
                own[2] = 1
            elif result == 'OK' and not any(own):
                own[0] = 1
            elif result not in ('OK', 'SKIP', 'EXPECTEDFAIL') and not own[1]:
                own[1] = 1
            passed, failed, skipped = passed + own[0], failed + own[1], skipped + own[2]
    return passed, failed, skipped


def junit(path):
    passed = failed = skipped = 0
    for suite in xml.etree.ElementTree.parse(path).getroot().iter('testsuite'):
        bad = {id(case) for case in suite.iter('testcase')
               if case.find('failure') is not None or case.find('error') is not None}
        left_out = {id(case) for case in suite.iter('testcase') if case.find('skipped') is not None} - bad
        total = len(list(suite.iter('testcase')))
        passed, failed, skipped = passed + total - len(bad) - len(left_out), failed + len(bad), skipped + len(left_out)
    return passed, failed, skipped


try:
    print(*{'meson': meson, 'junit': junit}[sys.argv[1]](sys.argv[2]))
except (OSError, ValueError, KeyError, xml.etree.ElementTree.ParseError) as e:
    print(f'count: {sys.argv[2]}: {e}', file=sys.stderr)
    print(0, 1, 0)
