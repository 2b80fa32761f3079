"""The two pages that people see: one to agree on, and one that says why there is nothing to agree on."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from tutti.infra.spotify_standin.consent import Asked, Owner

PEOPLE = (Owner("ann", "Ann"), Owner("bob", "Bob"), Owner("cleo", "Cleo"))

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1rem;margin:.25rem .5rem .25rem 0}}input{{font:inherit;width:100%}}</style>
<h1>{title}</h1>
{body}</html>"""


def consent_page(asked: Asked) -> str:
    scopes = "".join(f"<li><code>{escape(scope)}</code></li>" for scope in asked.scope.split())
    here = escape(urlencode(_again(asked)), quote=True)
    people = "".join(
        f'<button name="user" value="{escape(one.user)}">Agree as {escape(one.name or one.user)}</button>'
        for one in PEOPLE
    )
    return _page(
        "Stand-in for Spotify",
        f"<p>This is not Spotify. The app <b>{escape(asked.client_id)}</b> asks for:</p><ul>{scopes}</ul>"
        f'<form method="post" action="?{here}">{people}</form>'
        f'<form method="post" action="?{here}"><p><label>Somebody else, by id '
        '<input name="user" required maxlength="60" pattern="[A-Za-z0-9_.-]+"></label></p>'
        "<button>Agree</button></form>"
        f'<form method="post" action="?{here}"><button name="cancel" value="1">Cancel</button></form>',
    )


def problem_page(why: str) -> str:
    return _page("Stand-in for Spotify", f"<p>{escape(why)}</p>")


def _again(asked: Asked) -> dict[str, str]:
    said = {
        "response_type": "code",
        "client_id": asked.client_id,
        "redirect_uri": asked.redirect_uri,
        "scope": asked.scope,
    }
    if asked.state is not None:
        said["state"] = asked.state
    if asked.challenge is not None:
        said |= {"code_challenge": asked.challenge, "code_challenge_method": "S256"}
    return said


def _page(title: str, body: str) -> str:
    return _PAGE.format(title=escape(title), body=body)
