"""Ringway itself, as a user runs it: a configuration file, the program, its verbs."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pymysql

import servers
from wait import wait_until

PASSWORD = 'a-secret.for:tests'


def binary():
    return pathlib.Path(os.environ.get('RINGWAY_BIN') or servers.ROOT / 'build' / 'ringway').resolve()


def make_user(server, password=PASSWORD):
    """The user as whom Ringway connects; it may do nothing yet."""
    server.sql('SET SESSION sql_log_bin=0')
    try:
        server.sql("DROP USER IF EXISTS 'ringway'@'%'")
        server.sql("CREATE USER 'ringway'@'%%' IDENTIFIED BY %s", (password,))
    finally:
        server.sql('SET SESSION sql_log_bin=1')


def statements(script):
    """{site: [statement]} of what `ringway init --print` printed."""
    sites, current, text = {}, None, ''
    for line in script.splitlines():
        heading = re.match(r'-- site (\S+) \(', line)
        if heading:
            current, text = sites.setdefault(heading.group(1), []), ''
        elif line.strip() and not line.lstrip().startswith('--'):
            assert current is not None, f'SQL before the first site: {line}'
            text += line + '\n'
            if line.rstrip().endswith(';'):
                current.append(text.strip().rstrip(';'))
                text = ''
    assert not text, f'a statement without its end: {text}'
    return sites


class RingwayError(AssertionError):
    pass


class Ringway:
    """sites: {name: server}, ids in that order from 1 on. options: of [ringway]; site_options: of every site;
    sections: text for the end of the file."""

    def __init__(self, sites, options=None, site_options=None, sections=''):
        self.sites = dict(sites)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='run-', dir=servers.workspace()))
        self.conf = self.dir / 'ringway.cnf'
        self.log_path = self.dir / 'ringway.log'
        self.process = None
        self.inside = []                # the words before its command: of a network namespace
        self.options = {'name': 'test', 'topology': 'pair', 'conflict': 'error',
                        'http': f'127.0.0.1:{servers.free_port()}', **(options or {})}
        self.site_options = {'ssl_mode': 'disabled', **(site_options or {})}
        self.sections = sections
        self.db = None                  # the schema of this test
        self.marks = 0
        self.write_conf()

    # ---- the sites by name, for scenarios of a pair

    @property
    def east(self):
        return self.sites['east']

    @property
    def west(self):
        return self.sites['west']

    def pair(self):
        return self.east, self.west

    # ---- configuration

    def write_conf(self, **options):
        """Write the file; options override those of before."""
        self.options.update(options)
        text = '[ringway]\n' + ''.join(f'{k} = {v}\n' for k, v in self.options.items() if v is not None)
        for number, (name, server) in enumerate(self.sites.items(), 1):
            site = {'id': number, 'hosts': server.address, 'user': 'ringway', 'password': PASSWORD,
                    **self.site_options, **getattr(server, 'site_options', {})}
            text += f'\n[site {name}]\n' + ''.join(f'{k} = {v}\n' for k, v in site.items() if v is not None)
        self.conf.write_text(text + '\n' + self.sections)
        self.conf.chmod(0o600)

    # ---- verbs

    def command(self, *args):
        return [*self.inside, str(binary()), *(str(a) for a in args), '-c', str(self.conf)]

    def cmd(self, *args, expect=0, timeout=60):
        """Run a verb to its end; `expect` its exit code (None: any). Returns the completed process."""
        result = subprocess.run(self.command(*args), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=timeout)
        if expect is not None and result.returncode != expect:
            raise RingwayError(f"ringway {' '.join(map(str, args))}: exit {result.returncode}, expected {expect}\n"
                               f'{result.stdout}{result.stderr}{self.tail()}')
        return result

    def grant(self):
        """Run, as root, the GRANT statements that `ringway init --print` asks for, and nothing else."""
        for name, lines in statements(self.cmd('init', '--print').stdout).items():
            server = self.sites[name]
            grants = [s for s in lines if s.upper().startswith('GRANT')]
            assert grants, f'init --print names no grants for {name}'
            server.sql('SET SESSION sql_log_bin=0')
            try:
                for statement in grants:
                    assert re.search(r"TO\s+[`']ringway[`']@[`']%[`']\s*$", statement), statement
                    assert not re.search(r'\bSUPER\b|ALL PRIVILEGES ON \*\.\*|GRANT OPTION', statement), statement
                    server.sql(statement)
            finally:
                server.sql('SET SESSION sql_log_bin=1')

    def init(self, *args, expect=0):
        return self.cmd('init', *args, expect=expect)

    def status(self):
        result = self.cmd('status', '--json', expect=None)
        if result.returncode not in (0, 3):         # 3: a site cannot be reached, which the status shows
            raise RingwayError(f'ringway status: exit {result.returncode}\n{result.stderr}{self.tail()}')
        return json.loads(result.stdout)

    def link(self, name='east->west'):
        """One link's part of the status."""
        links = {link['name']: link for link in self.status()['links']}
        assert name in links, f'no link {name} in {list(links)}'
        return links[name]

    def links(self):
        return {link['name']: link for link in self.status()['links']}

    def conflicts(self, server=None):
        """What stands in ringway.conflict of the target, oldest first, as dictionaries."""
        server = server or self.west
        connection = server.connect('ringway', cursorclass=pymysql.cursors.DictCursor)
        try:
            with connection.cursor() as cursor:
                cursor.execute('SELECT * FROM conflict ORDER BY 1')
                return list(cursor.fetchall())
        finally:
            connection.close()

    # ---- the daemon

    def start(self, *args, env=None, wait=True):
        """`ringway run`; with wait, until every link has begun."""
        assert self.process is None, 'ringway runs already'
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(self.command('run', *args), stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, preexec_fn=servers.die_with_parent,
                                            env={**os.environ, **(env or {})})
        if wait:
            self.wait_state('running', 'catching_up')
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def wait_end(self, timeout=30):
        """Wait until the daemon ends by itself; its exit code."""
        code = self.process.wait(timeout)
        self.process = None
        return code

    def stop(self, timeout=30):
        """SIGTERM: it finishes the window and exits with 0."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                self.process = None
                raise RingwayError(f'ringway did not end within {timeout} s of SIGTERM\n{self.tail()}') from None
        code, self.process = self.process.returncode, None
        if code != 0:
            raise RingwayError(f'ringway ended with {code}\n{self.tail()}')

    def kill9(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def log(self):
        return self.log_path.read_text(errors='replace') if self.log_path.exists() else ''

    def tail(self, lines=40):
        return '\n'.join(['--- ringway.log'] + self.log().splitlines()[-lines:])

    def memory_peak_kib(self):
        text = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return int(re.search(r'VmHWM:\s+(\d+)', text).group(1))

    # ---- waiting

    def wait_state(self, *states, link=None, timeout=30):
        """Until the link (default: every link) is in one of these states; its status."""
        last = {}

        def there():
            if not self.running():
                raise RingwayError(f'ringway is not running\n{self.tail()}')
            last.update(self.links())
            watched = [last[link]] if link else list(last.values())
            return watched and all(l['state'] in states for l in watched)
        wait_until(there, timeout, lambda: f'{link or "links"} in {states}: '
                   f'{[(l["name"], l["state"], l["error"]) for l in last.values()]}\n{self.tail()}')
        return last[link] if link else last

    def pause_all(self):
        for name in self.links():
            self.cmd('pause', '--link', name)
            self.wait_state('paused', link=name)

    def resume_all(self):
        for name in self.links():
            self.cmd('resume', '--link', name)

    def wait_stopped(self, link='east->west', timeout=30):
        """Until the link has stopped; its error."""
        error = self.wait_state('stopped', link=link, timeout=timeout)['error']
        assert error, 'a link that stopped says why'
        return error

    def mark(self, server):
        """Write a marker at a site, as an application would: what was committed before it comes before it."""
        self.marks += 1
        server.sql(f'UPDATE `{self.db}`.`mark` SET n = %s WHERE site = %s', (self.marks, server.name))
        return self.marks

    def has_mark(self, server, source, n):
        return (server.one(f'SELECT n FROM `{self.db}`.`mark` WHERE site = %s', (source.name,)) or 0) >= n

    def caught_up(self, timeout=60, sources=None, targets=None):
        """Until all that was committed at the sources (default: all sites) is at every other site, or at the targets."""
        sources = sources or list(self.sites.values())
        waiting = [(source, target, n) for source in sources for n in [self.mark(source)]
                   for target in targets or self.sites.values() if target is not source]
        asked = time.monotonic()

        def there():
            nonlocal asked
            waiting[:] = [w for w in waiting if not self.has_mark(w[1], w[0], w[2])]
            if not waiting:
                return True
            if not self.running():
                raise RingwayError(f'ringway is not running\n{self.tail()}')
            if time.monotonic() - asked > 1:        # a link that stopped will not get there
                for link in self.links().values():
                    if link['state'] == 'stopped':
                        raise RingwayError(f"{link['name']} stopped: {link['error']}")
                asked = time.monotonic()
            return False
        wait_until(there, timeout, lambda: f'marks of {[(s.name, t.name) for s, t, _ in waiting]}\n{self.tail()}')

    def close(self):
        """For the end of a test: no daemon is left."""
        self.kill9()
        if not os.environ.get('RINGWAY_KEEP'):
            shutil.rmtree(self.dir, ignore_errors=True)
