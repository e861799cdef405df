/* The table of rules for people: docs/check.md. */
#include <string.h>

#include "common/check/rules.h"

static const char *const areas[CHECK_AREA_COUNT] = {
    [CHECK_AREA_REACH] = "Reaching the servers",
    [CHECK_AREA_SETTINGS] = "Settings of a server",
    [CHECK_AREA_ACCOUNT] = "The account",
    [CHECK_AREA_REGIONS] = "One region beside another",
    [CHECK_AREA_TABLES] = "Tables",
    [CHECK_AREA_IDS] = "Ids",
    [CHECK_AREA_KAFKA] = "Kafka",
    [CHECK_AREA_HOST] = "This host",
};

static const char preface[] =
    "# What is checked\n"
    "\n"
    "<!-- Generated from the table in common/check/rules*.c by `drcctl check --rules`. Change it there. -->\n"
    "\n"
    "`drcctl check` looks at every server, table and topic of the pair and changes nothing. Each finding has a "
    "severity, an\n"
    "id that stays what it is, what was found, why it matters, and the statement, command or line that mends it, to be "
    "run\n"
    "or written as it is at the place that the finding names. `--json` prints the same for programs. Exit codes: 0 "
    "nothing,\n"
    "or notes only; 1 warnings; 2 errors; others as for all commands, when the pair file itself cannot be read.\n"
    "\n"
    "```sh\n"
    "drcctl check                     # all of the pair that this host has the passwords for\n"
    "drcctl check --region eu --json  # what concerns one region\n"
    "```\n"
    "\n"
    "The daemons judge by the same rules: capture its source, the applier its target, when they start and every\n"
    "`check.interval` (a minute). They log each finding once, and again when it has changed. What is marked *stops* "
    "ends a daemon that finds it "
    "when it\n"
    "starts, with the exit code that is given; a setting that a region's `durability: relaxed` waives is then a "
    "warning.\n";

/* Inside a table's cell. */
static void put_cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            (void)fputc('\\', out);
        (void)fputc(*text, out);
    }
}

static void put_wanted(FILE *out, const struct check_rule *rule)
{
    const char *wanted = rule->wanted;
    if (*wanted == '!')
        (void)fprintf(out, "it is %s", wanted + 1);
    else if (*wanted == '>')
        (void)fprintf(out, "it is below %s", wanted + 2);
    else
        (void)fprintf(out, "it is not %s", strcmp(wanted, "1") == 0 ? "1, or ON" : wanted);
}

static void put_flavors(FILE *out, const struct check_rule *rule)
{
    if (!(rule->flavors & CHECK_ANY_MYSQL))
        (void)fputs(" (MariaDB)", out);
    else if (!(rule->flavors & CHECK_MARIADB))
        (void)fputs(" (MySQL)", out);
}

static void put_roles(FILE *out, const struct check_rule *rule)
{
    (void)fputs(rule->roles & CHECK_SOURCE   ? "a source: "
                : rule->roles & CHECK_TARGET ? "a target: "
                                             : "a source with `semi_sync`: ",
                out);
}

static void print_rule(FILE *out, const struct check_rule *rule)
{
    (void)fprintf(out, "| `%s` | %s", rule->id, finding_severity_name(rule->severity));
    if (rule->stops)
        (void)fprintf(out, ", stops %d", rule->stops);
    (void)fputs(" | ", out);
    if (rule->wanted) {
        put_roles(out, rule);
        put_wanted(out, rule);
        put_flavors(out, rule);
    } else {
        put_cell(out, rule->what);
    }
    (void)fputs(" | ", out);
    put_cell(out, rule->why);
    (void)fputs(rule->wanted ? " | `" : " | ", out);
    put_cell(out, rule->cure);
    if (rule->cure_mysql) {
        (void)fputs("`; MySQL: `", out);
        put_cell(out, rule->cure_mysql);
    }
    (void)fputs(rule->wanted ? "` |\n" : " |\n", out);
}

void check_print_markdown(FILE *out)
{
    (void)fputs(preface, out);
    for (enum check_area area = 0; area < CHECK_AREA_COUNT; area++) {
        const struct check_rule *rule;
        (void)fprintf(out, "\n## %s\n\n| Id | Severity | What | Why it matters | Cure |\n|---|---|---|---|---|\n",
                      areas[area]);
        for (size_t i = 0; (rule = check_rule_at(i)); i++)
            if (rule->area == area)
                print_rule(out, rule);
    }
}
