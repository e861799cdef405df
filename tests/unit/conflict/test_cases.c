/* docs/conflict-cases.md is what the judge says now. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conflict/cases.h"
#include "tests/unit/cmocka_all.h"

#define DOCUMENT DRC_TEST_DATA "/../../docs/conflict-cases.md"

static void the_document_is_up_to_date(void **state)
{
    char *text = NULL;
    size_t n = 0;
    (void)state;
    FILE *out = open_memstream(&text, &n);
    conflict_print_cases(out);
    assert_int_equal(fclose(out), 0);
    char *document = calloc(1, n + 2);
    FILE *in = fopen(DOCUMENT, "r");
    if (!in || fread(document, 1, n + 1, in) != n || memcmp(document, text, n) != 0)
        fail_msg("docs/conflict-cases.md is old; run: build/bin/drcctl conflicts cases >docs/conflict-cases.md");
    (void)fclose(in);
    free(document);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_document_is_up_to_date),
    };
    return cmocka_run_group_tests_name("cases", tests, NULL, NULL);
}
