"""The channel between a page and its kernel: ticket, size and kind of every message are checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from jupyter_client.session import Session as KernelSession
from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.ioloop import IOLoop
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from .handlers import OwnHost
from .identity import Visitor
from .kernels import ALLOWED_MESSAGES
from .sessions import Sessions

LONGEST_MESSAGE = 1024 * 1024
MESSAGES_A_SECOND = 100.0
MESSAGES_AT_ONCE = 400.0
TICKET_GONE = 4401
KERNEL_GONE = 4404
MESSAGE_REFUSED = 4400
CONTROL_TARGET = "jupyter.widget.control"
_NUMBER = re.compile(r"[0-9a-f]{8}")


class OpenChannels:
    """The channels that are open now, so that the end of a session or kernel closes them."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._open: set[PersonalChannel] = set()

    def add(self, channel: PersonalChannel) -> None:
        """Note a channel that was opened."""
        self._open.add(channel)

    def drop(self, channel: PersonalChannel) -> None:
        """Forget a channel that was closed."""
        self._open.discard(channel)

    def close_session(self, session_id: str) -> None:
        """Close all channels of a session."""
        self._close((c for c in self._open if c.session_id == session_id), TICKET_GONE)

    def close_kernel(self, kernel_id: str) -> None:
        """Close all channels to a kernel."""
        self._close((c for c in self._open if c.kernel_id == kernel_id), KERNEL_GONE)

    def close_ended(self) -> None:
        """Close the channels whose session has ended, by time or from another program."""
        ended = (c for c in self._open if not self._sessions.is_open(c.session_id))
        self._close(ended, TICKET_GONE)

    def _close(self, channels: Iterable[PersonalChannel], code: int) -> None:
        for channel in list(channels):
            self._open.discard(channel)
            channel.close(code)


class PersonalChannel(OwnHost, VoilaKernelWebsocketHandler):
    """The websocket of one page."""

    session_id = ""
    kernel_id = ""

    def check_origin(self, origin: str | None = None) -> bool:
        """Refuse a browser that comes from another site; a program that names none is let through.

        Programs cannot be talked into sending somebody's cookie.
        """
        return super().check_origin(origin)

    async def open(self, kernel_id: str) -> None:  # type: ignore[override]
        """Begin to talk, for as long as the session lasts."""
        visitor = self.current_user
        self.session_id = visitor.session.session_id if isinstance(visitor, Visitor) else ""
        self.settings["open_channels"].add(self)
        await super().open(kernel_id)

    def on_close(self) -> None:
        """Forget the channel."""
        self.settings["open_channels"].drop(self)
        if getattr(self, "connection", None) is not None:
            super().on_close()


class WatchedConnection(ZMQChannelsWebsocketConnection):
    """Passes messages on while the ticket holds."""

    _tokens = MESSAGES_AT_ONCE
    _filled_at = 0.0

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Pass a message to the kernel, or close the channel."""
        handler = self.websocket_handler
        if handler.settings["sessions"].use(handler.session_id) is None:
            handler.close(TICKET_GONE)
            return
        if len(incoming_msg) > LONGEST_MESSAGE or not self._in_time():
            handler.close(MESSAGE_REFUSED)
            return
        try:
            refused = self._refused(incoming_msg)
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            handler.close(MESSAGE_REFUSED)
            return
        if not refused:
            super().handle_incoming_message(incoming_msg)

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Pass a message to the page, unless it would tell what went wrong inside."""
        handler = self.websocket_handler
        if not handler.settings["sessions"].is_open(handler.session_id):
            handler.close(TICKET_GONE)
            return
        if not _tells_inside(self.session, outgoing_msg):
            super().handle_outgoing_message(stream, outgoing_msg)

    def _on_error(self, channel: str | None, msg: dict[str, Any], msg_list: list[Any]) -> None:
        """Leave nothing of an error but its reference number, whatever the kernel sent."""
        header = self.get_part("header", msg["header"], msg_list)
        if channel != "iopub" or header["msg_type"] != "error":
            return
        content = self.get_part("content", msg["content"], msg_list)
        number = str(content.get("evalue", ""))
        shown = number if _NUMBER.fullmatch(number) else "-"
        msg["content"] = {"ename": "failure", "evalue": shown, "traceback": [shown]}
        if self.subprotocol == "v1.kernel.websocket.jupyter.org":
            msg_list[3] = self.session.pack(msg["content"])

    def _refused(self, incoming: Any) -> bool:
        """Tell whether a message is of a kind that no page of ours sends."""
        if self.subprotocol == "v1.kernel.websocket.jupyter.org":
            channel, parts = deserialize_msg_from_ws_v1(incoming)
            header, content = json.loads(parts[0]), json.loads(parts[3])
        else:
            whole = (
                deserialize_binary_message(incoming)
                if isinstance(incoming, bytes)
                else json.loads(incoming)
            )
            channel, header, content = whole["channel"], whole["header"], whole["content"]
        kind = header["msg_type"]
        if channel not in ("shell", "control") or kind not in ALLOWED_MESSAGES:
            self.log.warning("message %r on channel %r is not passed on", kind, channel)
            return True
        # A page answers the widgets it was given; it may not make new ones in the kernel.
        return kind == "comm_open" and content["target_name"] != CONTROL_TARGET

    def _in_time(self) -> bool:
        """Tell whether messages come no faster than a page can send them."""
        now = IOLoop.current().time()
        filled = self._tokens + (now - (self._filled_at or now)) * MESSAGES_A_SECOND
        self._tokens = min(filled, MESSAGES_AT_ONCE) - 1
        self._filled_at = now
        return self._tokens >= 0


def _tells_inside(session: KernelSession, frames: list[Any]) -> bool:
    """Tell whether a message from a kernel is its error stream."""
    _, parts = session.feed_identities(frames)
    header = session.unpack(parts[1])
    if header["msg_type"] != "stream":
        return False
    return session.unpack(parts[4]).get("name") == "stderr"
