#!/usr/bin/env python3
"""A folder of src/ includes only what stands above it in ORDER, or itself; stages of the flow do not include each other."""

import pathlib
import re
import sys

ORDER = ['base', 'conf', 'gtid', 'change', 'server', 'conflict', 'ddl', 'flow/read', 'flow/decode', 'flow/route', 'flow/window',
         'flow/apply', 'flow', 'topology', 'http', 'cli']
ALLOWED = {('flow/apply', 'flow/window')}       # it folds what it applies


def breaches(src):
    for path in sorted(src.rglob('*.[ch]')):
        folder = path.parent.relative_to(src).as_posix()
        for name in re.findall(r'#include "([^"]+)"', path.read_text()):
            other = name.rpartition('/')[0]
            if not other or other == folder or (folder, other) in ALLOWED:
                continue
            stages = folder.startswith('flow/') and other.startswith('flow/')
            if other not in ORDER or stages or ORDER.index(other) > ORDER.index(folder):
                yield f'{folder}/{path.name} includes {name}'


found = list(breaches(pathlib.Path(sys.argv[1])))
print('\n'.join(found))
sys.exit(bool(found))
