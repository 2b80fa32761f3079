"""Later."""

from bench.report import Figure


def measure(profile: str, *, quick: bool) -> list[Figure]:
    raise NotImplementedError
