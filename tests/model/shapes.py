"""Shapes of topologies, as pairs (source, target), and the routes in them.

A transaction goes to each site along one way: the shortest from where it was made, and of equals that by the link that comes first. So a link
carries the transactions of those sites for which it is part of such a way; the source's own always, the target's never.
"""


def mesh(n, rnd):
    return [(i, j) for i in range(n) for j in range(n) if i != j]


def ring(n, rnd):
    return [(i, (i + 1) % n) for i in range(n)]


def star(n, rnd):
    return [pair for i in range(1, n) for pair in ((0, i), (i, 0))]


def any_shape(n, rnd):
    """A ring in random order, so that everybody can be reached, and some links more."""
    order = rnd.sample(range(n), n)
    pairs = {(order[i], order[(i + 1) % n]) for i in range(n)}
    pairs.update(p for p in mesh(n, rnd) if rnd.random() < .3)
    return sorted(pairs)


SHAPES = {'mesh': mesh, 'ring': ring, 'star': star, 'any': any_shape}


def routes(n, pairs):
    carries = {pair: set() for pair in pairs}
    for origin in range(n):
        reached, front = {origin}, [origin]
        while front:
            behind = []
            for site in front:
                for pair in (p for p in pairs if p[0] == site and p[1] not in reached):
                    carries[pair].add(origin)
                    reached.add(pair[1])
                    behind.append(pair[1])
            front = behind
    return carries
