"""Which records are one child or one practitioner: identities apart, links with their probability, decisions.

`identities` keeps what sources say of people (encrypted), `capture` takes it from loads, `run.match` compares
and links, `links` holds proposals and decisions and gives the crosswalk that loads apply. Splink is imported
in `model` alone, and only when records are compared.
"""
