/* The keys of the conflict rules. */
#include "common/link/config_keys_table.h"

static const struct config_word policies[] = {
    {"latest",      POLICY_LATEST     },
    {"earliest",    POLICY_EARLIEST   },
    {"priority",    POLICY_PRIORITY   },
    {"max",         POLICY_MAX        },
    {"min",         POLICY_MIN        },
    {"delta",       POLICY_DELTA      },
    {"merge",       POLICY_MERGE      },
    {"source_wins", POLICY_SOURCE_WINS},
    {"target_wins", POLICY_TARGET_WINS},
    {"park",        POLICY_PARK       },
    {"stop",        POLICY_STOP       },
    {NULL,          0                 }
};
static const struct config_word group_policies[] = {
    {"latest",      POLICY_LATEST     },
    {"earliest",    POLICY_EARLIEST   },
    {"priority",    POLICY_PRIORITY   },
    {"max",         POLICY_MAX        },
    {"min",         POLICY_MIN        },
    {"delta",       POLICY_DELTA      },
    {"source_wins", POLICY_SOURCE_WINS},
    {"target_wins", POLICY_TARGET_WINS},
    {NULL,          0                 }
};
static const struct config_word scopes[] = {
    {"row",         SCOPE_ROW        },
    {"transaction", SCOPE_TRANSACTION},
    {"stop",        SCOPE_STOP       },
    {NULL,          0                }
};
static const struct config_word deletes[] = {
    {"latest",      DELETE_LATEST     },
    {"delete_wins", DELETE_WINS       },
    {"update_wins", DELETE_UPDATE_WINS},
    {"never",       DELETE_NEVER      },
    {NULL,          0                 }
};
static const struct config_word versions[] = {
    {"causal", VERSIONS_CAUSAL},
    {"column", VERSIONS_COLUMN},
    {NULL,     0              }
};

const struct config_key config_keys_conflicts[] = {
    {.path = "conflicts",                                                       .type = &config_map,                  .help = "what happens to a row that both sides changed"},
    {.path = "conflicts.default",
     .type = &config_map,
     .enter = config_enter_default_rule,
     .help = "for tables without a rule of their own"},
    {.path = "conflicts.default.policy",
     .type = &config_choice,
     .live = CONFIG_LIVE,
     .words = policies,
     .noun = "policy",
     .fallback = "stop",
     RULE(policy),
     .help =
         "`latest`: the greater version wins; `earliest`: the smaller; `priority`: the region that stands first in "
         "order; `max`, `min`, `delta`: of columns the greater or smaller value, or the increment added, the rest by "
         "version; `merge`: columns that only one side changed survive, the rest by version; `source_wins`: the "
         "incoming change; `target_wins`: the row that is there; `park`: the transaction is put aside; `stop`: the "
         "link stops. Losers are kept in drc.conflicts"},
    {.path = "conflicts.default.columns",
     .type = &config_names,
     .live = CONFIG_LIVE,
     RULE(columns),
     .count_offset = offsetof(struct policy_rule, column_count),
     .help = "for `max`, `min` and `delta`: the columns that they are about"},
    {.path = "conflicts.default.by",
     .type = &config_names,
     .live = CONFIG_LIVE,
     RULE(by),
     .count_offset = offsetof(struct policy_rule, by_count),
     .help = "version columns, the most significant first, which every update must raise; without them versions are "
             "those of the changes themselves, which `versions: causal` has to give"},
    {.path = "conflicts.default.tie",
     .type = &config_names,
     .live = CONFIG_LIVE,
     RULE(tie),
     .count_offset = offsetof(struct policy_rule, tie_count),
     .help = "beside `by`: all regions of the pair; the first of them wins between equal versions; required two-way"},
    {.path = "conflicts.default.order",
     .type = &config_names,
     .live = CONFIG_LIVE,
     RULE(order),
     .count_offset = offsetof(struct policy_rule, order_count),
     .help = "for `priority`: all regions of the pair; the first of them wins"},
    {.path = "conflicts.default.max_skew",
     .type = &config_duration,
     .live = CONFIG_LIVE,
     .min = 0,
     .max = DAY,
     .fallback = "10s",
     RULE(max_skew_ms),
     .help =
         "warn where the clock behind the first column of `by` and the one behind the commits tell two changes that "
         "meet further apart than this; 0s for never"},
    {.path = "conflicts.default.delete",
     .type = &config_choice,
     .live = CONFIG_LIVE,
     .words = deletes,
     .fallback_note = "latest; where increments are added: delete_wins",
     RULE(deletes),
     .help =
         "a delete and a write that did not know of each other: `latest`: by version, or by what the policy compares; "
         "`delete_wins`: the delete; `update_wins`: the write, unless it is older than the row that was deleted. "
         "Regions that are linked both ways need `versions: causal` for them. `never`, under `versions: column`: no "
         "row is "
         "deleted; one that is, is journaled as `order/violated`"},
    {.path = "conflicts.default.scope",
     .type = &config_choice,
     .live = CONFIG_LIVE,
     .words = scopes,
     .fallback = "row",
     RULE(scope),
     .help =
         "how far an incoming row that loses reaches: `row`: that row; `transaction`: its whole transaction goes to "
         "the journal; `stop`: the link stops"},
    {.path = "conflicts.default.versions",
     .type = &config_choice,
     .live = CONFIG_LIVE,
     .words = versions,
     .fallback_note = "causal where two or three regions compare versions, or regions, both ways and `by` names no "
                      "column; else column", RULE(versions),
     .help =
         "what tells that somebody else has been there: `causal`: the versions and cuts that changes carry, as the "
         "capture of the target's region tells; `column`: the row's image, sound where a version column in `by` rises "
         "with every update"},
    {.path = "conflicts.default.ignore",
     .type = &config_names,
     .live = CONFIG_LIVE,
     RULE(ignore),
     .count_offset = offsetof(struct policy_rule, ignore_count),
     .help = "columns whose differences are no conflict"},
    {.path = "conflicts.default.kinds",
     .type = &config_kinds,
     .live = CONFIG_LIVE,
     .help =
         "policies of single kinds of conflicts, such as {update/missing: park}; any but max, min, delta and merge"},
    {.path = "conflicts.default.groups",
     .type = &config_list,
     .live = CONFIG_LIVE,
     .help = "columns that are decided about by themselves where two rows meet"},
    {.path = "conflicts.default.groups[]",                                         .type = &config_map,                                                                                           .enter = config_enter_group, .help = "one group"},
    {.path = "conflicts.default.groups[].columns",
     .type = &config_names,
     .live = CONFIG_LIVE,
     .required = true,
     GROUP(columns),
     .count_offset = offsetof(struct policy_group, column_count),
     .help = "its columns"},
    {.path = "conflicts.default.groups[].policy",
     .type = &config_choice,
     .live = CONFIG_LIVE,
     .words = group_policies,
     .noun = "policy",
     .required = true,
     GROUP(policy),
     .help = "what is done with them; the words are those of conflicts.default.policy"},
    {.path = "conflicts.default.groups[].by",
     .type = &config_names,
     .live = CONFIG_LIVE,
     GROUP(by),
     .count_offset = offsetof(struct policy_group, by_count),
     .help = "for `latest` and `earliest`: version columns of the group's own, which every change of it must raise"},
    {.path = "conflicts.default.allow_divergence",
     .type = &config_flag,
     .live = CONFIG_LIVE,
     .fallback = "false",
     RULE(allow_divergence),
     .help = "permit this rule in a two-way pair although it can leave the sides different for good"},
    {.path = "conflicts.tables",                          .type = &config_named,                                                              .help = "rules of single tables"},
    {.path = "conflicts.tables.<table>",
     .type = &config_map,
     .like = "conflicts.default",
     .enter = config_enter_table_rule,
     .help = "the rule of the table database.table; a part in back quotes where the name holds a dot"},
    {.path = "conflicts.allow_divergence",
     .type = &config_flag,
     .live = CONFIG_LIVE,
     .fallback = "false",
     CONFIG(allow_divergence),
     .help = "permit that of every rule"},
    {.path = NULL,                                                                         .next = config_keys_journal                                                                            },
};
