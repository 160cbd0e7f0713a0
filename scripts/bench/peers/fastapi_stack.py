"""FastAPI with python-jose, SQLAlchemy and psycopg2: the user first, then the session."""

import os
from typing import Any, Dict, Optional

import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from jose import JWTError, jwt
from pydantic import BaseModel
from sqlalchemy import Column, DateTime, ForeignKey, String, create_engine, func
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import declarative_base, sessionmaker

SECRET = os.environ["BETTER_AUTH_SECRET"]
ISSUER = os.environ["BETTER_AUTH_ISSUER"]

engine = create_engine(
    os.environ["DATABASE_URL"].replace("postgres://", "postgresql+psycopg2://", 1),
    pool_size=10,
    max_overflow=0,
)
SessionLocal = sessionmaker(bind=engine, autoflush=False)
Base = declarative_base()


class User(Base):
    __tablename__ = "user"
    id = Column(String, primary_key=True)
    email = Column(String, unique=True)


class Session(Base):
    __tablename__ = "session"
    id = Column(String, primary_key=True)
    user_id = Column("userId", String, ForeignKey("user.id"), index=True)
    expires_at = Column("expiresAt", DateTime(timezone=True))


class Operation(BaseModel):
    type: str
    params: Dict[str, Any]


app = FastAPI()


@app.exception_handler(HTTPException)
async def refused(_: Request, error: HTTPException) -> JSONResponse:
    return JSONResponse(
        {"error": error.detail, "status": error.status_code}, status_code=error.status_code
    )


@app.exception_handler(SQLAlchemyError)
async def unavailable(_: Request, error: SQLAlchemyError) -> JSONResponse:
    return JSONResponse(
        {"error": "Service temporarily unavailable", "status": 503}, status_code=503
    )


INVALID = HTTPException(401, "Invalid or expired JWT token")


def claims_of(authorization: Optional[str] = Header(None)) -> Dict[str, Any]:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise INVALID
    try:
        return jwt.decode(
            token,
            SECRET,
            algorithms=["HS256"],
            audience=ISSUER,
            issuer=ISSUER,
            options={"require_exp": True, "require_sub": True},
        )
    except JWTError:
        raise INVALID


def current(claims: Dict[str, Any] = Depends(claims_of)) -> Dict[str, str]:
    with SessionLocal() as db:
        user = db.query(User).filter(User.email == claims.get("email")).first()
        if user is None:
            raise HTTPException(404, "User not found with provided email")
        if user.id != claims.get("sub"):
            raise INVALID
        session = (
            db.query(Session)
            .filter(Session.user_id == user.id, Session.expires_at > func.now())
            .order_by(Session.expires_at.desc())
            .first()
        )
        if session is None:
            raise HTTPException(404, "No active sessions found for user")
        return {"user_id": user.id, "session_id": session.id}


@app.post("/support/chatkit")
def chatkit(operation: Operation, who: Dict[str, str] = Depends(current)) -> Dict[str, str]:
    if operation.type != "input.transcribe":
        raise HTTPException(400, "Bad request")
    return {"text": f"{who['user_id']} {who['session_id']}"}


if __name__ == "__main__":
    port = int(os.environ["PORT"])
    uvicorn.run(app, port=port, backlog=2048, log_level="warning", access_log=False)
