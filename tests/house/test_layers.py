"""The order of layers holds in this tree, and the check that says so can fail."""

import check_layers
import pytest
from support import place


def test_this_tree_keeps_the_order():
    assert list(check_layers.complaints(place.ROOT)) == []


@pytest.fixture
def tree(tmp_path):
    """A made-up tree with one header in every layer; returns a function that adds a file and checks."""
    for layer, folder in check_layers.FOLDERS.items():
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / f"{layer}_face.h").write_text("/* A face. */\n")

    def add(path, *lines):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n")
        return list(check_layers.complaints(tmp_path))

    assert add("common/base/empty.c") == []
    return add


@pytest.mark.parametrize(
    "path, include",
    [
        ("common/model/a.c", '"common/base/base_face.h"'),
        ("common/target/a.c", '"conflict/conflict_face.h"'),
        ("capture/a.c", '"common/target/target_face.h"'),
        ("capture/a.c", '"capture/capture_face.h"'),
        ("common/link/a.c", "<mysql.h>"),
        ("capture/dump_net.c", "<mysql.h>"),
        ("applier/source_kafka.c", "<librdkafka/rdkafka.h>"),
        ("common/target/ledger_db.c", "<mysql.h>"),
        ("tests/unit/link/test_a.c", '"common/model/model_face.h"'),
        ("common/base/a.c", "<stdio.h>"),
    ],
)
def test_what_is_allowed(tree, path, include):
    assert tree(path, "/* x */", f"#include {include}") == []


@pytest.mark.parametrize(
    "path, include, complaint",
    [
        ("common/base/a.c", '"common/model/model_face.h"', "base may not include model"),
        ("common/model/a.h", '"common/link/link_face.h"', "model may not include link"),
        ("common/binlog/a.c", '"common/link/link_face.h"', "binlog may not include link"),
        ("conflict/a.c", '"common/binlog/binlog_face.h"', "conflict may not include binlog"),
        ("common/link/a.c", '"common/target/target_face.h"', "link may not include target"),
        ("capture/a.c", '"applier/applier_face.h"', "capture may not include applier"),
        ("tests/unit/model/test_a.c", '"common/link/link_face.h"', "model may not include link"),
        ("common/binlog/a.c", "<mysql.h>", "belongs in common/link"),
        ("capture/a.c", "<librdkafka/rdkafka.h>", "belongs in common/link"),
        ("capture/net.c", "<yaml.h>", "belongs in common/link"),
        ("common/base/a.c", "<common/base/base_face.h>", "write our own header as"),
        ("common/base/a.c", '"base_face.h"', "is not a path from the root"),
        ("common/base/a.c", '"common/base/gone.h"', "is not a path from the root"),
    ],
)
def test_what_is_not(tree, path, include, complaint):
    found = tree(path, "/* x */", "", f"#include {include}")
    assert len(found) == 1
    assert found[0].startswith(f"{path}:3: ") and complaint in found[0]


def test_cmake_is_held_against_the_same_table(tree):
    assert tree("CMakeLists.txt", "drc_layer(base common/base)", "drc_layer(model common/model drc::base X::Y)") == []
    found = tree("CMakeLists.txt", "drc_layer(model common/model drc::link)", "drc_layer(base elsewhere)")
    assert found == [
        "CMakeLists.txt: layer base lies in common/base, not in elsewhere",
        "CMakeLists.txt: model may not link link",
    ]
