"""Which transactions lie where in the binary logs: {GTID: [tag]}, by the rows of `journal` in them.

A transaction of a writer has one such row, a window of Ringway as many as it holds, a delete by which Ringway settles a
clash none. Nodes of a cluster may give one GTID to different transactions.
"""

import os
import re
import shutil
import subprocess

from servers import MySQL, ServerError
from tables import DB

GTID = re.compile(rb"^(?:SET @@SESSION\.GTID_NEXT= '([0-9a-f-]{36}:[\w:]*\d+)'|#.*\tGTID (\d+-\d+-\d+))")
INSERT = f'### INSERT INTO `{DB}`.`journal`'.encode()
VALUE = re.compile(rb"^###   @\d+='?([^' \n]*)")


def program(server):
    if server.flavour == 'mysql':
        return [*MySQL.program('mysqlbinlog'), '--no-defaults']
    # A node that got another one's data has logs between which others are missing.
    return [shutil.which('mariadb-binlog') or 'mysqlbinlog', '--no-defaults', '--loose-skip-gtid-strict-mode']


def save(server):
    """The logs that it has now are kept: a node of a cluster that comes back may get another one's data, and begin a new log."""
    place = server.dir / f'logs-{len(list(server.dir.glob("logs-*")))}'
    place.mkdir()
    for file in server.data.glob('bin.[0-9]*'):
        os.link(file, place / file.name)


def files_of(server):
    """Those of now, and those that were saved and are not of now."""
    return sorted({f.stat().st_ino: f for f in (*server.dir.glob('logs-*/bin.*'), *server.data.glob('bin.[0-9]*'))}.values())


def transactions(server):
    files = files_of(server)
    command = [*program(server), '-v', '--base64-output=decode-rows', *map(str, files)]
    found, gtid, values = {}, None, None
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for line in process.stdout:
            if values is not None:
                value = VALUE.match(line)
                if value:
                    values.append(value.group(1).decode())
                    if len(values) == 3:
                        found[gtid].append('.'.join(values))
                        values = None
            elif line.startswith(INSERT):
                values = []
            else:
                match = GTID.match(line)
                if match:
                    gtid = (match.group(1) or match.group(2)).decode().lower()
                    found.setdefault(gtid, [])
        error = process.stderr.read().decode(errors='replace')
    if process.returncode != 0:
        raise ServerError(f'the logs of {server.name} cannot be read: {error}')
    return found


def of_site(site, vague):
    """The same of all nodes of a site. vague: takes up the GTIDs that name other transactions at other nodes."""
    found = {}
    for node in site.nodes:
        for gtid, tags in transactions(node).items():
            if found.setdefault(gtid, tags) != tags:
                vague.add(gtid)
                found[gtid] = found[gtid] + [t for t in tags if t not in found[gtid]]
    return found
