"""Processes of a ring learn of each other's ends; here all are threads of one process."""

from collections.abc import Iterator

import pytest

from pullback.backends.ring import News, Ring, reach, read

COUNT, PATIENCE = 6, 5.0
ENDED = "its connection has ended"


@pytest.fixture
def farewells() -> dict[int, News]:
    """What the coordinator keeps of those who have left."""
    return {}


@pytest.fixture
def rings(farewells: dict[int, News]) -> Iterator[list[Ring]]:
    """Six, each of which watches the next."""
    made = [Ring(k, COUNT, "127.0.0.1", PATIENCE) for k in range(COUNT)]
    for ring in made:
        ring.start(lambda k: farewells.get(k) or ("127.0.0.1", made[k].port))
    for ring in made:
        ring.wait_until_watching()
    yield made
    for ring in made:
        ring.close()


def check(rings: list[Ring], gone: dict[int, News]) -> None:
    """All that are there know of those that are not, and nothing else."""
    for ring in rings:
        if ring.index not in gone:
            assert ring.wait_for({*gone}, PATIENCE), ring.index
            assert ring.news() == gone


def test_all_learn_of_a_death(rings: list[Ring]) -> None:
    rings[2].close()
    check(rings, {2: News(2, False, ENDED)})


@pytest.mark.parametrize("dying", [(1, 4), (2, 3), (5, 0), (3, 2, 1), (0, 1, 2, 3, 4)])
def test_all_learn_of_several_deaths(rings: list[Ring], dying: tuple[int, ...]) -> None:
    for k in dying:
        rings[k].close()
    for ring in rings:
        if ring.index not in dying:
            assert ring.wait_for({*dying}, PATIENCE)
            assert {*ring.news()} == {*dying}
            assert not any(news.left for news in ring.news().values())


def test_who_leaves_says_so(rings: list[Ring], farewells: dict[int, News]) -> None:
    news = {k: News(k, k < 4, f"reason {k}") for k in (0, 1, 4)}
    for k, one in news.items():
        farewells[k] = one
        rings[k].announce(one)
        rings[k].close()
    check(rings, news)


def test_who_comes_to_another_learns_what_that_one_knows(rings: list[Ring]) -> None:
    rings[3].close()
    check(rings, {3: News(3, False, ENDED)})
    rings[4].close()
    # Who watched 3 is on the way to 4, and may find it gone before it has reached it.
    for ring in (rings[k] for k in (0, 1, 2, 5)):
        assert ring.wait_for({3, 4}, PATIENCE)
        assert ring.news()[3] == News(3, False, ENDED)
        assert {*ring.news()} == {3, 4} and not ring.news()[4].left


def test_news_as_text() -> None:
    for news in (News(3, True, "it has left"), News(0, False, "ValueError:\n two  lines")):
        wanted = news._replace(why=" ".join(news.why.split()))
        assert read(news.line().rstrip(b"\n")) == wanted


def test_reaching_nobody() -> None:
    ring = Ring(0, 1, "127.0.0.1", PATIENCE)
    assert reach("127.0.0.1", ring.port, 1.0) == "127.0.0.1"
    ring.start(lambda process: News(process, False, "nobody"))
    ring.close()
    with pytest.raises(OSError, match="refused"):
        reach("127.0.0.1", ring.port, 0.3)
