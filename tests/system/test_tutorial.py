"""docs/tutorial.md, followed to the letter by somebody who has nothing but the package, in two clean machines; and in the pair that
comes of it the commands of all other documents."""

import shutil

import pytest

from support import documents, place, release
from support.machine import Machine
from support.world import World


@pytest.fixture
def world(directory):
    missing = Machine.missing()
    if missing:
        pytest.skip(missing)
    package = release.package()
    with World(directory) as world:
        for machine in world.machines.values():
            shutil.copy(package, machine.path("root"))
        yield world


@pytest.mark.timeout(900)
def test_from_the_package_to_a_pair_by_the_tutorial_alone_then_all_that_documents_show(world):
    for block in documents.blocks(place.ROOT / "docs" / "tutorial.md"):
        wrong = world.do(block)
        assert not wrong, "\n".join(wrong) + world.story("eu") + world.story("us")

    # The runbooks one after the other, as they stand; then what shows single commands. At the end the pair is sound.
    world.rescue()
    wrong = []
    for block in documents.blocks(place.ROOT / "docs" / "operations.md"):
        wrong += world.do(block)
    print("\n".join(wrong))  # shown if what follows breaks off
    for path in documents.documents():
        if path.name not in ("tutorial.md", "operations.md"):
            wrong += [text for block in documents.blocks(path) if documents.is_run(block) for text in world.do(block)]
    for path in documents.man_sources():
        wrong += [text for block in documents.examples(path) for text in world.do(block)]
    assert not wrong, "\n".join(wrong) + world.story("eu") + world.story("us")
    for source, target in (("eu", "us"), ("us", "eu")):
        world.machines["eu"].run("drcctl", "wait", "--from", source, "--to", target, "--timeout", "60")
    world.machines["eu"].run("drc-reconcile", "full", "--pair", "eu,us")
