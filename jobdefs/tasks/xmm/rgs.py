"""What the three stages of the RGS chain have in common: each is one call of rgsproc on what the one before left."""

from __future__ import annotations

from ..calling import call as call_task
from ..parameters import Invocation
from .observation import Observation, open_observation, split_exposure

__all__ = ["run_stage"]


def run_stage(call: Invocation, stage: str) -> tuple[Observation, str]:
    """Run a stage, such as ``1:events``, of rgsproc for one sub-exposure in the current directory.

    Returns
    -------
    tuple
        The observation, and instrument and exposure as `R1S004`.
    """
    identifier = call.text("instrument") + "".join(split_exposure(call))
    observation = open_observation(call)
    call_task("rgsproc", {"entrystage": stage, "finalstage": stage, "withinstexpids": "true", "instexpids": identifier})
    return observation, identifier
