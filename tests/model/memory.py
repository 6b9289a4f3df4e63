"""The memory of last writers: who wrote which row last at a link's target, as far as the link's source has not seen it.

Built from the target's log and nothing else. Writers of the source itself, and those that the source has seen, are not in it. After a
restart it is built again, from the latest place of the target's log before which the source had seen everything.
"""


class Memory:
    def __init__(self, link):
        self.link, self.rule = link, link.world.rule
        self.rows = {}                      # key -> slots: name -> transaction (policies.py)
        self.known = [0] * link.world.n     # what the source had seen at the link's place in its log; kept with the progress
        self.checkpoint = 0                 # place in the target's log; kept with the progress

    def fresh(self, txn):
        return txn.origin != self.link.source.id and txn.stamp > self.known[txn.origin]

    def follow(self, entry):
        for mark in entry.marks:
            self.link.world.policy[mark.key[0]].note(self.rows.setdefault(mark.key, {}), mark, self.fresh)

    def unseen(self, key, seen):
        return {name: w for name, w in self.rows.get(key, {}).items() if w.stamp > seen[w.origin]}

    def forget(self):
        """Drops what the source has seen."""
        known = self.known
        if self.rule == 'forget':
            self.known = self.link.source.seen
        for key, slots in list(self.rows.items()):
            for name in [name for name, txn in slots.items() if not self.fresh(txn)]:
                del slots[name]
            if not slots:
                del self.rows[key]
        self.known, log = known, self.link.target.log
        while self.checkpoint < len(log) and not any(self.fresh(mark.txn) for mark in log[self.checkpoint].marks):
            self.checkpoint += 1

    def restart(self):
        self.rows = {}
        if self.rule != 'rebuild':
            for entry in self.link.target.log[self.checkpoint:]:
                self.follow(entry)
