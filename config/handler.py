"""Django under ASGI, with one thread for each request.

Django's own handler goes into a thread and back for each step of each middleware and for the view, which costs several
times what the steps themselves do. Here all run in one go. A client that waits (UWS WAIT) has no thread while it does:
the view answers what is waited for, and is called again at the end.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import MutableMapping
from tempfile import SpooledTemporaryFile
from typing import Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from uws.http.departure import expect_departure
from uws.http.threads import in_thread
from uws.http.waiting import Wait, asked_to_wait, has_waited, offer_to_wait, wait_for_change
from vo.cancellation import Cancellation

__all__ = ["Handler"]

logger = logging.getLogger("athanor.web")

Scope = MutableMapping[str, Any]


class Handler(ASGIHandler):
    """An ASGI application that answers with Django's views."""

    chunk_size = 2**18

    def __init__(self) -> None:
        self.load_middleware()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Answer one request.

        Raises
        ------
        ValueError
            For anything but HTTP.
        """
        if scope["type"] != "http":
            raise ValueError(f"Only HTTP is spoken here, not {scope['type']}.")
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        gone = expect_departure(scope)
        offer_to_wait(scope)
        leaving = asyncio.ensure_future(_hear_departure(receive, gone))
        try:
            response = await in_thread(self._answer, scope, body)
            if wait := asked_to_wait(response):
                response = await self._answer_later(wait, leaving, scope)
            if response is None:
                return
            if not response.streaming:
                await self.send_response(response, send)
                return
            try:
                await self._send_until(leaving, response, send)
            finally:
                await in_thread(response.close)
        finally:
            # Nothing is left to be done for the request, whatever ended it.
            leaving.cancel()
            gone.cancel()

    def create_request(
        self, scope: Scope, body_file: SpooledTemporaryFile[bytes]
    ) -> tuple[HttpRequest | None, HttpResponseBase | None]:
        """The request, with the length of a body that came in chunks: without it Django takes a form for empty."""
        request, response = super().create_request(scope, body_file)
        if request is not None and "CONTENT_LENGTH" not in request.META:
            if size := body_file.seek(0, os.SEEK_END):
                request.META["CONTENT_LENGTH"] = str(size)
            body_file.seek(0)
        return request, response

    def _answer(self, scope: Scope, body: SpooledTemporaryFile[bytes]) -> HttpResponseBase:
        """What a WSGI server does, but for sending; all that the thread has opened is closed at the end."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, response = self.create_request(scope, body)
        try:
            response = response or self.get_response(request)
        except BaseException:
            body.close()
            raise
        response._resource_closers.append(body.close)
        response._handler_class = self.__class__
        if response.streaming:
            close_old_connections()
        else:
            response.close()
        return response

    async def _answer_later(self, wait: Wait, leaving: asyncio.Future[None], scope: Scope) -> HttpResponseBase | None:
        """The answer to a request without a body that waits; None when the client has gone meanwhile."""
        waiting = asyncio.ensure_future(wait_for_change(job_id=wait.job_id, phase=wait.phase, seconds=wait.seconds))
        try:
            await asyncio.wait((waiting, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if waiting.done() and not waiting.cancelled() and (error := waiting.exception()):
            logger.error("A client could not wait for job %s.", wait.job_id, exc_info=error)
        if leaving.done():
            return None
        has_waited(scope)
        return await in_thread(self._answer, scope, SpooledTemporaryFile())

    async def _send_until(self, leaving: asyncio.Future[None], response: HttpResponseBase, send: Any) -> None:
        """Send a streaming answer until it ends or the client has gone."""
        sending = asyncio.ensure_future(self.send_response(response, send))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            done, _ = await asyncio.wait((sending,))
        for task in done:
            if not task.cancelled():
                task.result()


async def _hear_departure(receive: Any, gone: Cancellation) -> None:
    """Wait until the client has gone, and tell it."""
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.cancel()
