"""A Galera cluster: three MariaDB nodes on 127.0.0.1, each a server of its own in the words of servers.py.

    cluster = Galera('east')                # server ids 1, 2, 3; Galera('east', server_ids=(7, 7, 7)): all the same
    cluster.start()                         # all are synced, and see each other
    one, two, three = cluster.nodes
    two.kill9(); two.start(); cluster.wait_synced()
    one.isolate(); one.join_again()         # as if its cable were cut
    cluster.destroy()

Starting: every node begins with the same fresh data directory, with a saved state that says so (grastate.dat: one
cluster uuid, seqno 0), and with a saved view of all three (gvwstate.dat). They come up as a cluster that lost power
does: together, with nothing to transfer. That takes 3 s on two busy cores; to bootstrap one node and let two join
takes 9 s by incremental transfer, and more by rsync.

The nodes run as user mysql if this process is root: as root the transfer by rsync does not work.

What tests depend on, measured with MariaDB 10.11 and Galera 26.4; A, B are nodes, the writer is a session at A:

| in the log                 | wsrep_gtid_mode=OFF                            | wsrep_gtid_mode=ON                              |
|----------------------------|------------------------------------------------|-------------------------------------------------|
| order of transactions      | the same on every node                         | the same                                        |
| server id, rows            | the writer's, on every node                    | that of the node which bootstrapped, if all got |
|                            |                                                | their data from it, else each node's own        |
| server id, DDL             | the writer's                                   | the writer's                                    |
| GTID                       | domain and number are each node's own: equal   | domain wsrep_gtid_domain_id, number of the      |
|                            | until one node logs what others do not         | cluster; 0 as domain after all were down        |
| GTID of local transactions | as any other                                   | the node's gtid_domain_id, numbers of its own   |
| XID event (InnoDB rows)    | the cluster's seqno, equal on every node       | the same                                        |
| xid in a Query event (DDL) | each node's own                                | the same                                        |
| thread id (Query event)    | of the session at the writer; sessions of different nodes have the same numbers                  |
| DDL that failed            | no event; the seqno is used up                 | no event; seqno and GTID number are used up     |
| time of GTID and XID event | COMMIT's at the writer, the last row event's on the others                                       |
| other times, annotations   | the writer's, on every node                    | the same                                        |
| flags of row events        | STMT_END at the writer, and RELAXED_UNIQUE_CHECKS with it on the others         |
| table ids, file names      | each node's own; a transfer by SST begins a new log                             |
| log_slave_updates=OFF      | makes no difference                            |                                                 |

| written by                           | log of A                                     | log of B                      |
|--------------------------------------|----------------------------------------------|-------------------------------|
| SET wsrep_on=0                       | yes; Xid is a number of A's own, no seqno    | no, nor the rows              |
| SET sql_log_bin=0                    | no                                           | yes: B holds and logs them    |
| a MyISAM table                       | yes; GTID without 'trans', ends in Query COMMIT | no, nor the rows           |
| DDL with wsrep_osu_method=RSU        | yes                                          | no, nor the change            |

| what a session sees                                       |                                                            |
|-----------------------------------------------------------|------------------------------------------------------------|
| its transaction loses against one of another node         | 1213 at the next statement or at COMMIT; all is undone     |
| the same, in a packet of several statements               | one statement may be committed alone, then 1213, or, with  |
|                                                           | wsrep_retry_autocommit (the default), success              |
| SELECT ... FOR UPDATE, GET_LOCK at two nodes              | both succeed: locks are each node's own                    |
| its node is not in the primary component                  | 1047, for all but SET, SHOW and SELECT without tables      |
| the same, while it commits                                | 1180                                                       |
| its node is a donor by rsync, or desynced                 | nothing                                                    |
| its node receives a transfer                              | 2003 until its end, then 1047                              |
| another node was killed                                   | a COMMIT waits until it is given up (evs.suspect_timeout)  |
"""

import os
import re
import shutil
import subprocess
import uuid

import pymysql

from servers import MariaDB, ServerError, die_with_parent, free_port, workspace
from wait import wait_until

PROVIDER = next((path for path in ('/usr/lib/galera/libgalera_smm.so', '/usr/lib64/galera/libgalera_smm.so',
                                   '/usr/lib64/galera-4/libgalera_smm.so') if os.path.exists(path)), None)

# A node that is gone is noticed after this time; until then nobody can commit.
PATIENCE = 'evs.keepalive_period=PT0.5S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT5S;evs.install_timeout=PT5S;' \
           'pc.announce_timeout=PT1S;gcache.size=32M'


class Node(MariaDB):
    """One node. start() after an end of whatever kind makes it join again."""

    def __init__(self, cluster, number, **more):
        super().__init__(cluster.name if number == 1 else f'{cluster.name}{number}', **more)
        self.cluster = cluster
        self.uuid = str(uuid.uuid1())
        self.group_port, self.ist_port, self.sst_port = free_port(), free_port(), free_port()
        if os.geteuid() == 0:
            self.user = 'mysql'
            shutil.chown(self.dir, self.user, self.user)

    @classmethod
    def missing(cls):
        lacking = [name for name in ('rsync', 'lsof', 'socat') if not shutil.which(name)]
        return super().missing() or \
            ('no Galera: galera-4 is not installed' if PROVIDER is None else None) or \
            (f"no Galera: {', '.join(lacking)} not installed" if lacking else None)

    def _prepare(self):
        super()._prepare()
        (self.data / 'grastate.dat').write_text('# GALERA saved state\nversion: 2.1\n'
                                                f'uuid: {self.cluster.uuid}\nseqno: 0\nsafe_to_bootstrap: 0\n')
        members = ''.join(f'member: {node.uuid} 0\n' for node in self.cluster.nodes)
        (self.data / 'gvwstate.dat').write_text(f'my_uuid: {self.uuid}\n#vwbeg\nview_id: 3 {self.cluster.nodes[0].uuid} 3\n'
                                                f'bootstrap: 0\n{members}#vwend\n')
        if self.user:
            subprocess.run(['chown', '-R', f'{self.user}:', str(self.data)], check=True)

    def command(self):
        addresses = ','.join(f'127.0.0.1:{node.group_port}' for node in self.cluster.nodes)
        return [word for word in super().command() if not word.startswith('--user=')] + [
            '--innodb-autoinc-lock-mode=2', '--wsrep-on=ON', f'--wsrep-provider={PROVIDER}',
            f'--wsrep-cluster-name={self.cluster.uuid[:8]}', f'--wsrep-cluster-address=gcomm://{addresses}',
            f'--wsrep-node-name={self.name}', f'--wsrep-node-address=127.0.0.1:{self.group_port}',
            f'--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{self.group_port};'
            f'ist.recv_addr=127.0.0.1:{self.ist_port};{PATIENCE}',
            '--wsrep-sst-method=rsync', f'--wsrep-sst-receive-address=127.0.0.1:{self.sst_port}']

    def spawn(self):
        if self.data.exists():
            self.args = [a for a in self.args if not a.startswith('--wsrep-start-position=')] + self._recovered()
        return super().spawn()

    def _recovered(self):
        """The last seqno that a killed node committed; without it all data would be transferred anew."""
        log = self.dir / 'recover.log'
        log.unlink(missing_ok=True)
        subprocess.run(self.command() + self.args + ['--wsrep-recover', f'--log-error={log}'], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=self.user, preexec_fn=die_with_parent, cwd=self.dir, timeout=60)
        text = log.read_text(errors='replace') if log.exists() else ''
        found = re.search(r'Recovered position:? *([0-9a-f-]{36}:-?\d+)', text)
        if not found:
            raise ServerError(f'{self.name}: wsrep-recover names no position:\n{text[-3000:]}')
        return [f'--wsrep-start-position={found.group(1)}']

    def kill9(self):
        """With the scripts of a state transfer, which would go on without it."""
        scripts = _descendants(self.process.pid) if self.process is not None else []
        super().kill9()
        for pid in scripts:
            try:
                os.kill(pid, 9)
            except ProcessLookupError:
                pass

    # ---- what only a node can

    def status(self, name):
        """SHOW STATUS LIKE 'wsrep_NAME'; None: no answer."""
        try:
            rows = self.sql(f"SHOW GLOBAL STATUS LIKE 'wsrep_{name}'")
        except (pymysql.err.OperationalError, pymysql.err.InterfaceError):
            return None
        return rows[0][1] if rows else None

    def is_synced(self):
        return self.status('local_state') == '4' and self.status('cluster_status') == 'Primary'

    def desync(self, on):
        """Out of flow control, as a donor or during a backup; it still serves."""
        self.sql(f'SET GLOBAL wsrep_desync={int(on)}')

    def isolate(self, wait=True):
        """No peer reaches it: it becomes non-primary, and the others go on without it. wait: until that is so."""
        self.sql("SET GLOBAL wsrep_provider_options='gmcast.isolate=1'")
        if wait:
            wait_until(lambda: self.status('cluster_status') != 'Primary', 60, lambda: f'{self.name} has no quorum:\n{self.tail()}')

    def join_again(self):
        self.sql("SET GLOBAL wsrep_provider_options='gmcast.isolate=0'")

    def become_primary(self):
        """What a person does when the others will not come back."""
        self.sql("SET GLOBAL wsrep_provider_options='pc.bootstrap=1'")


def _descendants(pid):
    """Of a process that may have ended."""
    found = []
    try:
        for task in os.listdir(f'/proc/{pid}/task'):
            with open(f'/proc/{pid}/task/{task}/children', encoding='ascii') as children:
                found += [int(child) for child in children.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found + [grandchild for child in found for grandchild in _descendants(child)]


class Galera:
    def __init__(self, name, server_ids=(1, 2, 3), gtid_mode=False, domains=(0, 0, 0), args=()):
        """gtid_mode: wsrep_gtid_mode; the domain of replicated transactions is 0 then. domains: gtid_domain_id of each."""
        self.name = name
        self.uuid = str(uuid.uuid1())
        args = [*args, '--wsrep-gtid-mode=ON', '--wsrep-gtid-domain-id=0'] if gtid_mode else list(args)
        os.chmod(workspace(), 0o711)            # user mysql passes through
        self.nodes = []
        for number, (server_id, domain) in enumerate(zip(server_ids, domains), 1):
            self.nodes.append(Node(self, number, server_id=server_id, gtid_domain=domain, args=args))

    missing = Node.missing

    def start(self, timeout=60):
        for node in self.nodes:
            node.spawn()
        for node in self.nodes:
            node.ready(timeout)
        return self.wait_synced(timeout)

    def wait_synced(self, timeout=60):
        """Until all nodes that run are one cluster and up to date."""
        running = [node for node in self.nodes if node.alive()]
        wait_until(lambda: all(node.is_synced() and node.status('cluster_size') == str(len(running)) for node in running), timeout,
                   lambda: '\n'.join(f'{n.name}: {n.status("local_state_comment")}, {n.status("cluster_size")} nodes\n{n.tail()}' for n in running))
        return self

    def wait_applied(self, timeout=60):
        """Until every node has applied what any of them has committed by now; but for those that are cut off."""
        running = [node for node in self.nodes if node.alive() and node.status('cluster_status') == 'Primary']
        seqno = max(int(node.status('last_committed')) for node in running)
        wait_until(lambda: all(int(node.status('last_committed')) >= seqno for node in running), timeout, f'{self.name} is at seqno {seqno}')
        return self

    def destroy(self):
        for node in self.nodes:
            node.destroy()
