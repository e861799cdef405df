/* The least privileges: a table of what each role needs, and under which settings of the pair file. */
#include "common/check/grants.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/mem.h"
#include "common/check/grants_private.h"
#include "common/model/table.h"
#include "common/target/standby.h"

#define OWN "`drc`.*"
#define EVERYWHERE "*.*"

void grants_free(struct grants *g)
{
    for (size_t i = 0; i < g->count; i++) {
        free(g->items[i].privilege);
        free(g->items[i].place);
    }
    free(g->items);
    *g = (struct grants){0};
}

void grants_add(struct grants *g, const char *privilege, const char *place)
{
    for (size_t i = 0; i < g->count; i++)
        if (strcmp(g->items[i].place, place) == 0 &&
            (strcmp(g->items[i].privilege, privilege) == 0 || strcmp(g->items[i].privilege, GRANTS_ALL) == 0))
            return;
    g->items = xreallocarray(g->items, g->count + 1, sizeof *g->items);
    g->items[g->count++] = (struct grant){xstrdup(privilege), xstrdup(place)};
}

/* ---- roles ---- */

static const struct {
    const char *name;
    enum grants_role role;
} role_names[] = {
    {"capture",   GRANTS_CAPTURE  },
    {"applier",   GRANTS_APPLIER  },
    {"reconcile", GRANTS_RECONCILE},
    {"operator",  GRANTS_OPERATOR },
    {"forecast",  GRANTS_FORECAST },
};

int grants_role_parse(const char *name)
{
    for (size_t i = 0; i < sizeof role_names / sizeof role_names[0]; i++)
        if (strcmp(role_names[i].name, name) == 0)
            return (int)role_names[i].role;
    return -1;
}

unsigned grants_roles_of(const struct config *c, const struct region_config *region)
{
    unsigned roles = GRANTS_RECONCILE;
    for (size_t i = 0; i < c->link_count; i++) {
        if (strcmp(c->links[i].from, region->name) == 0)
            roles |= GRANTS_CAPTURE;
        if (strcmp(c->links[i].to, region->name) == 0)
            roles |= GRANTS_APPLIER;
    }
    return roles;
}

/* ---- when a privilege is needed ---- */

enum { MARIADB = 1, MYSQL = 2, BOTH = MARIADB | MYSQL };

/* What the pair file asks for at a region, as bits that rows of the table name. */
enum {
    ALWAYS = 0,
    WHEN_BINLOG = 1,        /* a link that ends there writes by BINLOG */
    WHEN_SQL = 2,           /* … by plain SQL */
    WHEN_DDL = 4,           /* … runs changes of definition */
    WHEN_STANDBY = 8,       /* … writes while the server is read_only */
    WHEN_CANARY = 16,       /* it is a target, whose capture proves the loop mark */
    WHEN_PROBED = 32,       /* linked: reconcile may write there to drc.repair */
    WHEN_FIRST_PROBED = 64, /* … and nothing else of ours writes there, so that nothing else asks for locks */
};

static unsigned wishes_of_link(const struct config *c, const struct link_config *l)
{
    unsigned wishes = l->writer == APPLY_WRITER_SQL ? WHEN_SQL : WHEN_BINLOG;
    wishes |= l->ddl == DDL_APPLY ? WHEN_DDL : 0;
    wishes |= l->standby ? WHEN_STANDBY : 0;
    return wishes | (c->canary_ms > 0 ? WHEN_CANARY : 0);
}

static unsigned wishes_of(const struct config *c, const struct region_config *region)
{
    unsigned wishes = 0;
    for (size_t i = 0; i < c->link_count; i++) {
        if (!region || strcmp(c->links[i].to, region->name) == 0)
            wishes |= wishes_of_link(c, &c->links[i]);
        if (!region || strcmp(c->links[i].from, region->name) == 0)
            wishes |= WHEN_PROBED;
    }
    if (wishes & (WHEN_BINLOG | WHEN_SQL))
        return wishes;
    return wishes | WHEN_BINLOG | (wishes & WHEN_PROBED ? WHEN_FIRST_PROBED : 0);
}

enum place { GLOBAL, OF_DRC, OF_PAIR };

#define WHOEVER (GRANTS_CAPTURE | GRANTS_APPLIER | GRANTS_RECONCILE | GRANTS_FORECAST)

/* SELECT on the tables for capture: whether an old column has a fraction stands in information_schema only.
 * BINLOG of MySQL asks for the privileges on the tables too; its locking reads for one that writes. MySQL shows
 * triggers, which the writer by plain SQL refuses, only to those who have TRIGGER. An operator installs drc.next_id(),
 * which needs what it does, and compares triggers. Rarely: rows
 * that BINLOG cannot carry go by plain SQL, and so do resolutions in tables that have CHECKs of generated columns. */
static const struct {
    unsigned roles;
    int flavors;
    unsigned when; /* one of these; ALWAYS */
    enum place place;
    const char *privilege;
} table[] = {
    {GRANTS_CAPTURE,   BOTH,    ALWAYS,            GLOBAL,  "REPLICATION SLAVE"       },
    {GRANTS_CAPTURE,   MARIADB, ALWAYS,            GLOBAL,  "REPLICATION MASTER ADMIN"},
    {GRANTS_APPLIER,   MARIADB, WHEN_BINLOG,       GLOBAL,  "BINLOG REPLAY"           },
    {GRANTS_APPLIER,   MARIADB, WHEN_DDL,          GLOBAL,  "BINLOG REPLAY"           },
    {GRANTS_APPLIER,   MYSQL,   WHEN_BINLOG,       GLOBAL,  "REPLICATION_APPLIER"     },
    {GRANTS_APPLIER,   MYSQL,   WHEN_DDL,          GLOBAL,  "TRANSACTION_GTID_TAG"    },
    {GRANTS_APPLIER,   BOTH,    WHEN_STANDBY,      GLOBAL,  NULL                      },
    {GRANTS_OPERATOR,  MARIADB, ALWAYS,            GLOBAL,  "BINLOG MONITOR"          },
    {GRANTS_OPERATOR,  MYSQL,   ALWAYS,            GLOBAL,  "REPLICATION CLIENT"      },
    {GRANTS_APPLIER,   BOTH,    ALWAYS,            OF_DRC,  GRANTS_ALL                },
    {GRANTS_CAPTURE,   BOTH,    ALWAYS,            OF_DRC,  "SELECT"                  },
    {GRANTS_CAPTURE,   BOTH,    WHEN_CANARY,       OF_DRC,  "INSERT"                  },
    {GRANTS_CAPTURE,   BOTH,    WHEN_CANARY,       OF_DRC,  "UPDATE"                  },
    {GRANTS_RECONCILE, BOTH,    ALWAYS,            OF_DRC,  "SELECT"                  },
    {GRANTS_FORECAST,  BOTH,    ALWAYS,            OF_DRC,  "SELECT"                  },
    {GRANTS_RECONCILE, BOTH,    WHEN_PROBED,       OF_DRC,  "CREATE"                  },
    {GRANTS_RECONCILE, BOTH,    WHEN_PROBED,       OF_DRC,  "INSERT"                  },
    {GRANTS_RECONCILE, BOTH,    WHEN_PROBED,       OF_DRC,  "DELETE"                  },
    {GRANTS_OPERATOR,  BOTH,    ALWAYS,            OF_DRC,  "SELECT"                  },
    {GRANTS_OPERATOR,  BOTH,    ALWAYS,            OF_DRC,  "INSERT"                  },
    {GRANTS_OPERATOR,  BOTH,    ALWAYS,            OF_DRC,  "DELETE"                  },
    {GRANTS_OPERATOR,  BOTH,    ALWAYS,            OF_DRC,  "CREATE"                  },
    {GRANTS_OPERATOR,  BOTH,    ALWAYS,            OF_DRC,  "DROP"                    },
    {GRANTS_OPERATOR,  BOTH,    ALWAYS,            OF_DRC,  "CREATE ROUTINE"          },
    {GRANTS_OPERATOR,  BOTH,    ALWAYS,            OF_DRC,  "ALTER ROUTINE"           },
    {GRANTS_OPERATOR,  BOTH,    ALWAYS,            OF_DRC,  "EXECUTE"                 },
    {WHOEVER,          BOTH,    ALWAYS,            OF_PAIR, "SELECT"                  },
    {GRANTS_OPERATOR,  BOTH,    ALWAYS,            OF_PAIR, "TRIGGER"                 },
    {GRANTS_APPLIER,   MYSQL,   WHEN_SQL,          OF_PAIR, "TRIGGER"                 },
    {GRANTS_RECONCILE, MYSQL,   WHEN_FIRST_PROBED, OF_PAIR, "LOCK TABLES"             },
    {GRANTS_APPLIER,   MYSQL,   WHEN_BINLOG,       OF_PAIR, "INSERT"                  },
    {GRANTS_APPLIER,   MYSQL,   WHEN_BINLOG,       OF_PAIR, "UPDATE"                  },
    {GRANTS_APPLIER,   MYSQL,   WHEN_BINLOG,       OF_PAIR, "DELETE"                  },
    {GRANTS_APPLIER,   BOTH,    WHEN_SQL,          OF_PAIR, "INSERT"                  },
    {GRANTS_APPLIER,   BOTH,    WHEN_SQL,          OF_PAIR, "UPDATE"                  },
    {GRANTS_APPLIER,   BOTH,    WHEN_SQL,          OF_PAIR, "DELETE"                  },
    {GRANTS_RARELY,    BOTH,    WHEN_BINLOG,       OF_PAIR, "INSERT"                  },
    {GRANTS_RARELY,    BOTH,    WHEN_BINLOG,       OF_PAIR, "UPDATE"                  },
    {GRANTS_RARELY,    BOTH,    WHEN_BINLOG,       OF_PAIR, "DELETE"                  },
    {GRANTS_APPLIER,   BOTH,    WHEN_DDL,          OF_PAIR, "ALTER"                   },
    {GRANTS_APPLIER,   BOTH,    WHEN_DDL,          OF_PAIR, "CREATE"                  },
    {GRANTS_APPLIER,   BOTH,    WHEN_DDL,          OF_PAIR, "DROP"                    },
    {GRANTS_APPLIER,   BOTH,    WHEN_DDL,          OF_PAIR, "INDEX"                   },
    {GRANTS_APPLIER,   BOTH,    WHEN_DDL,          OF_PAIR, "INSERT"                  },
    {GRANTS_APPLIER,   BOTH,    WHEN_DDL,          OF_PAIR, "REFERENCES"              },
};

/* ---- places ---- */

/* GRANT reads % and _ in a database's name as patterns unless they are escaped. */
static char *place_of(struct span db, bool literal)
{
    struct buf name = {0};
    if (!literal && span_is(db, "*"))
        return xstrdup(EVERYWHERE);
    buf_put_u8(&name, '`');
    for (size_t i = 0; i < db.n; i++) {
        uint8_t c = db.p[i];
        if (!literal && (c == '*' || c == '?')) {
            buf_put_u8(&name, c == '*' ? '%' : '_');
            continue;
        }
        if (c == '%' || c == '_' || c == '`')
            buf_put_u8(&name, c == '`' ? '`' : '\\');
        buf_put_u8(&name, c);
    }
    buf_put_str(&name, "`.*");
    char *place = xstrdup(buf_cstr(&name));
    buf_free(&name);
    return place;
}

void grants_of_pair(struct grants *out, const struct config *c, const char *privilege)
{
    struct span db;
    bool literal;
    for (size_t i = 0; filter_include_db(&db, &literal, &c->tables, i); i++) {
        char *place = place_of(db, literal);
        grants_add(out, privilege, place);
        free(place);
    }
}

void grants_least(struct grants *out, const struct config *c, const struct region_config *region, unsigned roles,
                  enum flavor flavor)
{
    const int own = flavor == FLAVOR_MYSQL ? MYSQL : MARIADB;
    const unsigned wishes = wishes_of(c, region);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const char *privilege = table[i].privilege ? table[i].privilege : standby_privilege(flavor);
        if (!(table[i].roles & roles) || !(table[i].flavors & own) ||
            (table[i].when != ALWAYS && !(table[i].when & wishes)))
            continue;
        if (table[i].place == OF_PAIR)
            grants_of_pair(out, c, privilege);
        else
            grants_add(out, privilege, table[i].place == GLOBAL ? EVERYWHERE : OWN);
    }
}
