#include "conf/options.h"

#include "conf/conf.h"

#include <string.h>

#define RINGWAY(type, key, member) RW_SECTION_RINGWAY, type, key, offsetof(rw_conf, member)
#define SITE(type, key, member) RW_SECTION_SITE, type, key, offsetof(rw_site_conf, member)
#define LINK(type, key, member) RW_SECTION_LINK, type, key, offsetof(rw_link_conf, member)
#define SCHEMA(type, key, member) RW_SECTION_SCHEMA, type, key, offsetof(rw_table_conf, member)
#define TABLE(type, key, member) RW_SECTION_TABLE, type, key, offsetof(rw_table_conf, member)
#define CHOICES(...) (const char *const[]){__VA_ARGS__, NULL}

/* The order of choices is the order of the enums in conf.h and base/log.h. */
#define TOPOLOGIES CHOICES("pair", "mesh", "ring", "star", "links")
#define SSL_MODES CHOICES("disabled", "required", "verify_ca", "verify_identity")
#define LOG_LEVELS CHOICES("error", "warning", "info", "debug")
#define LOG_FORMATS CHOICES("text", "json")
#define TRIGGERS CHOICES("refuse", "ignore")
#define DRIFTS CHOICES("stop", "source")
#define POLICIES CHOICES("last_write_wins", "error", "merge", "site_priority", "delta")

static const rw_option table[] = {
    {RINGWAY(RW_OPTION_STRING, "name", name), .preset = "ringway", .help = "name of the whole",
     .manual = "Appears in the status, in the metrics and in messages. Letters, digits, _ and -, 32 at most."},
    {RINGWAY(RW_OPTION_ENUM, "topology", topology), .preset = "pair", .choices = TOPOLOGIES, .help = "which sites are linked",
     .manual = "pair: two sites, both ways. mesh: every site to every other. ring: each site to the next and the last to the first, in "
               "the order of the site sections. star: the first site to every other, and back. links: the [link] sections are the links, no more and no less. "
               "In all of them a transaction goes to each site once, along the shortest way from where it was written; sites on the way hand it on."},
    {RINGWAY(RW_OPTION_LIST, "schemas", filter.schemas), .help = "schemas to replicate",
     .manual = "Names or globs, in which * stands for any text and ? for one character. Without it every schema but the system's own (mysql, sys, information_schema, "
               "performance_schema) and ringway."},
    {RINGWAY(RW_OPTION_LIST, "ignore_schemas", filter.ignore_schemas), .help = "schemas to leave out",
     .manual = "Names or globs. Wins over schemas and tables."},
    {RINGWAY(RW_OPTION_TABLES, "tables", filter.tables), .help = "tables to replicate",
     .manual = "Globs of the form schema.table, in which * stands for any text and ? for one character. Without it every table of the "
               "schemas that are replicated."},
    {RINGWAY(RW_OPTION_TABLES, "ignore_tables", filter.ignore_tables), .help = "tables to leave out",
     .manual = "Globs of the form schema.table. Wins over tables."},
    {RINGWAY(RW_OPTION_POLICY, "conflict", conflict), .preset = "last_write_wins", .choices = POLICIES,
     .help = "what to do when two sites wrote one row",
     .manual = "A conflict is two writes to one row, or to one unique value, of which neither site had seen the other's when it was committed. "
               "last_write_wins: the write with the later stamp stays, whole. The stamp is the time of the commit, but always later than that of "
               "every write which the site had seen: a wrong clock cannot let an old row overwrite one that was made from it. "
               "site_priority(SITE, ...): the write of the site that stands first in the list stays. A list names every site once; without "
               "one the order of the site sections counts. merge: what only one side changed is kept from both sides, column by column; a column "
               "that both changed goes to the later stamp, and a delete wins over writes that it had not seen. error: the link stops at the "
               "transaction and says why; nothing is overwritten. delta stands in [table] only. Every conflict that was settled is "
               "kept in ringway.conflict with all rows and the verdict: see ringway conflicts."},
    {RINGWAY(RW_OPTION_ENUM, "drift", drift), .preset = "stop", .choices = DRIFTS, .help = "what to do with a row that differs for no known reason",
     .manual = "Drift is a row at the target that is not what a change expects, although no write of another site explains it: somebody wrote with "
               "the log off, or the sites were not the same at the start. stop: the link stops at the transaction and shows the rows. source: the "
               "row becomes what the source says, and the row that was there is kept in ringway.conflict as kind drift."},
    {RINGWAY(RW_OPTION_INT, "gap_wait_s", gap_wait_s), .preset = "5", .min = 0, .max = 3600,
     .help = "seconds to wait for a write that comes by another link",
     .manual = "With more than two sites a change may arrive before a write that its site had seen, because that one takes another path. The link "
               "waits this long for it and then goes on without; the late write is recognised and changes nothing."},
    {RINGWAY(RW_OPTION_INT, "conflict_keep_days", conflict_keep_days), .preset = "30", .min = 1, .max = 3650,
     .help = "days to keep the rows of ringway.conflict", .manual = "Older ones are deleted, whatever their state."},
    {RINGWAY(RW_OPTION_SIZE, "memory_bytes", memory_bytes), .preset = "64M", .min = 1024 * 1024, .max = (gint64)64 * 1024 * 1024 * 1024,
     .help = "memory per link for who wrote which row last",
     .manual = "To tell a conflict from a change that follows another, a link remembers who wrote those rows of its target that its source has "
               "not seen yet. That is little unless a link is far behind; what exceeds this size goes to a file in the temporary directory "
               "(TMPDIR, else /tmp) and is gone with the process."},
    {RINGWAY(RW_OPTION_ADDRESS, "http", http), .preset = "127.0.0.1:9580", .help = "address of the status page, API and metrics",
     .manual = "address:port, with an IPv6 address in brackets. Empty: off. The page asks for no password: an address other than a loopback "
               "one shows the state of replication to everyone who can connect to it."},
    {RINGWAY(RW_OPTION_INT, "window_transactions", window_transactions), .preset = "1000", .min = 1, .max = 1000000,
     .help = "most source transactions in one target transaction",
     .manual = "A backlog is applied in windows of up to this many transactions; without a backlog each is applied as it comes. Less "
               "means shorter row locks on the target, more a faster catch-up."},
    {RINGWAY(RW_OPTION_SIZE, "window_bytes", window_bytes), .preset = "4M", .min = 64 * 1024, .max = 1024 * 1024 * 1024,
     .help = "most bytes of row changes in one target transaction", .manual = "A window ends at this size, whatever its transactions."},
    {RINGWAY(RW_OPTION_INT, "window_ms", window_ms), .preset = "0", .min = 0, .max = 60000,
     .help = "longest time of a target transaction, 0: any",
     .manual = "Applications that want a row which a window has changed wait until it ends. With a number of milliseconds here a backlog is applied in windows "
               "of as many transactions as fit into that time, found out as it goes. A single transaction may take longer."},
    {RINGWAY(RW_OPTION_INT, "busy_percent", busy_percent), .preset = "100", .min = 1, .max = 100,
     .help = "most of its time that a link works at its target",
     .manual = "After each window a link leaves the target alone, so that applications there have more of it while a backlog is caught up. 50: as long as the window took. "
               "Without a backlog that delays a change by hardly more than it takes."},
    {RINGWAY(RW_OPTION_INT, "heartbeat_s", heartbeat_s), .preset = "2", .min = 1, .max = 3600,
     .help = "seconds between signs of life asked of a source", .manual = "Sent by the server when it has nothing else to send. Must be less "
                                                                          "than deadline_s."},
    {RINGWAY(RW_OPTION_INT, "deadline_s", deadline_s), .preset = "10", .min = 2, .max = 86400,
     .help = "seconds of silence after which a peer counts as dead", .manual = "The connection is dropped and made again."},
    {RINGWAY(RW_OPTION_INT, "connect_timeout_s", connect_timeout_s), .preset = "10", .min = 1, .max = 3600,
     .help = "seconds to wait for a connection", .manual = "Includes TLS and the login."},
    {RINGWAY(RW_OPTION_INT, "lock_wait_s", lock_wait_s), .preset = "5", .min = 1, .max = 3600,
     .help = "seconds to wait for a row lock at a target", .manual = "After that the window is rolled back and tried again, smaller."},
    {RINGWAY(RW_OPTION_INT, "retry_max_s", retry_max_s), .preset = "5", .min = 1, .max = 3600,
     .help = "longest pause between two attempts, seconds", .manual = "The pause doubles from attempt to attempt up to this."},
    {RINGWAY(RW_OPTION_ENUM, "log_level", log_level), .preset = "info", .choices = LOG_LEVELS, .help = "least important message to log",
     .manual = "The log goes to standard error."},
    {RINGWAY(RW_OPTION_ENUM, "log_format", log_format), .preset = "text", .choices = LOG_FORMATS, .help = "one line of text or one JSON object "
                                                                                                        "per message",
     .manual = "The option --log-format wins over it."},

    {SITE(RW_OPTION_INT, "id", id), .min = 1, .max = 255, .required = true, .help = "number of the site",
     .manual = "Goes with every transaction that is written there, and settles ties. Unique, and never changed once replication has "
               "started. It has nothing to do with server_id."},
    {SITE(RW_OPTION_HOSTS, "hosts", hosts), .required = true, .help = "addresses of the site, separated by commas",
     .manual = "host, host:port, [IPv6]:port or the absolute path of a socket; port 3306 if none is given. With several hosts, which hold the "
               "same data, each link works with the first one that answers and can be written to, beginning with the one it used last, "
               "and goes on at another one when that goes away. Ringway promotes no server: that is for the cluster or its manager. One "
               "address behind which the server changes, as a cluster endpoint, needs no list."},
    {SITE(RW_OPTION_STRING, "user", user), .preset = "ringway", .help = "user to log in as",
     .manual = "ringway init --print shows the grants that it needs."},
    {SITE(RW_OPTION_STRING, "password", password), .secret = true, .help = "password of the user",
     .manual = "Better in password_file or in the environment variable RINGWAY_NAME_PASSWORD, where NAME is the site's name in capitals with "
               "_ for every other character than a letter or digit. The variable wins. No password at all is allowed, for logins by socket "
               "or certificate."},
    {SITE(RW_OPTION_PATH, "password_file", password_file), .help = "file whose first line is the password",
     .manual = "Must be a regular file that other users can neither read nor write (chmod 600). Not together with password."},
    {SITE(RW_OPTION_ENUM, "ssl_mode", ssl_mode), .preset = "required", .choices = SSL_MODES, .help = "whether and how TLS is used",
     .manual = "disabled: no TLS. required: TLS, whatever the certificate. verify_ca: the certificate must be signed by ssl_ca. "
               "verify_identity: it must also be made out to the host. For the path of a socket, which leaves no network to protect, "
               "the default is disabled."},
    {SITE(RW_OPTION_PATH, "ssl_ca", ssl_ca), .help = "certificates of the authorities to trust, PEM",
     .manual = "Without it verify_ca and verify_identity trust the system's authorities."},
    {SITE(RW_OPTION_PATH, "ssl_cert", ssl_cert), .help = "certificate to show to the server, PEM", .manual = "Together with ssl_key."},
    {SITE(RW_OPTION_PATH, "ssl_key", ssl_key), .help = "key of the certificate, PEM", .manual = "Together with ssl_cert."},
    {SITE(RW_OPTION_BOOL, "read_only", read_only), .preset = "no", .help = "it receives only",
     .manual = "No link has the site as its source: a pair becomes one way, a mesh or star leaves those links out; a ring is refused. Ringway does not keep applications "
               "from writing there, the server's own read_only does (Ringway's user must then be exempt from it). What they write all the same goes to no other site: it is counted "
               "(local_writes in the status) and said in the log."},

    {SITE(RW_OPTION_STRING, "heir", heir), .help = "the site is gone; this one hands on what is left of it",
     .manual = "Written by ringway topology remove. The site is in no link any more, and nobody connects to it; its number stays its own, because its "
               "transactions are on their way still: the heir, which has most of them, hands them on to those that lack some."},
    {SITE(RW_OPTION_STRING, "copy_of", copy_of), .help = "the site is being added; it holds a copy of this one's data",
     .manual = "Read and written by ringway topology add. The site receives everything from that one, and nobody receives from it, until topology add puts it in "
               "and takes the line out. Nothing may write there until then."},

    {LINK(RW_OPTION_LIST, "schemas", own.schemas), .help = "schemas to replicate by this link",
     .manual = "Instead of the list in [ringway]. Present and empty: every schema."},
    {LINK(RW_OPTION_LIST, "ignore_schemas", own.ignore_schemas), .help = "schemas to leave out of this link",
     .manual = "Instead of the list in [ringway]."},
    {LINK(RW_OPTION_TABLES, "tables", own.tables), .help = "tables to replicate by this link", .manual = "Instead of the list in [ringway]."},
    {LINK(RW_OPTION_TABLES, "ignore_tables", own.ignore_tables), .help = "tables to leave out of this link",
     .manual = "Instead of the list in [ringway]."},
    {LINK(RW_OPTION_INT, "delay_s", delay_s), .preset = "0", .max = 31 * 86400, .help = "seconds to stay behind the source",
     .manual = "A transaction is applied this long after it was committed at the source (on MariaDB: after its last statement began, which is what its "
               "log says), by the source's clock and that of the machine on which ringway runs. Against human error: ringway pause stops the link before a mistake arrives. Both servers must keep their binary logs longer. "
               "With more than two sites give every link into the site the same delay."},
    {LINK(RW_OPTION_RENAMES, "rename", renames), .help = "other names at the target",
     .manual = "shop:shop_eu gives all tables of a schema another one, shop.orders:shop2.orders_copy a single table; the entry of a table wins over that of its schema. The filters of the "
               "link name what is at the source; [schema] and [table] sections hold at the site where the name is, so write them for both names. The link back, if there is one, needs "
               "the same the other way round. DDL that touches what is renamed stops the link: run it at both sites."},

    {SCHEMA(RW_OPTION_POLICY, "conflict", conflict), .choices = POLICIES, .help = "what to do when two sites wrote one row of this schema",
     .manual = "Instead of conflict in [ringway]."},
    {SCHEMA(RW_OPTION_ENUM, "drift", drift), .has = offsetof(rw_table_conf, has_drift), .choices = DRIFTS,
     .help = "what to do with a row of this schema that differs for no known reason", .manual = "Instead of drift in [ringway]."},

    {TABLE(RW_OPTION_POLICY, "conflict", conflict), .choices = POLICIES, .help = "what to do when two sites wrote one row of this table",
     .manual = "Instead of conflict in [schema] and [ringway]. delta(COLUMN, ...): these columns, which must be integers or DECIMAL, add up what "
               "all sites added and took away, as balances and counters should; the other columns go to the later stamp, and a delete wins over "
               "writes that it had not seen."},
    {TABLE(RW_OPTION_ENUM, "drift", drift), .has = offsetof(rw_table_conf, has_drift), .choices = DRIFTS,
     .help = "what to do with a row of this table that differs for no known reason", .manual = "Instead of drift in [schema] and [ringway]."},
    {TABLE(RW_OPTION_STRING, "version_column", version_column), .help = "column that orders writes within one second",
     .manual = "For servers that log whole seconds, as MariaDB does: which of two writes within one second was the later one, their logs do "
               "not say. A TIMESTAMP column with fractional digits that every write sets to the present (DEFAULT CURRENT_TIMESTAMP(6) ON "
               "UPDATE CURRENT_TIMESTAMP(6)) says it: its fraction counts."},
    {TABLE(RW_OPTION_ENUM, "triggers", triggers), .preset = "refuse", .choices = TRIGGERS, .help = "what to do with triggers that would fire twice",
     .manual = "A trigger at the target fires for the changes that Ringway applies as it did for the same changes at the source, unless it "
               "tests the session variable @ringway. refuse: a table with a trigger that does not test it stops the link. ignore: it is "
               "applied, and the trigger fires."},
};

static const struct {
    const char *word, *usage, *manual;
} sections[RW_SECTIONS] = {
    [RW_SECTION_RINGWAY] = {"ringway", "[ringway]", "What holds for the whole. The section may be missing: every key has a default."},
    [RW_SECTION_SITE] = {"site", "[site NAME]",
                         "One writable database: a server, or a cluster whose hosts hold the same data. At least two. NAME: letters, digits, _ "
                         "and -, 32 at most. The order of the sections is the order of a ring; the first is the hub of a star."},
    [RW_SECTION_LINK] = {"link", "[link SOURCE->TARGET]",
                         "Only to override something for one direction between two sites. Links follow from the topology, not from these "
                         "sections."},
    [RW_SECTION_SCHEMA] = {"schema", "[schema NAME]",
                           "Only to override something for all tables of one schema. The name is compared byte for byte."},
    [RW_SECTION_TABLE] = {"table", "[table SCHEMA.TABLE]",
                          "Only to override something for one table. The name is compared byte for byte. What is not written here is taken from "
                          "the section of its schema, else from [ringway]."},
};

const rw_option *rw_options(unsigned *n)
{
    *n = G_N_ELEMENTS(table);
    return table;
}

const rw_option *rw_option_find(rw_section_kind section, const char *key)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
        if (table[i].section == section && strcmp(table[i].key, key) == 0) return &table[i];
    return NULL;
}

const char *rw_section_word(rw_section_kind section)
{
    return sections[section].word;
}

const char *rw_section_usage(rw_section_kind section)
{
    return sections[section].usage;
}

const char *rw_section_manual(rw_section_kind section)
{
    return sections[section].manual;
}

const char *rw_option_type_help(const rw_option *option)
{
    switch (option->type) {
    case RW_OPTION_STRING: return "text";
    case RW_OPTION_PATH: return "path, a relative one from the folder of the file";
    case RW_OPTION_INT: return "number";
    case RW_OPTION_SIZE: return "bytes, or with K, M or G";
    case RW_OPTION_BOOL: return "yes or no";
    case RW_OPTION_ENUM: return "one word";
    case RW_OPTION_LIST: return "names or globs, comma between";
    case RW_OPTION_TABLES: return "schema.table, comma between";
    case RW_OPTION_RENAMES: return "OLD:NEW of schemas or schema.table, comma between";
    case RW_OPTION_HOSTS: return "list of host, host:port or socket";
    case RW_OPTION_ADDRESS: return "address:port, or empty";
    case RW_OPTION_POLICY:
        return option->section == RW_SECTION_TABLE ? "last_write_wins, error, merge, site_priority, site_priority(SITE, ...) or delta(COLUMN, ...)"
                                                   : "last_write_wins, error, merge, site_priority or site_priority(SITE, ...)";
    }
    return "text";
}
