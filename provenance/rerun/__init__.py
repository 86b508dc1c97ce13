"""Repeating jobs from what is recorded of them, and saying whether the outputs are the same.

A repetition is a new job (`Job.repeats` names the original) with the definition that ran, the same parameters and the
same inputs by their sha256 (`service`, `inputs`). When it has ended an engine compares both (`due`, `comparing`,
`files`, `fitsdiff`) and keeps the verdict as an activity of provenance (`recording`).
"""
