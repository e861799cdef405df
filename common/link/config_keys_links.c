/* The keys of the links and of the filter of tables. */
#include "common/link/config_keys_table.h"

static const struct config_word link_starts[] = {
    {"beginning", START_BEGINNING},
    {"now",       START_NOW      },
    {NULL,        0              }
};
static const struct config_word paths[] = {
    {"auto",  0},
    {"exact", 1},
    {NULL,    0}
};
static const struct config_word ddl_policies[] = {
    {"pause",  DDL_PAUSE },
    {"apply",  DDL_APPLY },
    {"ignore", DDL_IGNORE},
    {NULL,     0         }
};
static const struct config_word writers[] = {
    {"binlog", APPLY_WRITER_BINLOG},
    {"sql",    APPLY_WRITER_SQL   },
    {NULL,     0                  }
};

const struct config_key config_keys_links[] = {
    {.path = "links",
     .type = &config_list,
     .required = true,
     .help = "who replicates to whom; two opposite links make a two-way pair; [] for capture only"},
    {.path = "links[]",                   .type = &config_map,                                                                                     .enter = config_enter_link, .help = "one direction"},
    {.path = "links[].from",
     .type = &config_text,
     .required = true,
     LINK(from),
     .help = "the region whose changes are applied"},
    {.path = "links[].to",
     .type = &config_text,
     .required = true,
     LINK(to),
     .help = "the region in which they are applied"},
    {.path = "links[].start",
     .type = &config_start,
     .required = true,
     .words = link_starts,
     LINK(start),
     .help = "where the applier begins in the topic when the target's ledger has no row; used at no other time"},
    {.path = "links[].group_rows",
     .type = &config_number,
     .live = CONFIG_LIVE,
     .min = 1,
     .max = 100000,
     .fallback = "2000",
     LINK(group_rows),
     .help = "most row changes that are applied in one transaction of the target, unless one of the source has more"},
    {.path = "links[].group_bytes",
     .type = &config_size,
     .live = CONFIG_LIVE,
     .min = 64 * KIB,
     .max = 256 * MIB,
     .fallback = "4MiB",
     LINK(group_bytes),
     .help = "the same in bytes"},
    {.path = "links[].apply",                                                                                                               .type = &config_map,                                                                                                                                                           .help = "how changes are written at the target"},
    {.path = "links[].apply.writer",
     .type = &config_choice,
     .words = writers,
     .noun = "writer",
     .fallback = "binlog",
     LINK(writer),
     .help = "`binlog` hands row events to the server's BINLOG statement, which needs BINLOG REPLAY (MySQL: "
             "REPLICATION_APPLIER); `sql` runs INSERT, UPDATE and DELETE, which need those grants on the tables, and "
             "refuses tables with triggers"},
    {.path = "links[].apply.path",
     .type = &config_choice,
     .live = CONFIG_LIVE,
     .words = paths,
     .fallback = "auto",
     LINK(exact_path),
     .help =
         "`auto` applies many transactions together and looks at single rows only where something is not as the source "
         "saw it; `exact` applies each by itself, row by row: slow, with the same result, to see what a link does"},
    {.path = "links[].apply.workers",
     .type = &config_number,
     .min = 1,
     .max = 64,
     .fallback = "4",
     LINK(workers),
     .help = "connections that apply at the same time what shares no key; 1 keeps the source's order of commits"},
    {.path = "links[].apply.answer_timeout",
     .type = &config_duration,
     .live = CONFIG_LIVE,
     .min = 1000,
     .max = HOUR,
     .fallback = "2m",
     LINK(answer_timeout_ms),
     .help = "how long the target's answer to a statement is waited for before the connection is given up; when it is "
             "tried "
             "again it is given twice as long each time, so that a row that is looked for in a large table without a "
             "key is "
             "found in the end"},
    {.path = "links[].ddl",
     .type = &config_choice,
     .live = CONFIG_LIVE,
     .words = ddl_policies,
     .fallback = "pause",
     LINK(ddl),
     .help =
         "what happens to a change of definition at the source: `apply` runs it at the target, in one-way links only; "
         "`pause` waits, before rows that the target's table cannot take and before statements that change rows "
         "without saying which, until the target fits or `drcctl resume`; `ignore` puts it into drc.conflicts and "
         "goes on"},
    {.path = "links[].standby",
     .type = &config_flag,
     .fallback = "false",
     LINK(standby),
     .help =
         "the target is kept read_only and written to all the same, as long as it is the server that drc.meta names; "
         "otherwise a target that is read-only is waited for"},
    {.path = "links[].metrics",
     .type = &config_listen,
     .fallback_note = "nowhere",
     LINK(metrics),
     .help = "the same as `regions.<region>.metrics`, of the link's applier"},
    {.path = "tables",
     .type = &config_map,
     .help = "which tables belong to the pair, also when they are created later"},
    {.path = "tables.include",
     .type = &config_include,
     .live = CONFIG_MORE,
     .required = true,
     CONFIG(tables),
     .help = "patterns database.table, each part with * and ?; system schemas and `drc` never match"},
    {.path = "tables.exclude",
     .type = &config_exclude,
     .live = CONFIG_FEWER,
     CONFIG(tables),
     .help = "patterns of what is left out again"},
    {.path = NULL,                                                                                                .next = config_keys_conflicts                                                                                                                                                               },
};
