"""Waiting for what holds in a page, also if it takes the page a while to say: a page's promises are waited for.

Playwright's own `wait_for_function` takes a promise for true, whatever comes of it.
"""

from __future__ import annotations

from typing import Final

from playwright.async_api import Page

WITHIN_S: Final = 20.0
_UNTIL: Final = """async ([argument, within_ms]) => {
  const holds = %s;
  const end = performance.now() + within_ms;
  while (!(await holds(argument))) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}"""


async def until(page: Page, holds: str, argument: object = None, within_s: float = WITHIN_S) -> None:
    """`holds`: a function of `argument`, which may be async. Raises `AssertionError` if it never held."""
    assert await page.evaluate(_UNTIL % holds, [argument, within_s * 1000]), f"never held: {holds}"
