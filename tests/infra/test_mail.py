"""Mail: one suite for both adapters, against a real SMTP server and a real folder; then what each does alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.infra.smtp_house import PASSWORD, USER, House, certificate, smtp
from tutti.infra.mail import FolderMail, Sender, SmtpMail, SmtpServer, Tls, smtp_server
from tutti.platform.mail.letters import Link, Links, compose
from tutti.platform.mail.mail import Mail, Undeliverable
from tutti.service.ports import Unavailable

SENDER = Sender.of("Tutti <tutti@example.org>")
Arrived = Callable[[], list[EmailMessage]]


@pytest.fixture(params=["smtp", "folder"])
async def sent(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Mail, Arrived]]:
    if request.param == "smtp":
        async with smtp() as house:
            mail = SmtpMail(SmtpServer("127.0.0.1", house.port, Tls.NONE), SENDER)
            yield mail, lambda: house.letters
    else:
        folder = tmp_path / "mail"
        yield FolderMail(folder, SENDER), lambda: kept(folder)


def kept(folder: Path) -> list[EmailMessage]:
    letters = []
    for file in sorted(folder.glob("*")):
        assert file.suffix == ".eml"
        letter = message_from_bytes(file.read_bytes(), policy=policy.default)
        assert isinstance(letter, EmailMessage)
        letters.append(letter)
    return letters


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def body(letter: EmailMessage, kind: str) -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


async def test_a_letter_arrives_as_text_and_as_html(sent: tuple[Mail, Arrived]) -> None:
    mail, arrived = sent
    await mail.send("Ann@example.org", "Grüße", "Hallo Ännchen\n", "<p>Hallo</p>", letter_id="7")
    (letter,) = arrived()
    assert (letter["From"], letter["To"]) == ("Tutti <tutti@example.org>", "Ann@example.org")
    assert (letter["Subject"], letter["Message-ID"]) == ("Grüße", "<7@example.org>")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Date"].datetime.tzinfo is not None
    assert letter.get_content_type() == "multipart/alternative"
    assert (body(letter, "plain"), body(letter, "html")) == ("Hallo Ännchen\n", "<p>Hallo</p>\n")


@pytest.mark.parametrize(
    "subject",
    [
        "Ann\r\nBcc: everybody@example.org",
        "Ann\nSubject: another",
        "Ann\r\n\r\nanother body",
        "Ann\x00\x0b\x0c\x1c\x85\u2028Bcc: x@example.org",
    ],
)
async def test_a_name_with_line_ends_makes_no_header(sent: tuple[Mail, Arrived], subject: str) -> None:
    mail, arrived = sent
    letter = compose(f"{subject} invites you", f"{subject} invites you.")
    await mail.send("ann@example.org", letter.subject, letter.text, letter.html)
    (came,) = arrived()
    assert set(came.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert came["Subject"].endswith("invites you")
    assert came["To"] == "ann@example.org"


@pytest.mark.parametrize(
    "to",
    [
        "ann@example.org, ben@example.org",
        "ann@example.org\r\nBcc: ben@example.org",
        "ann@example.org>\r\nRCPT TO:<ben@example.org",
        "a,b@example.org",
        "Ann <ann@example.org>",
        "ann",
        "@example.org",
        "ann@",
        "ann@exa mple.org",
        "ann@example..org",
        "",
        "ann@" + "x" * 300 + ".org",
        "ä@example.org",
        "ann@nowhere",
    ],
)
async def test_what_is_not_one_address_is_not_written_to(sent: tuple[Mail, Arrived], to: str) -> None:
    mail, arrived = sent
    with pytest.raises(Undeliverable):
        await mail.send(to, "Hello", "Hello", "<p>Hello</p>")
    assert arrived() == []


async def test_a_subject_with_a_line_end_that_nobody_took_out_is_refused(sent: tuple[Mail, Arrived]) -> None:
    mail, arrived = sent
    with pytest.raises(Undeliverable):
        await mail.send("ann@example.org", "Hello\r\nBcc: ben@example.org", "Hello", "<p>Hello</p>")
    assert arrived() == []


async def test_a_domain_in_other_letters_is_written_to(sent: tuple[Mail, Arrived]) -> None:
    mail, arrived = sent
    await mail.send("ann@bücher.example", "Hello", "Hello", "<p>Hello</p>")
    assert arrived()[0]["To"] == "ann@xn--bcher-kva.example"


async def test_a_line_that_is_only_a_dot_does_not_end_a_letter(sent: tuple[Mail, Arrived]) -> None:
    mail, arrived = sent
    await mail.send("ann@example.org", "Hello", "one\n.\nRCPT TO:<x@example.org>\n.two\n", "<p>Hello</p>")
    assert body(arrived()[0], "plain") == "one\n.\nRCPT TO:<x@example.org>\n.two\n"


# -- what letters look like


def test_names_are_text_in_html() -> None:
    letter = compose(
        "<b>Ann</b>", "<script>alert(1)</script>", Link("Come & see", 'https://x.example/?a="&b=')
    )
    assert "<script>" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert 'href="https://x.example/?a=&quot;&amp;b="' in letter.html
    assert letter.text == '<script>alert(1)</script>\n\nCome & see:\nhttps://x.example/?a="&b=\n'


def test_links_lead_to_the_front_end_or_else_to_the_first_address() -> None:
    ours, theirs = (
        Links(None, "http://localhost:3000"),
        Links("https://app.example/x/", "http://localhost:3000"),
    )
    assert ours.to("/verify-email", token="a&b") == "http://localhost:3000/verify-email?token=a%26b"
    for links in (ours, theirs):
        links.serves_at("127.0.0.1:4000")
    assert ours.to("/m/1") == "http://127.0.0.1:4000/m/1"
    assert theirs.to("/m/1") == "https://app.example/x/m/1"


# -- SMTP


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", SmtpServer("mail.example.org", 587, Tls.STARTTLS)),
        ("smtps://mail.example.org", SmtpServer("mail.example.org", 465, Tls.ALWAYS)),
        ("smtp://127.0.0.1:25", SmtpServer("127.0.0.1", 25, Tls.NONE)),
        ("smtp://me%40x:p%3Aq@[::1]:2525/", SmtpServer("::1", 2525, Tls.NONE, "me@x", "p:q")),
    ],
)
def test_a_server_is_spoken_to_in_clear_on_this_machine_only(url: str, server: SmtpServer) -> None:
    assert smtp_server(url) == server


def to(house: House, tls: Tls = Tls.NONE, password: bytes = PASSWORD) -> SmtpServer:
    return SmtpServer("localhost", house.port, tls, USER.decode(), password.decode())


async def test_a_password_goes_through_tls(tmp_path: Path) -> None:
    serving, trusting = certificate(tmp_path)
    async with smtp(tls=serving, password=True) as house:
        mail = SmtpMail(to(house, Tls.STARTTLS), SENDER, trusted=trusting)
        await mail.send("ann@example.org", "Hello", "Hello", "<p>Hello</p>")
        assert house.in_clear == [False]
        assert house.recipients == [["ann@example.org"]]


async def test_a_server_that_cannot_prove_who_it_is_gets_nothing(tmp_path: Path) -> None:
    serving, _ = certificate(tmp_path)
    async with smtp(tls=serving) as house:
        with pytest.raises(Unavailable):
            await SmtpMail(to(house, Tls.STARTTLS), SENDER).send("ann@example.org", "a", "b", "c")
        assert house.letters == []


async def test_a_server_without_tls_gets_nothing_where_it_is_needed() -> None:
    async with smtp() as house:
        mail = SmtpMail(SmtpServer("localhost", house.port, Tls.STARTTLS), SENDER)
        with pytest.raises(Unavailable):
            await mail.send("ann@example.org", "a", "b", "c")
        assert house.letters == []


async def test_a_wrong_password_may_be_mended(tmp_path: Path) -> None:
    serving, trusting = certificate(tmp_path)
    async with smtp(tls=serving, password=True) as house:
        mail = SmtpMail(to(house, Tls.STARTTLS, b"hush"), SENDER, trusted=trusting)
        with pytest.raises(Unavailable) as caught:
            await mail.send("ann@example.org", "a", "b", "c")
        assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [("550 no such user", Undeliverable), ("450 mailbox busy", Unavailable), ("452 full", Unavailable)],
)
async def test_a_refused_address_is_for_good_only_if_the_server_says_so(
    answer: str, problem: type[Exception]
) -> None:
    async with smtp() as house:
        house.refuse["ann@example.org"] = answer
        mail = SmtpMail(SmtpServer("127.0.0.1", house.port, Tls.NONE), SENDER)
        with pytest.raises(problem) as caught:
            await mail.send("ann@example.org", "a", "b", "c")
        assert answer[4:] not in str(caught.value)


@pytest.mark.parametrize(("answer", "problem"), [("554 spam", Undeliverable), ("451 later", Unavailable)])
async def test_a_refused_letter_is_for_good_only_if_the_server_says_so(
    answer: str, problem: type[Exception]
) -> None:
    async with smtp() as house:
        house.answer = answer
        mail = SmtpMail(SmtpServer("127.0.0.1", house.port, Tls.NONE), SENDER)
        with pytest.raises(problem):
            await mail.send("ann@example.org", "a", "b", "c")


async def test_a_server_that_is_not_there_may_come_back() -> None:
    async with smtp() as house:
        port = house.port
    with pytest.raises(Unavailable):
        await SmtpMail(SmtpServer("127.0.0.1", port, Tls.NONE), SENDER).send("ann@example.org", "a", "b", "c")


# -- the folder


async def test_a_letter_that_is_sent_again_is_one_file(tmp_path: Path) -> None:
    mail = FolderMail(tmp_path / "mail", SENDER)
    for _ in range(2):
        await mail.send("ann@example.org", "Hello", "Hello", "<p>Hello</p>", letter_id="7")
    assert len(kept(tmp_path / "mail")) == 1


async def test_the_oldest_letters_go_when_there_are_many(tmp_path: Path) -> None:
    mail = FolderMail(tmp_path / "mail", SENDER, most=3)
    for number in range(5):
        await mail.send("ann@example.org", str(number), "Hello", "<p>Hello</p>", letter_id=str(number))
    assert len(kept(tmp_path / "mail")) == 3


@pytest.mark.parametrize("address", ['"../../x"@example.org', '"a/b"@example.org'])
async def test_no_address_leads_out_of_the_folder(tmp_path: Path, address: str) -> None:
    await FolderMail(tmp_path / "mail", SENDER).send(address, "Hello", "Hello", "<p>Hello</p>")
    assert len(kept(tmp_path / "mail")) == 1
    assert names_in(tmp_path) == ["mail"]


async def test_a_folder_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")
    with pytest.raises(Unavailable):
        await FolderMail(tmp_path / "mail", SENDER).send("ann@example.org", "a", "b", "c")
