/* The policy of a page names its script and style by the hashes that browsers compute. */
#include "common/link/csp.h"
#include "tests/unit/cmocka_all.h"

static void a_hash_is_that_of_the_text(void **state)
{
    (void)state;
    struct buf out = {0};
    csp_put_hash(&out, span_str("alert('Hello, world.');")); /* the example of the specification */
    assert_string_equal(buf_cstr(&out), "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='");
    buf_free(&out);
}

static void what_is_not_named_is_forbidden(void **state)
{
    (void)state;
    struct buf out = {0};
    csp_put_policy(&out, (struct span){0}, span_str("p{}"));
    const char *text = buf_cstr(&out);
    assert_ptr_equal(strstr(text, "default-src 'none'; script-src 'none'; style-src 'sha256-"), text);
    assert_non_null(strstr(text, "; base-uri 'none'; form-action 'none'"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_that_of_the_text),
        cmocka_unit_test(what_is_not_named_is_forbidden),
    };
    return cmocka_run_group_tests_name("csp", tests, NULL, NULL);
}
