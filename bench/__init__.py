"""Every number we claim, with the command that measures it against a real peer in the same run."""


class Unmeasured(Exception):
    """A figure could not be taken, and why: a server refused, stopped or did not keep up with the set-up."""
