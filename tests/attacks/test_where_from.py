"""Where facts come from: by this road too a sensitive service without consent is shown against no child."""

from __future__ import annotations

import json

import pytest

from tacgraph import cli
from tests.attacks.conftest import Hostile


def asked(kind: str, entity: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What the command says of somebody or something, on its two outputs."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main(["where-from", kind, entity, "--reason", "a test", "--format", "json"])
    assert not ended.value.code
    caught = capsys.readouterr()
    return caught.out, caught.err


def test_no_fact_leads_from_a_child_to_it(at_hostile: Hostile, capsys: pytest.CaptureFixture[str]) -> None:
    services, used = at_hostile.tables["services"], at_hostile.tables["interventions"]
    sensitive = used["service_id"].isin(services.loc[services["sensitive"] == "true", "service_id"])
    hidden = used[sensitive & (used["consent"] != "true")]
    secret, open_ = hidden.iloc[0], used[~sensitive].iloc[0]
    asking = ("child", "child_id"), ("service", "service_id"), ("intervention", "intervention_id")
    for kind, column in asking:
        out, err = asked(kind, secret[column], capsys)
        facts = [fact["values"] for fact in json.loads(out) if fact["table"] == "interventions"]
        assert not {fact["intervention_id"] for fact in facts} & set(hidden["intervention_id"])
        assert "without recorded consent are left out" in err
    out, _ = asked("intervention", open_["intervention_id"], capsys)
    assert open_["child_id"] in out
    agreed = used[sensitive & (used["consent"] == "true")]
    assert len(agreed), "the example has some with consent"
    out, _ = asked("intervention", agreed.iloc[0]["intervention_id"], capsys)
    assert agreed.iloc[0]["service_id"] in out
