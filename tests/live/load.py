"""Applications that write while something happens."""

import threading

import pymysql


class Load(threading.Thread):
    """Calls step(cursor, i) for i = 0, 1, ... , one transaction each, until stopped.

    acknowledged: how many transactions the server confirmed. unknown: those whose COMMIT got no answer.
    With patient=True a lost connection is made again; other errors, and every error without it, end the load and are
    raised by stop()."""

    LOST = (0, 2003, 2006, 2013, 2014, 1053, 1927, 3169, 4031)
    AGAIN = (1205, 1213)                # lock wait timeout, deadlock: the application tries again
    READ_ONLY = (1290, 1836)

    def __init__(self, server, db, step, patient=False, limit=None, pause=0.0, **connect):
        super().__init__(daemon=True)
        self.server, self.db, self.step, self.patient, self.limit, self.pause = server, db, step, patient, limit, pause
        self.connect = {'read_timeout': 30, **connect}
        self.acknowledged, self.unknown, self.retried = [], [], 0
        self.error = None
        self._over = threading.Event()

    def run(self):
        i, connection = 0, None
        while not self._over.is_set() and (self.limit is None or i < self.limit):
            committing = False
            try:
                if connection is None:
                    connection = self.server.connect(self.db, autocommit=False, **self.connect)
                with connection.cursor() as cursor:
                    self.step(cursor, i)
                    committing = True
                    connection.commit()
                self.acknowledged.append(i)
                i += 1
            except (pymysql.err.MySQLError, OSError) as e:
                code = e.args[0] if e.args and isinstance(e.args[0], int) else 0
                if code in self.AGAIN:
                    self.retried += 1
                    connection.rollback()
                    continue
                if connection is not None:
                    try:
                        connection.close()
                    except pymysql.err.MySQLError:
                        pass
                    connection = None
                if not self.patient or code not in self.LOST + self.READ_ONLY:
                    self.error = e
                    return
                if committing:
                    self.unknown.append(i)
                    i += 1
                self._over.wait(0.05)
            self._over.wait(self.pause)
        if connection is not None:
            connection.close()

    def wait_for(self, n, timeout=60):
        """Until n more transactions were acknowledged."""
        from wait import wait_until
        before = len(self.acknowledged)
        wait_until(lambda: self.error or len(self.acknowledged) - before >= n, timeout,
                   lambda: f'{n} transactions at {self.server.name}, had {len(self.acknowledged) - before}')
        if self.error:
            raise self.error

    def stop(self):
        self._over.set()
        self.join(60)
        if self.error:
            raise self.error
        return len(self.acknowledged)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self._over.set()
        self.join(60)
        if kind is None and self.error:
            raise self.error
