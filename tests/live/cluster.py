"""A site of several servers: a primary and native replicas of it, which somebody promotes."""

import pymysql

from ringway import make_user
from servers import FLAVOURS
from wait import wait_until

PASSWORD = 'app-and-replication'


class Cluster:
    """Looks like one server to a scenario: what it is asked goes to the primary."""

    def __init__(self, flavour, name, ids):
        self.name, self.flavour = name, flavour
        self.servers = [FLAVOURS[flavour](f'{name}{i}', server_id=i, gtid_domain=ids[0]) for i in ids]
        self.primary = self.servers[0]
        self.process = True                 # scenarios ask whether a server runs

    @property
    def address(self):
        """For the configuration: the primary of now comes first."""
        return ', '.join(s.address for s in sorted(self.servers, key=lambda s: s is not self.primary))

    @property
    def replica(self):
        return next(s for s in self.servers if s is not self.primary)

    def __getattr__(self, name):            # sql, one, connect, schemas ...
        return getattr(self.primary, name)

    def thaw(self):
        for server in self.servers:
            if server.process is not None:
                server.thaw()

    def prepare(self):
        """The servers run: users. Nothing replicates yet (restore)."""
        for server in self.servers:
            make_user(server)
            server.sql('SET SESSION sql_log_bin=0')
            server.sql(f"CREATE USER 'repl'@'%' IDENTIFIED BY '{PASSWORD}'")
            server.sql("GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'")
            server.sql(f"CREATE USER 'app'@'%' IDENTIFIED BY '{PASSWORD}'")
            server.sql("GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO 'app'@'%'")
            server.sql('SET SESSION sql_log_bin=1')
        return self

    def restore(self):
        """Whatever the last test left: all servers run, the primary takes writes, the others replicate from it."""
        self.thaw()
        for server in self.servers:
            if server.process is None:
                server.start()
        self.primary.make_read_only(False)
        for server in self.servers:
            if server is not self.primary:
                self.follow(server)
        return self

    def follow(self, server):
        """`server` becomes a replica of the primary, and read-only. What is older than this need not be the same: each test makes its tables anew."""
        server.make_read_only(True)
        to = f"_HOST='127.0.0.1', {{0}}_PORT={self.primary.port}, {{0}}_USER='repl', {{0}}_PASSWORD='{PASSWORD}', {{0}}_CONNECT_RETRY=1"
        if self.flavour == 'mysql':
            server.sql('STOP REPLICA')
            server.sql("SET GLOBAL replica_exec_mode = 'IDEMPOTENT'")       # an old primary may hold what its successor does not
            server.sql(f'CHANGE REPLICATION SOURCE TO SOURCE{to.format("SOURCE")}, SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1')
            server.sql('START REPLICA')
        else:
            server.sql('STOP SLAVE')
            server.sql('SET GLOBAL gtid_slave_pos = %s', (self.primary.gtid_position(),))
            server.sql(f'CHANGE MASTER TO MASTER{to.format("MASTER")}, MASTER_USE_GTID=slave_pos')
            server.sql('START SLAVE')

    def has(self, server, position):
        if self.flavour == 'mysql':
            return server.one('SELECT GTID_SUBSET(%s, @@global.gtid_executed)', (position,)) == 1
        state = dict(g.rsplit('-', 1) for g in (server.one('SELECT @@gtid_binlog_state') or '').split(','))
        return all(int(state.get(g.rsplit('-', 1)[0], 0)) >= int(g.rsplit('-', 1)[1]) for g in position.split(','))

    def caught_up(self, server, timeout=30):
        position = self.primary.gtid_position()
        wait_until(lambda: self.has(server, position), timeout, lambda: f'{server.name} has {position}, it has {server.gtid_position()}')

    def promote(self, server):
        """It applies what it has received, and becomes the primary."""
        if self.flavour == 'mysql':
            server.sql('STOP REPLICA IO_THREAD')
            received = server.one('SELECT received_transaction_set FROM performance_schema.replication_connection_status')
            wait_until(lambda: self.has(server, received), 30, lambda: f'{server.name} has applied {received}')
            server.sql('STOP REPLICA')
            server.sql('RESET REPLICA ALL')
        else:
            server.sql('STOP SLAVE IO_THREAD')

            def applied():
                with server.connect(cursorclass=pymysql.cursors.DictCursor) as connection, connection.cursor() as cursor:
                    cursor.execute('SHOW SLAVE STATUS')
                    received = cursor.fetchone()['Gtid_IO_Pos']
                return not received or self.has(server, received)
            wait_until(applied, 30, f'{server.name} has applied all')
            server.sql('STOP SLAVE')
            server.sql('RESET SLAVE ALL')
        server.make_read_only(False)
        self.primary = server

    def destroy(self):
        for server in self.servers:
            server.destroy()


class Application:
    """For Load: an ordinary user, by an address."""

    def __init__(self, name, port):
        self.name, self.port = name, port           # port(): where the application looks for its database now

    def connect(self, db, **more):
        return pymysql.connect(host='127.0.0.1', port=self.port(), user='app', password=PASSWORD, database=db, connect_timeout=5, charset='utf8mb4', **more)
