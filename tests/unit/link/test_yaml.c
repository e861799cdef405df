/* The strict YAML reader: trees with their places, and one line for each thing it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/base/buf.h"
#include "common/link/yaml.h"

static void assert_refused(struct span text, const char *message)
{
    struct arena a = {0};
    struct yaml_node *root = NULL;
    struct err err = {0};
    assert_int_equal(yaml_parse(&root, &a, "f", text, &err), -1);
    assert_string_equal(err.text, message);
    assert_int_equal(err.class, ERR_FATAL);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_null(root);
    arena_free(&a);
}

static void a_tree_knows_where_its_parts_stand(void **state)
{
    (void)state;
    const char text[] = "# comment\n"
                        "a: 1\n"
                        "list:\n"
                        "  - x\n"
                        "  - {k: \"v\", n: ~}\n"
                        "\"b\": |\n"
                        "  two\n"
                        "  lines\n"
                        "q: 'null'\n";
    struct arena a = {0};
    struct yaml_node *root;
    struct err err = {0};
    assert_int_equal(yaml_parse(&root, &a, "f", span_str(text), &err), 0);
    assert_int_equal(root->kind, YAML_MAP);
    assert_int_equal(root->count, 4);
    const struct yaml_entry *e = yaml_find(root, "a");
    assert_string_equal(e->value.text, "1");
    assert_int_equal(e->mark.line, 2);
    assert_int_equal(e->mark.column, 1);
    assert_int_equal(e->value.mark.column, 4);
    const struct yaml_node *list = &yaml_find(root, "list")->value;
    assert_int_equal(list->kind, YAML_LIST);
    assert_int_equal(list->count, 2);
    assert_null(list->entries[0].key);
    assert_string_equal(list->entries[0].value.text, "x");
    const struct yaml_entry *n = yaml_find(&list->entries[1].value, "n");
    assert_int_equal(n->value.kind, YAML_NONE);
    assert_int_equal(n->mark.line, 5);
    assert_int_equal(n->mark.column, 14);
    assert_string_equal(yaml_find(root, "b")->value.text, "two\nlines\n");
    assert_int_equal(yaml_find(root, "q")->value.kind, YAML_TEXT);
    assert_null(yaml_find(root, "c"));
    assert_null(yaml_find(list, "a"));
    assert_null(yaml_find(NULL, "a"));
    arena_free(&a);
}

static void what_a_pair_file_has_no_use_for_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"",                                 "f:1:1: the file is empty; `--help-config` tells what a pair file holds"     },
        {"# nothing\n",                      "f:1:1: the file is empty; `--help-config` tells what a pair file holds"     },
        {"a: &x 1\n",                        "f:1:4: an anchor (&name) is not allowed in a pair file; write the value out"},
        {"a: &x [1]\n",                      "f:1:4: an anchor (&name) is not allowed in a pair file; write the value out"},
        {"a: &x {b: 1}\n",                   "f:1:4: an anchor (&name) is not allowed in a pair file; write the value out"},
        {"a: 1\nb: *x\n",                    "f:2:4: an alias (*name) is not allowed in a pair file; write the value out" },
        {"a: 1\n<<: *x\n",                   "f:2:5: an alias (*name) is not allowed in a pair file; write the value out" },
        {"a: !!int 1\n",                     "f:1:4: a tag (!name) is not allowed in a pair file; write the plain value"  },
        {"a: !secret [1]\n",                 "f:1:4: a tag (!name) is not allowed in a pair file; write the plain value"  },
        {"! {a: 1}\n",                       "f:1:1: a tag (!name) is not allowed in a pair file; write the plain value"  },
        {"a: 1\nb: 2\na: 3\n",               "f:3:1: key \"a\" is given twice, first at 1:1; keep one of them"            },
        {"a: {b: 1, \"b\": 2}\n",            "f:1:11: key \"b\" is given twice, first at 1:5; keep one of them"           },
        {"a: 1\n---\nb: 2\n",                "f:2:1: a second document begins here; a pair file is one document"          },
        {"? [a]\n: 1\n",                     "f:1:3: a key must be plain text, not a list or mapping"                     },
        {"{a: 1}: 1\n",                      "f:1:1: a key must be plain text, not a list or mapping"                     },
        {"~: 1\n",                           "f:1:1: a key without a name; write \"name: value\""                         },
        {"? \n: 1\n",                        "f:1:2: a key without a name; write \"name: value\""                         },
        {"a: \"x\\0y\"\n",                   "f:1:4: a NUL character cannot stand in any value here; leave it out"        },
        {"a:\n\tb: 1\n",                     "f:2:1: a tab cannot indent in YAML; use spaces"                             },
        {"# \xc3\xbc\xc3\xbc\na:\n\tb: 1\n", "f:3:1: a tab cannot indent in YAML; use spaces"                             },
        {"a: [1, 2\nb: 3\n",
         "f:2:2: not valid YAML: did not find expected ',' or ']', while parsing a flow sequence that "
         "begins in line 1; look at indentation, quotes and brackets"                                                     },
        {"a: 1\nb: \"x\n",
         "f:3:1: not valid YAML: found unexpected end of stream, while scanning a quoted scalar that begins in "
         "line 2; look at indentation, quotes and brackets"                                                               },
        {"a: 1\n\xc3\xa9: \xff\n",
         "f:2:4: not valid UTF-8 text: invalid leading UTF-8 octet; save the file as UTF-8 without control characters"    },
        {"a: 1\nb: \x01\n",                  "f:2:4: not valid UTF-8 text: control characters are not allowed; save the file as UTF-8 "
                            "without control characters"                                       },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_refused(span_str(cases[i].text), cases[i].message);
    assert_refused(
        span_of("\xff\xfe"
                "a\0",
                4),
        "f:1:1: not valid UTF-8 text: invalid leading UTF-8 octet; save the file as UTF-8 without control characters");
}

static void the_same_key_may_stand_in_different_maps(void **state)
{
    (void)state;
    struct arena a = {0};
    struct yaml_node *root;
    struct err err = {0};
    assert_int_equal(yaml_parse(&root, &a, "f", span_str("a: {a: 1, b: {a: 2}}\nb: [{a: 1}, {a: 1}]\n"), &err), 0);
    arena_free(&a);
}

static void put_nested(struct buf *b, int depth)
{
    for (int i = 0; i < depth; i++)
        buf_put_str(b, "[");
    for (int i = 0; i < depth; i++)
        buf_put_str(b, "]");
}

static void depth_is_bounded(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf b = {0};
    struct yaml_node *root;
    struct err err = {0};
    put_nested(&b, YAML_MAX_DEPTH);
    assert_int_equal(yaml_parse(&root, &a, "f", buf_span(&b), &err), 0);
    buf_clear(&b);
    put_nested(&b, YAML_MAX_DEPTH + 1);
    assert_refused(buf_span(&b), "f:1:33: nested deeper than 32 levels; no key of a pair file lies that deep");
    buf_clear(&b);
    put_nested(&b, 400000);
    assert_refused(buf_span(&b), "f:1:33: nested deeper than 32 levels; no key of a pair file lies that deep");
    buf_free(&b);
    arena_free(&a);
}

static void size_is_bounded(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf b = {0};
    struct yaml_node *root;
    struct err err = {0};
    for (int i = 0; b.len + 20 < YAML_MAX_BYTES; i++)
        buf_printf(&b, "k%d: v\n", i);
    buf_put_str(&b, "#");
    while (b.len < YAML_MAX_BYTES)
        buf_put_u8(&b, 'x');
    assert_int_equal(yaml_parse(&root, &a, "f", buf_span(&b), &err), 0);
    assert_true(root->count > 50000);
    int lines = (int)root->count + 1;
    buf_put_u8(&b, 'x');
    assert_int_equal(yaml_parse(&root, &a, "f", buf_span(&b), &err), -1);
    char message[100];
    assert_true(snprintf(message, sizeof message, "f:%d:", lines) > 0);
    assert_memory_equal(err.text, message, strlen(message));
    assert_non_null(strstr(err.text, "the file is larger than 1024 KiB, the most a pair file may have"));
    buf_free(&b);
    arena_free(&a);
}

static void a_byte_order_mark_is_passed_over(void **state)
{
    (void)state;
    struct arena a = {0};
    struct yaml_node *root;
    struct err err = {0};
    assert_int_equal(yaml_parse(&root, &a, "f", span_str("\xef\xbb\xbfpair: shop\nlinks: []\n"), &err), 0);
    assert_int_equal(root->count, 2);
    assert_int_equal(yaml_find(root, "pair")->mark.column, 1);
    assert_int_equal(yaml_find(root, "links")->mark.line, 2);
    arena_free(&a);
    assert_refused(span_str("\xef\xbb\xbfpair: *shop\n"),
                   "f:1:7: an alias (*name) is not allowed in a pair file; write the value out");
    assert_refused(span_str("\xff\xfep\0a\0"), "f:1:1: not valid UTF-8 text: invalid leading UTF-8 octet; save the "
                                               "file as UTF-8 without control characters");
}

static void what_stands_in_quotes_is_told_apart(void **state)
{
    (void)state;
    struct arena a = {0};
    struct yaml_node *root;
    struct err err = {0};
    assert_int_equal(yaml_parse(&root, &a, "f", span_str("[1, '1', \"1\", true]"), &err), 0);
    static const bool quoted[] = {false, true, true, false};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(root->entries[i].value.quoted, quoted[i]);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_knows_where_its_parts_stand),
        cmocka_unit_test(what_a_pair_file_has_no_use_for_is_refused),
        cmocka_unit_test(the_same_key_may_stand_in_different_maps),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(size_is_bounded),
        cmocka_unit_test(a_byte_order_mark_is_passed_over),
        cmocka_unit_test(what_stands_in_quotes_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
