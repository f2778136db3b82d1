"""The same code against a cluster's address: who is asked what, by which bookmarks, and what is shown.

A cluster itself is Enterprise only. Two real servers stand behind a routing table that names one the leader
and copies beside it, one of them with the graph of an earlier day (`tests.neo4j.cluster`).
"""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import neo4j
import pytest

from analysis.readback import from_graph
from analysis.tables import Slice
from dashboards import data
from graphmodel.access import Viewer
from graphmodel.bookmarks import FILE, Bookmarks
from graphmodel.errors import CopyLags, EngineError
from graphmodel.patience import Patience
from graphmodel.store import Store
from graphmodel.target import Target
from loaders import load
from loaders.backup.archive import Manifest
from loaders.backup.graph import dump, fill
from queries import run
from tests.conftest import empty
from tests.loading import SMALL, read_tables, tables_expected, tables_in_graph, write_tables
from tests.neo4j.cluster import Cluster, Member, serving
from tests.neo4j.server import QUICK_START, RunningNeo4j, start_neo4j

SHORT = Patience(retry_seconds=0.5)


@pytest.fixture(scope="module")
def servers(
    neo4j_server: RunningNeo4j | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningNeo4j, RunningNeo4j]]:
    """Two real servers with one password: what the leader has, and what a copy has."""
    own = []
    if neo4j_server is None:
        own.append(start_neo4j(tmp_path_factory.mktemp("leader"), heap="512m", jvm_options=QUICK_START))
    first = neo4j_server or own[0]
    late = start_neo4j(
        tmp_path_factory.mktemp("late"), heap="400m", page_cache="64m", jvm_options=QUICK_START
    )
    own.append(late)
    with late.driver() as driver, driver.session(database="system") as session:
        change = "ALTER CURRENT USER SET PASSWORD FROM $old TO $new"
        session.run(change, old=late.password, new=first.password).consume()
    late.password = first.password
    yield first, late
    for server in own:
        server.kill()


@pytest.fixture
def cluster(
    servers: tuple[RunningNeo4j, RunningNeo4j], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Cluster]:
    """A cluster whose graphs are empty, and this process pointed at it."""
    first, late = servers
    members = [
        Member("core", first.port),
        Member("next", first.port),
        Member("copy", first.port),
        Member("late", late.port, lags=True),
    ]
    for server in servers:
        with straight(server, tmp_path) as store:
            empty(store)
            store.apply_model()
    monkeypatch.setenv("NEO4J_USERNAME", first.username)
    monkeypatch.setenv("NEO4J_PASSWORD", first.password)
    monkeypatch.delenv("NEO4J_DATABASE", raising=False)
    with serving(Cluster({m.name: m for m in members}, leader="core", readers=("copy",))) as made:
        monkeypatch.setenv("NEO4J_URI", made.uri)
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return folder(tmp_path, "home")


def folder(at: Path, name: str) -> Path:
    (at / name).mkdir(mode=0o700)
    return at / name


def straight(server: RunningNeo4j, home: Path) -> Store:
    """The server itself, past the cluster."""
    return Store(Target("neo4j", server.uri, None, server.username, server.password), home, account="admin")


def catch_up(cluster: Cluster, servers: tuple[RunningNeo4j, RunningNeo4j], at: Path) -> None:
    """Bring the copy that lags to where the leader is now."""
    rows = at / "rows"
    with straight(servers[0], at) as leader:
        parts, tally = dump(leader, rows, lambda _: None)
    with straight(servers[1], at) as late:
        late.write("MATCH (n) DETACH DELETE n RETURN count(*) AS gone")
        manifest = Manifest.model_construct(parts=parts, nodes=tally.nodes)
        fill(late, rows, manifest, lambda _: None)
    cluster.caught_up()


def moved(at: Path) -> Path:
    """The small partnership some time after: everybody lives elsewhere, and an agency is new."""
    tables = read_tables(SMALL)
    for row in tables["children"]:
        row["locality"] = "Elsewhere"
    tables["agencies"].append({**tables["agencies"][0], "agency_id": "a-new", "name": "New"})
    return write_tables(at / "moved", tables)


def test_one_server_by_its_routing_address(
    servers: tuple[RunningNeo4j, RunningNeo4j], cluster: Cluster, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A single server gives a table with itself in it."""
    monkeypatch.setenv("NEO4J_URI", servers[0].uri.replace("bolt://", "neo4j://"))
    monkeypatch.setenv("NEO4J_DATABASE", "neo4j")
    load(SMALL, home=home)
    with Store.open(home) as store:
        assert tables_in_graph(store) == tables_expected(read_tables(SMALL))
        assert Slice.current(store, home).arrow == from_graph(store)
    assert not cluster.seen
    monkeypatch.setenv("NEO4J_DATABASE", "birmingham")
    with pytest.raises(EngineError, match="NEO4J_DATABASE"):
        Store.open(home, patience=SHORT)


def test_writes_go_to_the_leader_and_reads_to_the_copies_with_the_bookmark_of_the_load(
    cluster: Cluster, home: Path
) -> None:
    report = load(SMALL, home=home)
    assert {one.member for one in cluster.seen} == {"core"}, "the loader looks up what it has written"
    assert all(one.served for one in cluster.seen)
    last = max(cluster.order, key=cluster.order.__getitem__)
    kept = json.loads((home / FILE).read_text(encoding="utf-8"))
    assert [last] in kept.values()
    assert stat.S_IMODE((home / FILE).stat().st_mode) == 0o600
    cluster.seen.clear()
    with Store.open(home) as store:
        assert Slice.current(store, home).load_id == report.load_id
        run("overloaded_leads", store=store, viewer=Viewer.local(), as_of=date(2026, 10, 31))
        store.read("MATCH (a:Agency) RETURN a.agency_id AS agency_id", viewer=Viewer.local())
    assert len(cluster.seen) > len(read_tables(SMALL))
    assert {(one.member, one.mode) for one in cluster.seen} == {("copy", "r")}
    assert all(last in one.bookmarks for one in cluster.seen)


def test_a_copy_that_lags_never_shows_less_than_the_load_it_names(
    cluster: Cluster, servers: tuple[RunningNeo4j, RunningNeo4j], home: Path, tmp_path: Path
) -> None:
    first = load(SMALL, home=home)
    catch_up(cluster, servers, tmp_path)
    cluster.readers = ("late",)
    keeper = data._Keeper(home)
    assert keeper.current().slice.load_id == first.load_id
    second = load(moved(tmp_path), home=home)
    # where the load was run, what it left is waited for, and said where it does not come
    with pytest.raises(CopyLags, match="not yet come as far as the latest load"):
        Store.open(home, patience=SHORT)
    keeper.ask_at = 0
    shown = keeper.current()
    assert shown.slice.load_id == first.load_id
    assert "Not up to date: a copy of the database" in shown.warning
    # elsewhere nobody has heard of it: the load before, whole and by its name
    other = folder(tmp_path, "other")
    with Store.open(other) as store:
        seen = Slice.current(store, other)
    assert seen.load_id == first.load_id
    assert "Elsewhere" not in set(seen.table("children")["locality"])
    catch_up(cluster, servers, tmp_path)
    keeper.ask_at = 0
    shown = keeper.current()
    keeper.close()
    assert (shown.slice.load_id, shown.warning) == (second.load_id, "")
    assert set(shown.slice.table("children")["locality"]) == {"Elsewhere"}
    assert not [one for one in cluster.seen if one.member == "late" and one.mode == "w"]


def test_what_is_read_from_several_copies_is_of_one_state(
    cluster: Cluster, servers: tuple[RunningNeo4j, RunningNeo4j], home: Path, tmp_path: Path
) -> None:
    """Each read of a slice may go to another copy; the first that is newer binds those after it."""
    first = load(SMALL, home=home)
    catch_up(cluster, servers, tmp_path)
    second = load(moved(tmp_path), home=home)
    cluster.readers, cluster.patience = ("copy", "late"), 60
    begun: list[threading.Thread] = []

    def once() -> None:
        if not begun:
            begun.append(threading.Thread(target=catch_up, args=(cluster, servers, tmp_path)))
            begun[0].start()

    cluster.waited = once
    states = {first.load_id: set(read_localities(SMALL)), second.load_id: {"Elsewhere"}}
    served: set[str] = set()
    for turn in range(4):
        other = folder(tmp_path, f"other-{turn}")
        with Store.open(other) as store:
            seen = Slice.current(store, other)
        assert set(seen.table("children")["locality"].fillna("")) == states[str(seen.load_id)]
        assert ("a-new" in set(seen.table("agencies")["agency_id"])) == (seen.load_id == second.load_id)
        served |= {one.member for one in cluster.seen if one.served}
    assert begun, "the copy that lags was waited for"
    begun[0].join()
    assert {"copy", "late"} <= served


def read_localities(at: Path) -> list[str]:
    return [row["locality"] for row in read_tables(at)["children"]]


def test_a_leader_that_changes_in_mid_load_is_followed(cluster: Cluster, home: Path) -> None:
    def change(writes: int) -> None:
        if writes >= 40:
            cluster.leader = "next"

    cluster.before_write = change
    report = load(SMALL, home=home)
    assert any(not one.served for one in cluster.seen), "the old leader was asked once more"
    with Store.open(home) as store:
        assert tables_in_graph(store) == tables_expected(read_tables(SMALL))
        assert Slice.current(store, home).load_id == report.load_id


def test_a_load_without_any_leader_left_is_taken_up_by_the_next(
    cluster: Cluster, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Patience, "agreed", classmethod(lambda _: SHORT))

    def lose(writes: int) -> None:
        if writes >= 40:
            cluster.leader = ""

    cluster.before_write = lose
    with pytest.raises(EngineError, match="database at neo4j"):
        load(SMALL, home=home)
    cluster.before_write, cluster.leader = (lambda _: None), "next"
    load(SMALL, home=home)
    with Store.open(home) as store:
        assert tables_in_graph(store) == tables_expected(read_tables(SMALL))


def test_bookmarks_are_of_one_database_and_read_anew_when_another_program_leaves_some(tmp_path: Path) -> None:
    mine, again = Bookmarks(tmp_path, "neo4j://a", None), Bookmarks(tmp_path, "neo4j://a", None)
    other = Bookmarks(tmp_path, "neo4j://a", "birmingham")
    assert mine.handed_on() == ()
    mine.hand_on(["one"])
    assert (again.handed_on(), other.handed_on()) == (("one",), ())
    other.hand_on(["two"])
    again.hand_on(["three"])
    assert (mine.handed_on(), other.handed_on()) == (("three",), ("two",))
    (tmp_path / FILE).write_text("[", encoding="utf-8")
    assert Bookmarks(tmp_path, "neo4j://a", None).handed_on() == ()


def test_the_embedded_engine_leaves_no_bookmarks(
    embedded_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEO4J_URI", raising=False)
    with Store.open(embedded_home, "admin") as store:
        store.apply_model()
        assert store.fetch("MATCH (m:Model) RETURN count(*) AS models") == [[1]]
    assert not (embedded_home / FILE).exists()


def test_a_real_server_says_how_far_it_is_to_readers_too(
    servers: tuple[RunningNeo4j, RunningNeo4j],
) -> None:
    """What ties the reads of a program that has written nothing."""
    with servers[0].driver() as driver, driver.session(default_access_mode=neo4j.READ_ACCESS) as session:
        session.run("RETURN 1").consume()
        assert session.last_bookmarks().raw_values
