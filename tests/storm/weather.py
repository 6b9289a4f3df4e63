"""What happens to servers, links and clocks during a storm, at the moments that the plan says."""

import heapq
import itertools
import pathlib
import shutil
import signal
import struct
import subprocess
import threading
import time

import pymysql

import logs
from plan import IN_USE
from ringway import binary
from servers import ServerError, workspace

AT_SERVER = ('kill server', 'freeze server', 'kill both', 'cut off')
_library = None


def library():
    """clock.c, built once; None without a compiler."""
    global _library
    if _library is None:
        compiler = shutil.which('cc') or shutil.which('gcc')
        _library = workspace() / 'clock.so' if compiler else False
        if compiler:
            subprocess.run([compiler, '-std=c17', '-O2', '-shared', '-fPIC', '-o', str(_library),
                            str(pathlib.Path(__file__).with_name('clock.c'))], check=True)
    return _library or None


class Clock:
    """The clock of one server, wrong by some seconds. It can be put wrong anew at any moment, also to an earlier time."""

    def __init__(self, server, seconds):
        self.path = server.dir / 'clock'
        self.path.write_bytes(bytes(8))
        self.set(seconds)
        server.env = {'LD_PRELOAD': str(library()), 'RINGWAY_CLOCK': str(self.path)}

    def set(self, seconds):
        with open(self.path, 'r+b') as file:
            file.write(struct.pack('=q', int(seconds * 1e9)))


class Clocks:
    """The clocks of all servers of a site."""

    def __init__(self, site, seconds):
        self.clocks = [(Clock(node, seconds + skew), skew) for node, skew in zip(site.nodes, site.skews)]

    def set(self, seconds):
        for clock, skew in self.clocks:
            clock.set(seconds + skew)


class Verb(threading.Thread):
    """pause or resume, tried until it is done: a site may be away."""

    def __init__(self, storm, verb, link):
        super().__init__(daemon=True)
        self.storm, self.verb, self.link = storm, verb, link

    def run(self):
        for _ in range(60):
            try:
                self.storm.ringway.cmd(self.verb, '--link', self.link, timeout=20)
                return
            except Exception:                               # noqa: BLE001  not reachable, or too late
                if self.verb == 'pause' or self.storm.closed:
                    return
                time.sleep(0.3)


class Weather:
    def __init__(self, storm):
        self.storm, self.plan = storm, storm.plan
        self.queue, self.order = [], itertools.count()
        self.done = {}                  # what: how often
        self.verbs, self.paused, self.frozen = [], set(), set()
        self.cut = set()                # nodes that no peer reaches
        self.armed = False              # Ringway may end by itself at a crash point
        self.points = []
        if b'RINGWAY_CRASH_AT' in binary().read_bytes():
            self.points = storm.ringway.cmd('run', '--crash-points').stdout.split()
        for act in self.plan.acts:
            self.later(act.at, lambda act=act: self.begin(act))
        self.dice = self.plan.dice('points')
        self.began = time.monotonic()

    def later(self, at, what):
        heapq.heappush(self.queue, (at, next(self.order), what))

    def now(self):
        return time.monotonic() - self.began

    def step(self):
        """Do what is due; how long until something else is."""
        while self.queue and self.queue[0][0] <= self.now():
            heapq.heappop(self.queue)[2]()
        self.watch()
        return min(0.2, self.queue[0][0] - self.now()) if self.queue else 0.2

    def watch(self):
        """Nobody ends but those whom we end."""
        ringway = self.storm.ringway
        if ringway.process is not None and ringway.process.poll() is not None:
            code = ringway.process.returncode
            if not (self.armed and code == -signal.SIGKILL):
                self.storm.trouble('ended', f'ringway ended with {code}\n{ringway.tail()}')
            self.count('crash point')
            ringway.process, self.armed = None, False
            ringway.start(wait=False)
        for server in self.storm.nodes():
            if server.process is not None and server.process.poll() is not None:
                raise ServerError(f'{server.name} ended with {server.process.returncode}:\n{server.tail()}')

    def count(self, what):
        self.done[what] = self.done.get(what, 0) + 1

    def begin(self, act):
        ringway, server = self.storm.ringway, None
        end = self.now() + act.seconds
        if act.what in AT_SERVER:
            server = self.victim(self.storm.sites[act.whom[0]], act.node)
        self.count(act.what if server or act.what not in AT_SERVER else f'{act.what} (too soon)')
        if act.what == 'pause':
            link = '->'.join(act.whom)
            self.paused.add(link)
            self.verb('pause', link)
            self.later(end, lambda: self.verb('resume', link))
        if act.what in ('kill ringway', 'kill both'):
            ringway.kill9()
            self.armed = False
            self.later(end, self.start_ringway)
        if act.what in ('kill server', 'kill both') and server:
            server.kill9()
            logs.save(server)
            self.later(end, lambda: server.process or server.spawn())
        if act.what == 'freeze server' and server and server.process:
            logs.save(server)
            server.freeze()
            self.frozen.add(server.name)
            self.later(end, lambda: self.thaw(server))
        if act.what == 'cut off' and server:
            logs.save(server)
            self.cut.add(server)
            server.isolate(wait=False)
            self.later(end, lambda: self.join_again(server))
        if act.what == 'freeze ringway' and ringway.process:
            ringway.process.send_signal(signal.SIGSTOP)
            self.later(end, self.thaw_ringway)
        if act.what == 'clock':
            self.storm.clocks[act.whom[0]].set(act.value)
        if act.what == 'rotate':
            self.rotate(self.storm.sites[act.whom[0]].nodes[max(act.node, 0)])

    def victim(self, site, number):
        """The server that an act is to hit; None: a cluster cannot spare any just now."""
        if len(site.nodes) > 1 and (any(n.name in self.frozen for n in site.nodes) or not site.can_spare()):
            return None
        if number == IN_USE:
            return next((n for n in site.nodes if n.address == self.storm.hosts.get(site.name)), site.nodes[0])
        return site.nodes[number]

    def rotate(self, server):
        if server.name not in self.frozen:
            try:
                with server.connect(read_timeout=5) as connection, connection.cursor() as cursor:
                    cursor.execute('FLUSH BINARY LOGS')
            except (pymysql.err.MySQLError, OSError):
                pass

    def verb(self, verb, link):
        verb = Verb(self.storm, verb, link)
        self.verbs.append(verb)
        verb.start()

    def start_ringway(self):
        if self.storm.ringway.process is None:
            env = {}
            if self.points and self.dice.random() < 0.5:
                env['RINGWAY_CRASH_AT'] = f'{self.dice.choice(self.points)}:{self.dice.choice((1, 2, 5, 20))}'
                self.armed = True
            self.storm.ringway.start(env=env, wait=False)

    def thaw(self, server):
        self.frozen.discard(server.name)
        if server.process:
            server.thaw()

    def join_again(self, server):
        if server in self.cut:
            self.cut.discard(server)
            server.join_again()

    def thaw_ringway(self):
        if self.storm.ringway.process:
            self.storm.ringway.process.send_signal(signal.SIGCONT)

    def clear(self, timeout=90):
        """The storm is over for now: everybody runs, no link is paused."""
        for server in self.storm.nodes():
            self.thaw(server)
            self.join_again(server)
            if server.process is None:
                server.spawn()
        for site in self.storm.sites.values():
            site.ready(timeout)
        self.thaw_ringway()
        if self.armed:
            self.storm.ringway.kill9()
            self.armed = False
        if self.storm.ringway.process is None:
            self.storm.ringway.start(wait=False)
        for verb in self.verbs:
            verb.join(timeout)
        for link in sorted(self.paused):
            self.storm.ringway.cmd('resume', '--link', link, expect=None)
        self.verbs.clear()
        self.paused.clear()
        if not self.storm.history.troubles:     # else a link has stopped, and nothing is worth waiting for
            self.storm.ringway.wait_state('running', 'catching_up', timeout=timeout)

    def quiet(self):
        """Put off what is due meanwhile: what was begun is ended by clear()."""
        self.watch()
        return self.now()

    def go_on(self, since):
        """As if no time had passed since quiet()."""
        self.began += self.now() - since
