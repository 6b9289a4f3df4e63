"""The test of the field's own article on two writable sites: a table `persona`, a thousand rows every two seconds into
both, one server killed and brought back, and the counts meet."""

import pytest

from load import Load

PERSONA = ('CREATE TABLE persona (id BIGINT NOT NULL PRIMARY KEY, first_name VARCHAR(40), last_name VARCHAR(40), '
           'email VARCHAR(80), birth DATE, created TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)) ENGINE=InnoDB')


def thousand(base):
    def step(cursor, i):
        first = base + i * 1000
        cursor.execute('INSERT INTO persona (id, first_name, last_name, email, birth) VALUES ' + ', '.join(
            f"({first + k}, 'name {k}', 'family {i}', 'p{first + k}@example.org', '19{k % 90 + 10}-0{k % 9 + 1}-15')" for k in range(1000)))
    return step


@pytest.mark.parametrize('victim', ['east', 'west'])
def test_persona(link, victim):
    link.both(PERSONA)
    with Load(link.east, link.db, thousand(0), patient=True, pause=0.2) as east, \
            Load(link.west, link.db, thousand(10_000_000), patient=True, pause=0.2) as west:
        east.wait_for(3)
        west.wait_for(3)
        server, other = (link.east, west) if victim == 'east' else (link.west, east)
        server.kill9()
        other.wait_for(4)
        server.start()
        east.wait_for(3)
        west.wait_for(3)
        written = 1000 * (east.stop() + west.stop())
        unknown = 1000 * (len(east.unknown) + len(west.unknown))
    link.same(timeout=120)
    assert written <= link.east.one(f'SELECT COUNT(*) FROM {link.db}.persona') <= written + unknown
