"""Real servers, each in a directory of its own, on a free port of 127.0.0.1.

    server = MariaDB('east', server_id=1)
    server.start()
    server.sql('SELECT 1')
    server.kill9(); server.start()        # same port, same data
    server.destroy()

Every server is a child of this process and dies with it, whatever ends this process. Start servers from the main
thread only: the kernel takes the end of the thread that forked for the end of the parent.

A MySQL is not in Debian 12: scripts/mysql.sh puts one into the cache, with the libraries it was built for. It runs by
its own loader, so it needs neither root nor a chroot.
"""

import atexit
import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile

import pymysql

from wait import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get('RINGWAY_CACHE') or pathlib.Path.home() / '.cache' / 'ringway')

_libc = ctypes.CDLL(None, use_errno=True)
_living = []                # servers that this process started
_workspace = None


_outlive = False            # see outlive_parent
_left = False               # see leave_running


def die_with_parent():
    """Runs in the child, between fork and exec: no server outlives the tests, not even after a kill -9 of pytest."""
    PR_SET_PDEATHSIG = 1
    if _outlive:
        os.setsid()         # an interrupt at the terminal is not for it
    else:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def outlive_parent():
    """What is started from now on may outlive this process, if leave_running() is called before its end."""
    global _outlive
    _outlive = True


def leave_running():
    """Nothing is ended or removed when this process ends."""
    global _left
    _left = True


def left():
    return _left


def workspace():
    """One temporary directory for everything that this process starts; removed at exit unless RINGWAY_KEEP is set."""
    global _workspace
    if _workspace is None:
        _workspace = pathlib.Path(tempfile.mkdtemp(prefix='ringway-'))
        atexit.register(_clean)
    return _workspace


def _clean():
    if _left:
        return
    for server in list(_living):
        server.kill9()
    if not os.environ.get('RINGWAY_KEEP'):
        shutil.rmtree(_workspace, ignore_errors=True)


PORTS, WORKER_PORTS = range(10000, 32000), 5500
_ports = set()


def free_port():
    """A port that nobody listens on, and that was not handed out before. Not one that the system gives to clients, nor of another worker: it
    must be free when a server that was killed comes back."""
    worker = int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:])
    while True:
        port = PORTS.start + worker * WORKER_PORTS % len(PORTS) + random.randrange(WORKER_PORTS)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(('127.0.0.1', port))
            except OSError:
                continue
        if port not in _ports:
            _ports.add(port)
            return port


def _as_root():
    return ['--user=root'] if os.geteuid() == 0 else []


class ServerError(Exception):
    pass


class Server:
    """What all servers have in common. A subclass says how to make a data directory and how to start."""

    flavour = None          # 'mariadb' or 'mysql'
    user = None             # as whom the process runs; None: as this process
    _templates = {}         # flavour: a fresh data directory, made once and copied

    def __init__(self, name, server_id=1, durable=False, args=(), gtid_domain=None):
        """durable: every commit is on disk before it is acknowledged, as in production; else the operating
        system's memory is enough, which survives a kill of the server just as well.
        args: further server options; a later one wins over an earlier one."""
        self.name = name
        self.server_id = server_id
        self.gtid_domain = server_id if gtid_domain is None else gtid_domain
        self.durable = durable
        self.args = list(args)
        self.env = {}           # more variables of the environment, for the server alone
        self.host, self.port = '127.0.0.1', free_port()
        self.inside = []        # the words before its command: of a network namespace
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f'{name}-', dir=workspace()))
        self.data = self.dir / 'data'
        self.socket = self.dir / 's'
        self.log = self.dir / 'error.log'
        self.process = None
        self._admin = None

    # ---- what the flavours fill in

    @classmethod
    def missing(cls):
        """None, or why this server cannot be had here."""
        raise NotImplementedError

    @classmethod
    def make_template(cls, data):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def binlog_status(self):
        """(file, offset) of the end of the binary log."""
        raise NotImplementedError

    def gtid_position(self):
        """All that this server has in its binary log, in its own words."""
        raise NotImplementedError

    # ---- life

    def _common(self):
        flush = ['--innodb-flush-log-at-trx-commit=1', '--sync-binlog=1'] if self.durable else \
                ['--innodb-flush-log-at-trx-commit=2', '--sync-binlog=0']
        # a server that starts removes the temporary tables of others from a tmpdir that they share: hence one each
        return [f'--datadir={self.data}', f'--socket={self.socket}', f'--port={self.port}',
                f'--bind-address={self.host}', f'--server-id={self.server_id}', f'--log-error={self.log}',
                f'--pid-file={self.dir}/pid', f'--log-bin={self.data}/bin', '--innodb-buffer-pool-size=64M',
                f'--tmpdir={self.dir}', '--skip-name-resolve', '--max-connections=100', '--max-allowed-packet=64M', *flush]

    def _prepare(self):
        if self.flavour not in self._templates:
            template = workspace() / f'template-{self.flavour}'
            self.make_template(template)
            self._templates[self.flavour] = template
        subprocess.run(['cp', '-a', '--reflink=auto', str(self._templates[self.flavour]), str(self.data)], check=True)

    def spawn(self):
        """Start the process; do not wait until it answers."""
        assert self.process is None, f'{self.name} runs already'
        if not self.data.exists():
            self._prepare()
        with open(self.dir / 'output', 'ab') as out:
            self.process = subprocess.Popen([*self.inside, *self.command(), *self.args], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, preexec_fn=die_with_parent, cwd=self.dir, user=self.user,
                                            env={**os.environ, **self.env})
        _living.append(self)
        return self

    def ready(self, timeout=60):
        """Wait until the server answers."""
        def answers():
            if self.process.poll() is not None:
                raise ServerError(f'{self.name} ({self.flavour}) ended with {self.process.returncode}:\n{self.tail()}')
            try:
                self._admin = self.connect()
                return True
            except pymysql.err.MySQLError:
                return False
        wait_until(answers, timeout, lambda: f'{self.name} answers:\n{self.tail()}')
        return self

    def start(self, timeout=60):
        return self.spawn().ready(timeout)

    def _gone(self):
        self._close_admin()
        self.process = None
        if self in _living:
            _living.remove(self)

    def stop(self, timeout=60):
        """An orderly end, as by the init system."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self._gone()
            raise ServerError(f'{self.name} did not stop in {timeout} s:\n{self.tail()}')
        self._gone()

    def kill9(self):
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self._gone()

    def freeze(self):
        """The machine hangs: connections stay open, nobody answers."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def destroy(self):
        self.kill9()
        if not os.environ.get('RINGWAY_KEEP'):
            shutil.rmtree(self.dir, ignore_errors=True)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def tail(self, lines=30):
        text = ''
        for path in (self.log, self.dir / 'output'):
            if path.exists():
                text += ''.join(path.read_text(errors='replace').splitlines(keepends=True)[-lines:])
        return text

    # ---- talking to it

    def connect(self, db=None, user='root', password='', tcp=False, **more):
        """A connection of an application: autocommit, utf8mb4, as root over the socket unless told otherwise."""
        more.setdefault('autocommit', True)
        more.setdefault('read_timeout', 120)
        more.setdefault('charset', 'utf8mb4')
        where = {'host': self.host, 'port': self.port} if tcp or user != 'root' else \
                {'unix_socket': str(self.socket)}
        return pymysql.connect(user=user, password=password, database=db, connect_timeout=10, **where, **more)

    def _close_admin(self):
        if self._admin is not None:
            try:
                self._admin.close()
            except pymysql.err.MySQLError:
                pass
            self._admin = None

    def sql(self, statement, args=None, db=None):
        """Run one statement as root; return its rows. Connects again when the server was restarted."""
        if self._admin is None:
            self._admin = self.connect()
        try:
            if db is not None:
                self._admin.select_db(db)
            with self._admin.cursor() as cursor:
                cursor.execute(statement, args)
                return cursor.fetchall()
        except (pymysql.err.OperationalError, pymysql.err.InterfaceError) as e:
            if not e.args or e.args[0] in (0, 2006, 2013, 2014):
                self._close_admin()         # this connection is of no more use
            raise

    def one(self, statement, args=None, db=None):
        """The first column of the first row, or None."""
        rows = self.sql(statement, args, db)
        return rows[0][0] if rows else None

    def variable(self, name):
        rows = self.sql('SHOW GLOBAL VARIABLES LIKE %s', (name,))
        return rows[0][1] if rows else None

    @property
    def address(self):
        return f'{self.host}:{self.port}'

    @property
    def version(self):
        return self.one('SELECT VERSION()')

    def schemas(self):
        """The schemas that applications made."""
        system = {'information_schema', 'mysql', 'performance_schema', 'sys', 'ringway'}
        return [name for (name,) in self.sql('SHOW DATABASES') if name not in system]

    def binlog_files(self):
        return [row[0] for row in self.sql('SHOW BINARY LOGS')]

    def binlog_bytes(self):
        return sum(row[1] for row in self.sql('SHOW BINARY LOGS'))

    def binlog_events(self, start=None):
        """Events from `start` = (file, offset) on: (type, server id, text) each."""
        files = self.binlog_files()
        if start is not None:
            files = files[files.index(start[0]):]
        events = []
        for name in files:
            at = f' FROM {start[1]}' if start is not None and name == start[0] else ''
            for _, _, kind, server_id, _, text in self.sql(f"SHOW BINLOG EVENTS IN '{name}'{at}"):
                events.append((kind, server_id, text))
        return events


class MariaDB(Server):
    flavour = 'mariadb'

    @classmethod
    def missing(cls):
        return None if shutil.which('mariadbd') or os.path.exists('/usr/sbin/mariadbd') else 'mariadbd is not installed'

    @classmethod
    def make_template(cls, data):
        result = subprocess.run(['mariadb-install-db', '--no-defaults', *_as_root(), f'--datadir={data}',
                                 '--auth-root-authentication-method=normal', '--skip-test-db',
                                 '--innodb-log-file-size=32M', f'--tmpdir={workspace()}'],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            raise ServerError(f'mariadb-install-db failed:\n{result.stdout}')

    def command(self):
        return [shutil.which('mariadbd') or '/usr/sbin/mariadbd', '--no-defaults', *_as_root(), *self._common(),
                f'--gtid-domain-id={self.gtid_domain}', '--binlog-format=ROW', '--log-slave-updates',
                '--innodb-log-file-size=32M']

    def binlog_status(self):
        row = self.sql('SHOW MASTER STATUS')[0]
        return row[0], row[1]

    def gtid_position(self):
        return self.one('SELECT @@gtid_binlog_pos')

    def make_read_only(self, on):
        self.sql(f'SET GLOBAL read_only={int(on)}')


class MySQL(Server):
    flavour = 'mysql'
    root = CACHE / 'mysql'

    @classmethod
    def missing(cls):
        return None if (cls.root / 'usr/sbin/mysqld').exists() else \
            f'no MySQL in {cls.root}: run scripts/mysql.sh'

    @classmethod
    def program(cls, name):
        """The command line that runs one of its programs with its own libraries."""
        libraries = cls.root / 'usr/lib'
        loader = next(cls.root.glob('lib64/ld-linux-*'), None) or next(cls.root.glob('usr/lib/ld-linux-*'))
        paths = [str(p) for p in sorted(libraries.glob('*-linux-gnu'))]
        path = next(p for p in (cls.root / 'usr/sbin' / name, cls.root / 'usr/bin' / name) if p.exists())
        return [str(loader), '--library-path', ':'.join(paths), str(path)]

    @classmethod
    def _base(cls):
        usr = cls.root / 'usr'
        return [*cls.program('mysqld'), '--no-defaults', *_as_root(), f'--basedir={usr}',
                f'--lc-messages-dir={usr}/share/mysql', f'--character-sets-dir={usr}/share/mysql/charsets',
                f'--plugin-dir={usr}/lib/mysql/plugin', '--innodb-redo-log-capacity=32M', '--secure-file-priv=',
                '--mysqlx=OFF']

    @classmethod
    def make_template(cls, data):
        result = subprocess.run([*cls._base(), '--initialize-insecure', f'--datadir={data}', f'--tmpdir={workspace()}'],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if result.returncode != 0:
            raise ServerError(f'mysqld --initialize-insecure failed:\n{result.stdout}')
        (data / 'auto.cnf').unlink()        # each copy gets a uuid of its own

    def command(self):
        return [*self._base(), *self._common(), '--gtid-mode=ON', '--enforce-gtid-consistency']

    def binlog_status(self):
        row = self.sql('SHOW BINARY LOG STATUS')[0]
        return row[0], row[1]

    def gtid_position(self):
        return self.one('SELECT @@GLOBAL.gtid_executed').replace('\n', '')

    def make_read_only(self, on):
        self.sql(f'SET GLOBAL super_read_only={int(on)}')
        if not on:
            self.sql('SET GLOBAL read_only=0')


FLAVOURS = {'mariadb': MariaDB, 'mysql': MySQL}


def start_all(*servers, timeout=90):
    """Start several servers at once."""
    for server in servers:
        server.spawn()
    for server in servers:
        server.ready(timeout)
