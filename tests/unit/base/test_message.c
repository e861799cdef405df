/* The catalogue: whole, in order, its ids for good, its document up to date. */
#include "common/base/message.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/mem.h"
#include "tests/unit/cmocka_all.h"

#define IDS DRC_TEST_DATA "/message-ids.txt"

static void each_message_is_whole_and_in_order(void **state)
{
    (void)state;
    const struct message *m, *before = NULL;
    for (size_t i = 0; (m = message_at(i)); before = m, i++) {
        char text[MESSAGE_TEXT_LEN];
        if (before && m->id <= before->id)
            fail_msg("message %d does not come after %d: numbers rise, and none is given twice", m->id, before->id);
        assert_in_range(m->id, 1000, 9999);
        assert_in_range(m->level, LOG_ERROR, LOG_INFO);
        assert_true(*m->says && *m->cause && *m->cure);
        bool of_stops = m->id % 1000 >= 500 || (m->id >= 1060 && m->id < 1200); /* the document's parts */
        assert_int_equal(m->stops != 0, of_stops);
        assert_ptr_equal(message_find(m->id), m);
        assert_int_equal(message_parse(message_text(text, m->id)), m->id);
    }
}

static void ids_are_read_as_people_write_them(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "DRC-",      "DRC-9999", "9999",    "x1001",
                                      "1001x", "DRC-11001", "-1001",    "DRC 1001"};
    assert_int_equal(message_parse("DRC-1001"), MSG_STOPPED);
    assert_int_equal(message_parse("drc-1001"), MSG_STOPPED);
    assert_int_equal(message_parse("1001"), MSG_STOPPED);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(message_parse(bad[i]), MESSAGE_NONE);
    assert_null(message_find(MESSAGE_NONE));
}

static void each_exit_code_has_an_id(void **state)
{
    (void)state;
    static const int codes[] = {EXIT_BAD_USAGE, EXIT_UNSAFE, EXIT_BUG, EXIT_TRY_AGAIN, EXIT_DENIED, EXIT_BAD_CONFIG};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const struct message *m = message_find(message_of_exit(codes[i]));
        assert_int_equal(m->stops, codes[i]);
        assert_int_equal((int)m->id, 1000 + codes[i]);
    }
    assert_int_equal(message_of_exit(3), MSG_STOP_BUG);
}

/* Which name each number has had for good; "-" for one that is not used any more. */
static void a_number_keeps_its_message(void **state)
{
    (void)state;
    static const struct {
        unsigned number;
        const char *name;
    } now[] = {
#define MESSAGE(name, number, level, says, cause, cure) {number, #name},
#define MESSAGE_EACH(name, number, level, says, cause, cure) {number, #name},
#define MESSAGE_STOP(name, number, exit, says, cause, cure) {number, #name},
#include "common/base/messages_applier.h"
#include "common/base/messages_capture.h"
#include "common/base/messages_conflicts.h"
#include "common/base/messages_general.h"
#include "common/base/messages_tools.h"
#undef MESSAGE
#undef MESSAGE_EACH
#undef MESSAGE_STOP
    };
    FILE *file = fopen(IDS, "r");
    char line[80];
    bool known[10000] = {false};
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        bool found = false;
        char *name;
        unsigned long number = strtoul(line, &name, 10);
        assert_int_equal(*name++, ' ');
        name[strcspn(name, "\n")] = '\0';
        if (number > 9999 || known[number])
            fail_msg("%s has %lu twice", IDS, number);
        known[number] = true;
        for (size_t i = 0; i < sizeof now / sizeof now[0]; i++) {
            if (now[i].number != number)
                continue;
            found = true;
            if (strcmp(now[i].name, name) != 0)
                fail_msg("message %lu was %s and is %s now: a new message takes a number that was never used", number,
                         name, now[i].name);
        }
        if (!found && strcmp(name, "-") != 0)
            fail_msg("message %lu, %s, is gone: write `%lu -` in %s", number, name, number, IDS);
    }
    assert_true(feof(file));
    fclose(file);
    for (size_t i = 0; i < sizeof now / sizeof now[0]; i++) {
        if (!known[now[i].number])
            fail_msg("a new message: add the line `%u %s` to %s", now[i].number, now[i].name, IDS);
    }
}

static void the_document_is_as_the_table_says(void **state)
{
    (void)state;
    char *text = NULL, *kept;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    message_print_markdown(out);
    fclose(out);
    FILE *file = fopen(DRC_TEST_DATA "/../../docs/messages.md", "r");
    assert_non_null(file);
    kept = xcalloc(size + 2, 1);
    size_t n = fread(kept, 1, size + 1, file);
    fclose(file);
    if (n != size || memcmp(kept, text, size) != 0)
        fail_msg("docs/messages.md is old: run build/bin/drcctl explain --markdown >docs/messages.md");
    free(kept);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_whole_and_in_order), cmocka_unit_test(ids_are_read_as_people_write_them),
        cmocka_unit_test(each_exit_code_has_an_id),           cmocka_unit_test(a_number_keeps_its_message),
        cmocka_unit_test(the_document_is_as_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
