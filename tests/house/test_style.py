"""The house rules hold in this tree, and the check that says so can fail."""

import check_style
import pytest
from support import place


def test_this_tree_keeps_the_rules():
    assert list(check_style.complaints(place.ROOT)) == []


def function(lines):
    return ["static void f(void)", "{"] + ["    g();"] * (lines - 2) + ["}"]


@pytest.mark.parametrize(
    "lines",
    [
        ["/* What it is for. */", ""] + function(check_style.MAX_FUNCTION_LINES),
        ["/* What it is for. */"] * check_style.MAX_FILE_LINES,
        ["/* What it is for, at", " * length. */", "struct a {", "};"],
    ],
)
def test_what_is_allowed(tmp_path, lines):
    (tmp_path / "a.c").write_text("\n".join(lines) + "\n")
    assert list(check_style.complaints(tmp_path)) == []


@pytest.mark.parametrize(
    "lines, complaint",
    [
        (["/* What it is for. */", ""] + function(check_style.MAX_FUNCTION_LINES + 1), "a.c:4: a function of 61 lines"),
        (["/* What it is for. */"] * (check_style.MAX_FILE_LINES + 1), "a.c:1: 501 lines"),
        (["#include <stdio.h>"], "a.c:1: the first line is a comment"),
        (["/* What it is for. */", "typedef struct a b;"], "a.c:2: a typedef"),
        (["/* What it is for. */", "\tint a;"], "a.c:2: a tab"),
        (["/* What it is for. */", "/* TO" "DO later */"], "a.c:2: unfinished work"),
    ],
)
def test_what_is_not(tmp_path, lines, complaint):
    (tmp_path / "a.c").write_text("\n".join(lines) + "\n")
    found = list(check_style.complaints(tmp_path))
    assert len(found) == 1 and found[0].startswith(complaint)


CATALOGUE = """/* Messages. */
MESSAGE(ONE, 1001, INFO, "a", "b",
    "c")
MESSAGE_STOP(TWO, 1002, UNSAFE, "a", "b", "c")
"""


@pytest.mark.parametrize(
    "more, calls, complaint",
    [
        ("", "log_plain(MSG_ONE); err_stop(err, MSG_TWO, x);", None),
        ("", "log_plain(MSG_ONE);", "messages_a.h:4: message 1002 TWO is used nowhere"),
        ("", "log_plain(MSG_ONE); err_stop(err, 1002, MSG_TWO);", "a.c:2: a message by number"),
        ("", "log_event(1001, MSG_ONE); g(MSG_TWO);", "a.c:2: a message by number"),
        ('MESSAGE(SIX, 1002, INFO, "a", "b", "c")', "f(MSG_ONE, MSG_TWO, MSG_SIX);", "h:5: message 1002 SIX is 1002 TWO already"),
        ('MESSAGE(ONE, 1006, INFO, "a", "b", "c")', "f(MSG_ONE, MSG_TWO);", "h:5: message 1006 ONE is 1001 ONE already"),
    ],
)
def test_the_catalogue_of_messages(tmp_path, more, calls, complaint):
    base = tmp_path / "common" / "base"
    base.mkdir(parents=True)
    (base / "messages_a.h").write_text(f"{CATALOGUE}{more}\n")
    (tmp_path / "a.c").write_text(f"/* What it is for. */\n{calls}\n")
    found = list(check_style.complaints(tmp_path))
    assert len(found) == (complaint is not None), found
    assert not found or complaint in found[0]
