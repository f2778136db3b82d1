"""Several returns in one graph: the same child meets itself, and none wipes out what another said."""

from __future__ import annotations

from pathlib import Path

from graphmodel.store import Store
from loaders import load
from tests.loading import write_texts
from tests.returns_files import cin_child, csww_worker, header_xml, write_payloads

STATUSES = (
    "MATCH (c:Child)-[h:HAS_STATUS]->(s:Status) RETURN c.child_id, s.status, toString(h.started_on), "
    "toString(h.ended_on) ORDER BY c.child_id, s.status"
)


def test_four_returns_of_one_authority_meet(on_engine: Path, tmp_path: Path) -> None:
    census = f"<Message>{header_xml('CIN', 2025, '2025-03-31')}<Children>" + cin_child(
        {"child_id": "c1", "birth_date": "2010-05-04"}, {"CIN": [("2024-01-01", None)]}
    )
    worker = csww_worker({"SWENo": "sw1", "FTE": "0.8", "RoleStartDate": "2020-01-01"})
    workforce = f"<Message>{header_xml('CSWW', 2025, '2025-09-30')}{worker}</Message>"
    folder = write_texts(tmp_path, {"cin.xml": f"{census}</Children></Message>", "csww.xml": workforce})
    load(folder / "cin.xml", home=on_engine)
    load(folder / "csww.xml", home=on_engine)
    care = write_texts(
        tmp_path / "903",
        {
            "episodes.csv": "CHILD,DECOM,DEC,LS\nc1,01/02/2024,,C2\n",
            "sw.csv": "CHILD,SW_ID,SW_DECOM,SW_DEC\nc1,SW1,01/02/2024,\nc1,SW2,01/03/2024,01/06/2024\n",
        },
    )
    report = load(care, home=on_engine)
    # no table of this return has a day of birth: the census's stays
    assert report.total("rejected") == 0
    payload = {
        "la_child_id": "c1",
        "social_care_episodes": [
            {"referral_date": "2024-01-01", "child_protection_plans": [{"start_date": "2024-01-10"}]}
        ],
    }
    load(write_payloads(tmp_path, [payload], "lines"), home=on_engine)
    with Store.open(on_engine, "reader") as store:
        assert [tuple(row) for row in store.fetch(STATUSES)] == [
            ("c1", "CIN", "2024-01-01", None),
            ("c1", "CP", "2024-01-10", None),
            ("c1", "LAC", "2024-02-01", None),
        ]
        assert store.fetch("MATCH (c:Child) RETURN c.child_id, toString(c.birth_date)") == [
            ["c1", "2010-05-04"]
        ]
        shared = store.fetch(
            "MATCH (a:Agency)<-[h:HOLDS_POST]-(p:Practitioner)-[:LEADS]->(t:Tac)-[:FOR_CHILD]->(c:Child) "
            "RETURN a.agency_id, h.fte, p.practitioner_id, t.tac_id, toString(t.opened_on)"
        )
        assert [tuple(row) for row in shared] == [
            ("la:301", 0.8, "swe:SW1", "ssda903:c1|2024-02-01", "2024-03-01")
        ]
        sources = store.fetch("MATCH (c:Child) RETURN c.sources")[0][0]
        assert sorted(sources) == ["cin", "dfe_api", "ssda903"]
