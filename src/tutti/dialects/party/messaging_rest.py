"""Guide 003's `/api/messaging/` over HTTP: conversations, what is said in them, and files.

Whoever is not in a conversation, and whoever has blocked or is blocked by the other of two, finds nothing there: 404.
A file is never shown in the page of this server, only saved: it comes as an attachment, under the type that its content
has, and nothing in it may run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Self, TypeVar
from urllib.parse import quote

import msgspec
from litestar import Response, Router, delete, get, patch, post, route
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException
from litestar.params import FromPath, JSONBody

from tutti.dialects.party import messaging_bodies as b
from tutti.dialects.party.auth_bodies import REQUIRED, Detail, iso
from tutti.dialects.party.manners import Manners
from tutti.dialects.party.notifications_rest import known
from tutti.dialects.party.pages import Listed
from tutti.dialects.party.problems import HANDLERS, METHODS, Asked, Forbidden, Invalid, NoSuch, only
from tutti.platform.accounts.throttles import Scope
from tutti.platform.conversations.attachments import Attachments
from tutti.platform.conversations.conversations import Conversations
from tutti.platform.conversations.messages import Messages
from tutti.platform.conversations.schemas import LARGEST, MOST_FILES, Amiss, Draft, File
from tutti.platform.once.once import Transaction

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

MAX_BODY: Final = 64 * 1024
FORM_AROUND_THEM: Final = 64 * 1024
FILE_FIELDS: Final = ("attachments", "attachment", "files", "file")
TEXT_FIELDS: Final = ("message", "content", "text")
A_FILE: Final = {
    "Cache-Control": "private, max-age=86400",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
_PLACE: Final = re.compile(r"`\$\.(\w+)")


class MessagingRest:
    def __init__(
        self,
        conversations: Conversations,
        messages: Messages,
        attachments: Attachments,
        manners: Manners,
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._attachments = attachments
        self._manners = manners

    def __deepcopy__(self, memo: object) -> Self:
        """The framework copies handlers; they serve the same conversations."""
        return self

    # -- conversations

    async def listed(self, request: Asked) -> Listed[b.ConversationBody]:
        """The one last spoken in first."""
        user = (await self._manners.owner(request)).id
        wanted = self._manners.cursors.page_request(request)
        found = await self._conversations.listed(user, wanted.wanted, wanted.size)
        return self._manners.cursors.listed(request, found, b.ConversationBody.of)

    async def begin(self, request: Asked, data: JSONBody[b.NewConversation]) -> Response[bytes]:
        """With one person there is one conversation. An `Idempotency-Key` keeps a group from being begun twice."""
        owner = await self._manners.owner(request)
        self._manners.spend(Scope.CONVERSATION_BY_ACCOUNT, owner.id)
        people, title = data.meaning()

        async def work(db: Transaction) -> b.ConversationBody:
            begun = (
                self._conversations.with_one(db, owner.id, people[0])
                if title is None
                else self._conversations.with_many(db, owner.id, people, title)
            )
            return b.ConversationBody.of(_or_amiss(await begun, "participants"))

        return await self._manners.once(request, owner, work, 201)

    async def one(self, request: Asked, which: FromPath[str]) -> b.ConversationBody:
        user = (await self._manners.owner(request)).id
        return b.ConversationBody.of(_or_amiss(await self._conversations.one(user, known(which))))

    async def rename(
        self, request: Asked, which: FromPath[str], data: JSONBody[b.EditConversation]
    ) -> b.ConversationBody:
        """A group's title, by its owner."""
        user, title = (await self._manners.owner(request)).id, data.meaning()
        if title is None:
            return await self.one(request, which)
        renamed = await self._conversations.rename(user, known(which), title)
        return b.ConversationBody.of(_or_amiss(renamed))

    async def add(
        self, request: Asked, which: FromPath[str], data: JSONBody[b.AddPeople]
    ) -> b.ConversationBody:
        """To a group, by anybody in it."""
        user = (await self._manners.owner(request)).id
        self._manners.spend(Scope.CONVERSATION_BY_ACCOUNT, user)
        added = await self._conversations.add(user, known(which), data.meaning())
        return b.ConversationBody.of(_or_amiss(added, "user_ids"))

    async def remove(self, request: Asked, which: FromPath[str], user_id: FromPath[str]) -> None:
        """Oneself (`me` will do), or somebody else by the owner."""
        user = (await self._manners.owner(request)).id
        other = user if user_id == "me" else known(user_id)
        problem = await self._conversations.remove(user, known(which), other)
        if problem is Amiss.NO_SUCH_PERSON:
            raise NoSuch
        _or_amiss(problem)

    async def leave(self, request: Asked, which: FromPath[str]) -> Detail:
        user = (await self._manners.owner(request)).id
        _or_amiss(await self._conversations.remove(user, known(which), user))
        return Detail("You left the conversation.")

    # -- messages

    async def history(self, request: Asked, which: FromPath[str]) -> Listed[b.MessageBody]:
        """The newest first."""
        user = (await self._manners.owner(request)).id
        wanted = self._manners.cursors.page_request(request)
        found = await self._messages.history(user, known(which), wanted.wanted, wanted.size)
        return self._manners.cursors.listed(request, _or_amiss(found), b.MessageBody.of)

    async def send(self, request: Asked, which: FromPath[str]) -> Response[bytes]:
        """`{message, reply_to?, attachments?}`, or a form with files of at most 5 MiB together."""
        owner, conversation = await self._manners.owner(request), known(which)
        self._manners.spend(Scope.MESSAGE_BY_ACCOUNT, owner.id)
        draft = await self._draft(request, owner.id, conversation)

        async def work(db: Transaction) -> b.MessageBody:
            said = await self._messages.send(db, owner.id, conversation, draft)
            return b.MessageBody.of(_or_amiss(said))

        return await self._manners.once(request, owner, work, 201)

    async def edit(
        self, request: Asked, which: FromPath[str], message: FromPath[str], data: JSONBody[b.EditMessage]
    ) -> b.MessageBody:
        """Your own."""
        user, text = (await self._manners.owner(request)).id, data.meaning()
        edited = await self._messages.edit(user, known(which), known(message), text)
        return b.MessageBody.of(_or_amiss(edited))

    async def remove_message(self, request: Asked, which: FromPath[str], message: FromPath[str]) -> None:
        """Your own; any, if the group is yours."""
        user = (await self._manners.owner(request)).id
        _or_amiss(await self._messages.delete(user, known(which), known(message)))

    async def read(self, request: Asked, which: FromPath[str]) -> b.ReadBody:
        """All of it, or up to `message_id`."""
        user = (await self._manners.owner(request)).id
        body = await request.body()
        said = _decoded(body, b.MarkRead) if body.strip() else b.MarkRead()
        up_to = None if said.message_id is None else known(said.message_id)
        read_ms = _or_amiss(await self._messages.read(user, known(which), up_to))
        return b.ReadBody("Conversation marked as read.", iso(read_ms))

    # -- files

    async def upload(self, request: Asked, which: FromPath[str]) -> b.FilesBody:
        """Files of a form, to be sent with a message afterwards: name them in its `attachments`."""
        user = (await self._manners.owner(request)).id
        files, _ = await _form(request)
        if not files:
            raise Invalid({"attachments": [REQUIRED]})
        return b.FilesBody(tuple(b.FileBody.of(file) for file in await self._kept(user, known(which), files)))

    async def file(self, request: Asked, which: FromPath[str]) -> Response[bytes]:
        """To be saved; only those in the conversation may have it."""
        user = (await self._manners.owner(request)).id
        found = await self._attachments.fetch(user, known(which))
        if found is None:
            raise NoSuch
        file, content = found
        named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"}
        return Response(content, media_type=file.media_type, headers={**A_FILE, **named})

    async def _draft(self, request: Asked, user: str, conversation: str) -> Draft:
        body = await request.body()  # of a form too: whether it is the same request as before is told by that
        if request.content_type[0] != "multipart/form-data":
            if len(body) > MAX_BODY:
                raise ClientException(status_code=413, detail="Request Entity Too Large")
            return _decoded(body, b.NewMessage).meaning()
        files, said = await _form(request)
        if not files:
            return said.meaning()
        text = b.text(said.message or "", may_be_blank=True)
        kept = await self._kept(user, conversation, files)
        return Draft(text, said.reply_to or None, tuple(file.id for file in kept))

    async def _kept(
        self, user: str, conversation: str, files: Sequence[tuple[str, bytes]]
    ) -> tuple[File, ...]:
        self._manners.spend(Scope.ATTACHMENT_BY_ACCOUNT, user)
        return _or_amiss(await self._attachments.keep(user, conversation, files))


def router(
    conversations: Conversations, messages: Messages, attachments: Attachments, manners: Manners
) -> Router:
    rest = MessagingRest(conversations, messages, attachments, manners)
    one, its_messages = "/conversations/{which:str}", "/conversations/{which:str}/messages"
    with_files = LARGEST + FORM_AROUND_THEM
    return Router(
        b.MESSAGING,
        route_handlers=[
            get("/conversations", summary="Your conversations")(rest.listed),
            post("/conversations", status_code=201, summary="Begin a conversation")(rest.begin),
            get(one, summary="A conversation")(rest.one),
            patch(one, summary="Rename a group")(rest.rename),
            get(its_messages, summary="What was said in a conversation")(rest.history),
            post(
                [its_messages, f"{its_messages}/send"],
                status_code=201,
                request_max_body_size=with_files,
                summary="Say something in a conversation",
            )(rest.send),
            post(
                f"{one}/attachments",
                status_code=201,
                request_max_body_size=with_files,
                summary="Upload files to send in a conversation",
            )(rest.upload),
            post(f"{one}/read", status_code=200, summary="Mark a conversation as read")(rest.read),
            post(f"{one}/participants", status_code=200, summary="Add people to a group")(rest.add),
            post(f"{one}/leave", status_code=200, summary="Leave a group")(rest.leave),
            delete(f"{one}/participants/{{user_id:str}}", summary="Leave a group, or remove somebody")(
                rest.remove
            ),
            patch(f"{its_messages}/{{message:str}}", summary="Edit your message")(rest.edit),
            delete(f"{its_messages}/{{message:str}}", summary="Delete a message")(rest.remove_message),
            get("/attachments/{which:str}", media_type="application/octet-stream", summary="A file")(
                rest.file
            ),
            only("/conversations", "GET", "POST"),
            only(one, "GET", "PATCH"),
            only(its_messages, "GET", "POST"),
            only(f"{its_messages}/{{message:str}}", "PATCH", "DELETE"),
            *(only(f"{one}/{path}", "POST") for path in ("attachments", "read", "participants", "leave")),
            only(f"{its_messages}/send", "POST"),
            only(f"{one}/participants/{{user_id:str}}", "DELETE"),
            only("/attachments/{which:str}", "GET"),
            _no_such_path,
        ],
        exception_handlers=HANDLERS,
        request_max_body_size=MAX_BODY,
        tags=["messaging"],
    )


@route("/{elsewhere:path}", http_method=list(METHODS), include_in_schema=False, status_code=404)
async def _no_such_path(elsewhere: FromPath[str]) -> None:  # noqa: ARG001 - the path's parameter
    raise NoSuch


def _decoded(body: bytes, type_: type[S]) -> S:
    """As the framework reads a body; wrong types are told by field."""
    try:
        return msgspec.json.decode(body, type=type_)
    except msgspec.ValidationError as problem:
        place = _PLACE.search(str(problem))
        raise Invalid({place[1] if place else "non_field_errors": ["Not a valid value."]}) from None
    except msgspec.DecodeError:
        raise ClientException(detail="JSON parse error") from None


async def _form(request: Asked) -> tuple[list[tuple[str, bytes]], b.NewMessage]:
    """The files, with their names, and what is said with them."""
    try:
        form = await request.form()
    except (ClientException, ValueError, KeyError) as problem:
        if isinstance(problem, ClientException) and problem.status_code == 413:
            raise
        raise Invalid({"attachments": ["The submitted data was not a form."]}) from None
    files: list[tuple[str, bytes]] = []
    for field in FILE_FIELDS:
        uploaded = [value for value in form.getall(field, []) if isinstance(value, UploadFile)]
        files += [(file.filename, await file.read()) for file in uploaded]
    if len(files) > MOST_FILES:
        raise Invalid({"attachments": [f"Ensure this field has no more than {MOST_FILES} elements."]})
    if sum(len(content) for _, content in files) > LARGEST:
        raise Invalid({"attachments": ["Ensure the files are no larger than 5 MiB together."]})
    said = next((str(form[field]) for field in TEXT_FIELDS if isinstance(form.get(field), str)), None)
    reply_to = form.get("reply_to")
    reply = known(reply_to) if isinstance(reply_to, str) and reply_to else None
    return files, b.NewMessage(message=said, reply_to=reply)


def _or_amiss(outcome: T | Amiss, field: str = "non_field_errors") -> T:
    if not isinstance(outcome, Amiss):
        return outcome
    match outcome:
        case Amiss.NO_SUCH:
            raise NoSuch
        case Amiss.NOT_YOURS:
            raise Forbidden
        case Amiss.NO_SUCH_REPLY:
            raise Invalid({"reply_to": [outcome.sentence]})
        case Amiss.NO_SUCH_FILE | Amiss.NOT_A_FILE:
            raise Invalid({"attachments": [outcome.sentence]})
        case Amiss.NO_SUCH_PERSON | Amiss.YOURSELF | Amiss.FULL | Amiss.NOT_A_GROUP:
            raise Invalid({field: [outcome.sentence]})
