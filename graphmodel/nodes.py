"""The node types, in the order in which they load."""

from __future__ import annotations

from typing import Final

from graphmodel import codes
from graphmodel.declare import Link, NodeType, Property

_FORMAT = "import format"

AGENCY: Final = NodeType(
    "Agency",
    "agency_id",
    "a partner that practitioners belong to and that offers services",
    "MG 5.6, TG 3.1",
    table="agencies",
    properties=(
        Property("name", "text", "the agency's name", _FORMAT, required=True),
        Property("sector", "text", "kind of partner", "DU", required=True, codes=codes.SECTORS),
        Property(
            "pooled_contribution_gbp",
            "decimal",
            "pounds a year paid into the pooled budget",
            "DU 10, 18-20",
            minimum=0,
        ),
    ),
    links=(Link("parent_agency_id", "PART_OF", "Agency", "the agency it is part of", "MG 5.10"),),
)

PRACTITIONER: Final = NodeType(
    "Practitioner",
    "practitioner_id",
    "anyone in the children's workforce, statutory or voluntary",
    "MG 3.1, TG 3.1",
    table="practitioners",
    properties=(
        Property("role", "text", "what they are by trade", "MG 3.1", required=True, known=codes.ROLES),
        Property(
            "name",
            "text",
            "shown only to those who may see named practitioners",
            _FORMAT,
            identifies="name",
        ),
        Property("lead_trained_on", "date", "trained for the lead role on", "MG 3.14"),
        Property(
            "term_time_only",
            "boolean",
            "not available out of term time",
            "TG 3.6",
            default="false",
        ),
        Property(
            "newly_qualified_until",
            "date",
            "the first day on which they no longer count as newly qualified; empty: they do not",
            "ASYE; Wirral's scheme",
        ),
    ),
    links=(Link("line_manager_id", "MANAGED_BY", "Practitioner", "line manager", "MG 5.10, TG 3.9"),),
)

FAMILY: Final = NodeType(
    "Family",
    "family_id",
    "children who are brothers and sisters or one household",
    "TG 1.5",
    identifies="child",
)

_MATCHING = "feeds identity matching only; never in the graph"
CHILD: Final = NodeType(
    "Child",
    "child_id",
    "baby, child or young person 0-19, to 24 with a learning difficulty or disability",
    "TG foreword",
    table="children",
    properties=(
        Property("birth_date", "date", "shown only in identifying queries", "MG 3.18", identifies="child"),
        Property("locality", "text", "part of the authority", _FORMAT),
        Property(
            "upn",
            "text",
            "unique pupil number, as a keyed hash",
            _FORMAT,
            storage="hashed",
            identifies="child",
        ),
        Property(
            "nhs_number", "text", "NHS number, as a keyed hash", _FORMAT, storage="hashed", identifies="child"
        ),
        Property("first_name", "text", _MATCHING, _FORMAT, storage="matching_only"),
        Property("last_name", "text", _MATCHING, _FORMAT, storage="matching_only"),
        Property("postcode", "text", _MATCHING, _FORMAT, storage="matching_only"),
    ),
    links=(
        Link(
            "family_id",
            "IN_FAMILY",
            "Family",
            "the family it belongs to",
            "TG 1.5",
            creates_target=True,
        ),
        Link("school_id", "ATTENDS", "Agency", "the school it is enrolled at now", "PL, TG 1.5"),
    ),
    identifies="child",
)

STATUS: Final = NodeType(
    "Status",
    "status",
    "a status for which law or guidance may say who leads (a code of the model)",
    "MG Box 1, Annex C; PL",
    properties=(
        Property("name", "text", "in words", "MG Box 1"),
        Property("precedence", "integer", "1 is the strictest; empty: no rule", "MG Box 1"),
    ),
)

NEEDS_LEVEL: Final = NodeType(
    "NeedsLevel",
    "needs_level_id",
    "one step of the continuum of needs (a code of the model)",
    "MG 1.7, TG fig. 1",
    properties=(
        Property("level", "integer", "1 universal to 4 complex", "MG 1.7", minimum=1, maximum=4),
        Property("name", "text", "in words", "MG 1.7"),
    ),
)

ASSESSMENT: Final = NodeType(
    "Assessment",
    "assessment_id",
    "done once, shared by all agencies: only that it exists, never its content",
    "DU, CAF fact sheet",
    table="assessments",
    properties=(
        Property(
            "kind",
            "text",
            "kind of assessment",
            "DU",
            required=True,
            codes=codes.ASSESSMENT_KINDS,
        ),
        Property("started_on", "date", "begun on", _FORMAT, required=True),
        Property("completed_on", "date", "completed on; empty: under way", _FORMAT),
    ),
    links=(
        Link(
            "child_id",
            "HAD_ASSESSMENT",
            "Child",
            "the child assessed",
            "DU",
            outgoing=False,
            required=True,
        ),
        Link(
            "practitioner_id",
            "CARRIED_OUT",
            "Practitioner",
            "the assessor",
            "MG 3.15",
            outgoing=False,
            required=True,
        ),
    ),
    opens="started_on",
    closes="completed_on",
)

TAC: Final = NodeType(
    "Tac",
    "tac_id",
    "Team Around the Child: the practitioners who together support one child and family",
    "TG 1.5-1.10",
    table="tacs",
    properties=(
        Property("opened_on", "date", "first day of the team", "TG 2.4", required=True),
        Property("closed_on", "date", "first day on which it no longer is; empty: open", "TG 2.7"),
        Property(
            "model",
            "text",
            "model of working together",
            "MG 5.6",
            codes=codes.TAC_MODELS,
            default="tac",
        ),
        Property("next_review_on", "date", "date set for the next review", "TG 2.7"),
    ),
    links=(
        Link("child_id", "FOR_CHILD", "Child", "the child it is for", "TG 1.5", required=True),
        Link("assessment_id", "OPENED_AFTER", "Assessment", "the assessment that led to it", "TG 2.4"),
    ),
    opens="opened_on",
    closes="closed_on",
)

SERVICE: Final = NodeType(
    "Service",
    "service_id",
    "an entry of the children's services directory",
    "DU 6",
    table="services",
    properties=(
        Property(
            "category",
            "text",
            "kind of service",
            "DU 6",
            required=True,
            known=codes.SERVICE_CATEGORIES,
        ),
        Property("name", "text", "the service's name", "DU 6"),
        Property(
            "sensitive",
            "boolean",
            "shown against a child only with recorded consent",
            "TG 2.11-2.14",
            default_by="true for sexual_health, mental_health and substance_misuse, else false",
        ),
    ),
    links=(
        Link(
            "agency_id",
            "OFFERS",
            "Agency",
            "the agency that offers it",
            "DU 6",
            outgoing=False,
            required=True,
        ),
    ),
)

INTERVENTION: Final = NodeType(
    "Intervention",
    "intervention_id",
    "one child's use of one service",
    "DU index fact sheet",
    table="interventions",
    properties=(
        Property("started_on", "date", "first day", _FORMAT, required=True),
        Property("ended_on", "date", "first day on which it no longer runs", _FORMAT),
        Property(
            "consent",
            "boolean",
            "consent to show a sensitive service; read only for those",
            "TG 2.11-2.14",
            default="false",
        ),
    ),
    links=(
        Link(
            "child_id",
            "RECEIVES",
            "Child",
            "the child",
            "DU index fact sheet",
            outgoing=False,
            required=True,
        ),
        Link("service_id", "OF_SERVICE", "Service", "the service used", "DU 6", required=True),
        Link(
            "practitioner_id",
            "DELIVERS",
            "Practitioner",
            "who delivers it",
            "DU index fact sheet",
            outgoing=False,
        ),
    ),
    opens="started_on",
    closes="ended_on",
)

ACTION: Final = NodeType(
    "Action",
    "action_id",
    "one step of a team's delivery plan, owned by one practitioner",
    "TG 2.4-2.7",
    table="actions",
    properties=(
        Property("due_on", "date", "due on", "TG 2.4", required=True),
        Property("done_on", "date", "done on; empty: not done", "TG 2.4"),
    ),
    links=(
        Link("tac_id", "HAS_ACTION", "Tac", "whose plan", "TG 2.4", outgoing=False, required=True),
        Link(
            "practitioner_id",
            "OWNS",
            "Practitioner",
            "who has to do it",
            "TG 2.5",
            outgoing=False,
            required=True,
        ),
    ),
)

REVIEW: Final = NodeType(
    "Review",
    "review_id",
    "a review that a team held",
    "TG 2.7",
    table="reviews",
    key_columns=("tac_id", "held_on"),
    properties=(Property("held_on", "date", "held on", "TG 2.7", required=True),),
    links=(
        Link(
            "tac_id",
            "HELD_REVIEW",
            "Tac",
            "the team that held it",
            "TG 2.7",
            outgoing=False,
            required=True,
        ),
    ),
)

LOAD: Final = NodeType(
    "Load",
    "load_id",
    "one run of a loader; without `finished_at` it was cut off and should be run again",
    _FORMAT,
    properties=(
        Property("source", "text", "the source whose facts it loaded", _FORMAT),
        Property("format", "text", "the reader used", _FORMAT),
        Property("path_name", "text", "name of the folder or file, without its path", _FORMAT),
        Property("started_at", "text", "ISO instant, UTC", _FORMAT),
        Property("finished_at", "text", "ISO instant, UTC; empty: running or cut off", _FORMAT),
        Property("outcome", "text", "running, loaded, refused or failed", _FORMAT),
        Property("ledger", "text", "the ledger in the data folder that keeps what it stated", "loader"),
        Property("ledger_place", "integer", "its part's place there; empty: it stated nothing new", "loader"),
        Property("by", "text", "user, machine and process, while it runs", "loader"),
        Property("beat", "integer", "counts up while it runs, so that a dead one is told", "loader"),
        Property("rows_read", "integer", "rows in the files", _FORMAT),
        Property("rows_created", "integer", "facts that were new", _FORMAT),
        Property("rows_updated", "integer", "facts with new values", _FORMAT),
        Property("rows_unchanged", "integer", "facts already there", _FORMAT),
        Property("rows_rejected", "integer", "rows that broke the format", _FORMAT),
        Property("rows_retired", "integer", "facts the source no longer has", _FORMAT),
        Property("findings", "integer", "suspicious but legal facts", _FORMAT),
        Property("counts_json", "text", "the same by table, as JSON", _FORMAT),
    ),
)

MODEL: Final = NodeType(
    "Model",
    "model_id",
    "which version of this model the graph has, for upgrades; one node",
    _FORMAT,
    properties=(
        Property("version", "integer", "the version", _FORMAT),
        Property(
            "generation",
            "text",
            "another one each time that facts were changed otherwise than by a load",
            "loader",
        ),
    ),
)

NODE_TYPES: Final = (
    AGENCY,
    PRACTITIONER,
    FAMILY,
    CHILD,
    STATUS,
    NEEDS_LEVEL,
    ASSESSMENT,
    TAC,
    SERVICE,
    INTERVENTION,
    ACTION,
    REVIEW,
    LOAD,
    MODEL,
)
NODE_BY_LABEL: Final = {node.label: node for node in NODE_TYPES}
