"""Schools as children's rows name them: an agency, of the sector education if all is well."""

from __future__ import annotations

from pathlib import Path

from tests.loading import check_only, write_texts


def test_a_school_of_another_sector_is_taken_and_listed(tmp_path: Path) -> None:
    texts = {
        "agencies.csv": "agency_id,name,sector\nS,School,education\nH,Clinic,health\n",
        "children.csv": "child_id,school_id\nc1,S\nc2,H\nc3,\nc4,X\n",
    }
    run, rejects = check_only(write_texts(tmp_path / "in", texts), tmp_path / "home")
    assert run.findings == {"school_of_another_sector": 1}
    assert [(row[1], row[2], row[3]) for row in rejects] == [(5, "school_id", "X")]
