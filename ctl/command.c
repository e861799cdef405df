/* The table of drcctl's commands, and what they all do alike. */
#include "ctl/command.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/mem.h"
#include "common/base/utf8.h"
#include "common/model/act.h"

#define READ_TIMEOUT_S 60

const struct command commands[] = {
    {"status",                   "positions, lag, state and last error of each link",                             command_status                  },
    {"wait",                     "return once what a region has committed is in effect in another",               command_wait                    },
    {"pause",                    "let a link begin nothing more until resume",                                    command_pause                   },
    {"resume",                   "let a paused link go on, or pass the statement that it waits for",              command_resume                  },
    {"throttle",                 "let a link apply no faster than that",                                          command_throttle                },
    {"positions",                "what each region executed, captured, has in its topic, and applied",            command_positions               },
    {"switchover",               "planned: stop writes in one region, wait until all is in the other, open that", command_switchover              },
    {"reload",                   "have running daemons take up the changed pair file, whole or not at all",       command_reload                  },
    {"set",                      "change one key of a running daemon until its next start",                       command_set                     },
    {"skip",                     "leave out the one transaction of the source that blocks a link",                command_skip                    },
    {"conflicts list",           "what collided, how it was decided, and what lost",                              command_conflicts_list          },
    {"conflicts show",           "one entry of the conflict journal, its images side by side",                    command_conflicts_show          },
    {"conflicts stats",          "how many there were, by table and kind",                                        command_conflicts_stats         },
    {"conflicts resolve",        "decide anew about a row that was in conflict",                                  command_conflicts_resolve       },
    {"conflicts undo",           "take a resolution back",                                                        command_conflicts_undo          },
    {"conflicts cases",          "the table of docs/conflict-cases.md, out of the program",                       command_conflicts_cases         },
    {"parked list",              "transactions that a target refused, and what waits for them",                   command_parked_list             },
    {"parked show",              "one of them with its rows",                                                     command_parked_show             },
    {"parked retry",             "have them tried again, in order",                                               command_parked_retry            },
    {"parked discard",           "give one up, and let what waits for it go on",                                  command_parked_discard          },
    {"events",                   "print what a region's topic, or a binlog file, holds",                          command_events                  },
    {"config check",             "read the pair file and say what it asks for",                                   command_config_check            },
    {"check",                    "what of servers, tables, topics and this host is not right",                    command_check                   },
    {"grants",                   "the least privileges that the pair needs at a server, as SQL",                  command_grants                  },
    {"explain",                  "what a message of the logs means, its cause and its cure",                      command_explain                 },
    {"ids check",                "whether regions can give the same ids, and how many are left",                  command_ids_check               },
    {"ids plan",                 "the SQL by which each of N regions gives ids of its own",                       command_ids_plan                },
    {"ids install",              "make the function drc.next_id() in a region's database",                        command_ids_install             },
    {"ids remove",               "remove it",                                                                     command_ids_remove              },
    {"ids parse",                "which region made an id of drc.next_id(), and when",                            command_ids_parse               },
    {"stream rebuild",           "make a lost topic anew, from where the targets' ledgers stand",                 command_stream_rebuild          },
    {"stream accept-branch",     "go on with a source that lacks published transactions",                         command_stream_accept_branch    },
    {"stream accept-definition", "read a table's events that lack column names",                                  command_stream_accept_definition},
    {"stream skip",              "pass one event over that capture does not know",                                command_stream_skip             },
    {"version",                  "print the version",                                                             command_version                 },
    {NULL,                       NULL,                                                                            NULL                            },
};

const struct argp_child command_config_child[] = {
    {&options_config, 0, NULL, 0},
    {0          }
};

const struct argp_child command_link_children[] = {
    {&options_config, 0, NULL, 0},
    {&options_link,           0, NULL, 0},
    {0              }
};

int command_fail(const struct err *err)
{
    fprintf(stderr, "drcctl: %s\n", err->text);
    return err->exit_code;
}

int command_load(struct config **out, const char *path)
{
    struct err err = {0};
    return config_load(out, path, &err) ? command_fail(&err) : 0;
}

int command_secrets(struct config *c, const char *region, bool kafka, struct err *err)
{
    const struct region_config *known;
    if (config_region(c, region, &known, err) || config_password(c, region, err))
        return -1;
    return kafka ? config_kafka_password(c, region, err) : 0;
}

int command_connect(struct db **out, struct config *c, const char *region_name, bool to_write, struct err *err)
{
    const struct db_options options = {.program = "drcctl", .read_timeout_s = READ_TIMEOUT_S, .to_write = to_write};
    const struct region_config *region;
    if (command_secrets(c, region_name, false, err) || config_region(c, region_name, &region, err))
        return -1;
    return db_connect(out, region, &options, err);
}

error_t command_parse_number(uint64_t *out, const char *name, const char *none, int key, char *arg,
                             struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (*out)
            argp_error(state, "one %s at a time", name);
        *out = options_number(arg, name, 1, UINT64_MAX, state);
        return 0;
    case ARGP_KEY_END:
        if (!*out && none)
            argp_error(state, "%s", none);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const char *command_why(const char *arg, const struct argp_state *state)
{
    if (!*arg || strlen(arg) > ACT_WHY_MOST || strpbrk(arg, "\r\n") || !utf8_valid(span_str(arg)))
        argp_error(state, "--why wants one line of 1 to %u bytes", ACT_WHY_MOST);
    return arg;
}

char *command_who(void)
{
    char host[128] = "";
    const char *user = getenv("SUDO_USER");
    const struct passwd *entry = user ? NULL : getpwuid(geteuid());
    (void)gethostname(host, sizeof host - 1);
    return xasprintf("%.60s@%s", user ? user : entry ? entry->pw_name : "?", host);
}
