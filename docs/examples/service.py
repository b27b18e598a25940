"""A small scoring service: ``uvicorn service:app --app-dir docs/examples``.

    POST /score   {"texts": ["登录失败", "很好用"]}  ->  {"model": "...", "scores": [{"type": "defect", ...}, ...]}, as many as texts
    GET  /health  {"status": "ok", "model": "..."}

Nothing that a customer wrote is logged or sent back, not even where it is refused.
"""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints
from pydantic import Field as Limits
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feedback_nlp import BatchScorer, FeedbackError

MAX_TEXTS = 1_000
MAX_CHARS = 10_000
MAX_BODY_BYTES = 8 * 1024 * 1024

log = logging.getLogger("feedback_service")

Text = Annotated[str, StringConstraints(max_length=MAX_CHARS)]


class Batch(BaseModel):
    """What POST /score reads."""

    texts: Annotated[list[Text], Limits(max_length=MAX_TEXTS)]


class BodyLimit:
    """Stops reading a body that is too large, whatever its Content-Length says."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the bytes of one request."""
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > MAX_BODY_BYTES:
                raise HTTPException(413, f"body: expected at most {MAX_BODY_BYTES} bytes; send fewer texts at a time")
            return message

        await self.app(scope, counted, send)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the scorer once and use it once, so that the first caller does not wait for it; all threads share it."""
    app.state.scorer = await to_thread.run_sync(BatchScorer.load)
    await to_thread.run_sync(app.state.scorer.score, ["预热"])
    app.state.threads = CapacityLimiter(os.cpu_count() or 1)  # more would only wait for each other; callers queue on the loop instead
    log.info("model %s is loaded", app.state.scorer.model.signature)
    yield


app = FastAPI(title="feedback_nlp", lifespan=lifespan)
app.add_middleware(BodyLimit)


@app.exception_handler(RequestValidationError)
async def refuse(request: Request, error: RequestValidationError) -> JSONResponse:
    """Say where and why, but not what: FastAPI's own answer would repeat the customer's text."""
    problems = [{"where": ".".join(map(str, one["loc"])), "why": one["msg"]} for one in error.errors()[:10]]
    return JSONResponse({"detail": problems}, status_code=422)


@app.get("/health")
async def health(request: Request) -> dict[str, str]:
    """Whether the model is loaded, and which one."""
    return {"status": "ok", "model": request.app.state.scorer.model.signature}


@app.post("/score")
async def score(batch: Batch, request: Request) -> dict[str, Any]:
    """Scores of each text, in order. The work is done in a thread, so the loop goes on answering others."""
    state = request.app.state
    try:
        scores = await to_thread.run_sync(state.scorer.score, batch.texts, limiter=state.threads)
    except FeedbackError as error:  # its message never contains a text
        raise HTTPException(400, str(error)) from error
    log.info("%d texts scored", len(batch.texts))
    return {"model": state.scorer.model.signature, "scores": scores.to_dict("records")}
