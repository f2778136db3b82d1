"""Words of the lists that partners keep: headings, roles, agencies and names.

They are written here by hand, not taken from the program's word lists.
"""

from __future__ import annotations

from typing import Final

Heading = dict[str, tuple[str, ...]]
HEADINGS: Final[Heading] = {
    "child_id": (
        "Child ID",
        "Pupil ref",
        "Child's Unique ID",
        "Person ID",
        "Case No.",
        "Client number",
        "child_ref",
    ),
    "child_name": ("Child's name", "Pupil", "Name of child", "Young Person", "Child / YP name", "CHILD NAME"),
    "first_name": ("Forename", "First name", "Child forename", "Legal Forename"),
    "last_name": ("Surname", "Last name", "Child surname", "Family name"),
    "birth_date": ("DOB", "Date of Birth", "D.O.B.", "Child DOB", "Date of birth (dd/mm/yyyy)", "Birth date"),
    "upn": ("UPN", "Unique Pupil No", "Pupil UPN", "UPN (if known)"),
    "nhs_number": ("NHS No", "NHS number", "NHS No."),
    "postcode": ("Postcode", "Post code", "Home Postcode"),
    "needs_level": ("Level", "Level of need", "Tier", "Threshold level", "Need Level (1-4)"),
    "opened_on": (
        "TAC opened",
        "Date opened",
        "TAF start date",
        "Date of first TAC",
        "Case opened",
        "EHA opened",
    ),
    "next_review_on": ("Next review", "Next TAC date", "Review due", "Date of next meeting"),
    "review_on": ("Last review", "Date of last TAC", "Last review date"),
    "practitioner_name": (
        "Practitioner",
        "Worker name",
        "Professional",
        "TAC member",
        "Name of professional",
    ),
    "role": ("Role", "Job title", "Profession", "Professional's role", "Job Role"),
    "agency": ("Agency", "Organisation", "Service", "Agency / team", "Employer"),
    "fte": ("FTE", "WTE", "Contracted FTE"),
    "member_since": ("Involved since", "Start date", "Date joined", "From", "Date involved"),
    "lead_flag": ("Lead?", "Lead professional (Y/N)", "LP", "Is lead", "Lead practitioner?"),
    "part": ("TAC role", "Role in TAC", "Lead/Member", "Type of involvement"),
    "lead": ("Lead Professional", "Lead practitioner", "LP name", "Name of Lead Professional", "Lead worker"),
    "lead_agency": ("Lead agency", "Agency of lead professional", "LP agency", "Lead Professional's agency"),
    "school": ("School", "School attended", "Setting"),
}
COLUMNS: Final = {
    "health_visitor": ("Health visitor", "HV", "Health Visitor name"),
    "school_nurse": ("School nurse", "School Nurse (name)", "School Nursing"),
    "social_worker": ("Social worker", "Social Worker", "Allocated social worker"),
    "family_support_worker": ("Family support worker", "FSW", "Early Help"),
    "senco": ("SENCO", "SENCo"),
    "education_welfare_officer": ("EWO", "Education Welfare Officer"),
    "police_officer": ("Police", "PCSO"),
}
ROLE_WORDS: Final = {
    "health_visitor": ("Health Visitor", "HV"),
    "school_nurse": ("School Nurse", "school nurse"),
    "social_worker": ("Social Worker", "SW"),
    "family_support_worker": ("Family Support Worker", "FSW"),
    "senco": ("SENCO", "SENCo"),
    "education_welfare_officer": ("Education Welfare Officer", "EWO"),
    "police_officer": ("Police Officer", "PCSO"),
}
AGENCIES: Final = (
    *(
        "Brook Primary School",
        "Hill Academy",
        "Solent NHS Trust",
        "Children's Social Care",
        "Family Hub North",
    ),
    *("Home-Start", "Hampshire Constabulary", "Education Welfare Service"),
)
FIRST_NAMES: Final = (
    "Anna",
    "Tom",
    "Zoë",
    "Kim",
    "Mary-Jane",
    "Ali",
    "Grace",
    "Sean",
    "Priya",
    "Owen",
    "Ruth",
    "Idris",
)
LAST_NAMES: Final = (
    "Patel",
    "O'Brien",
    "Smith",
    "Reed",
    "Nowak",
    "Jones",
    "McKay",
    "Green-Hall",
    "Ahmed",
    "Lee",
    "Ford",
)
