"""FHIR R4 from health: care teams, episodes of care, and the people and organisations in them."""

from loaders.sources.fhir.read import looks_like_fhir, read_fhir

__all__ = ["looks_like_fhir", "read_fhir"]
