"""Names of tables and columns, and texts, as they are written in ADQL (ADQL 2.1 §2.1) and in every engine's SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["REGULAR", "RESERVED", "delimited", "literal", "qualified", "quoted", "unique"]

_SQL = """
ABSOLUTE ACTION ADD ALL ALLOCATE ALTER AND ANY ARE AS ASC ASSERTION AT AUTHORIZATION AVG BEGIN BETWEEN BIT BIT_LENGTH
BOTH BY CASCADE CASCADED CASE CAST CATALOG CHAR CHARACTER CHARACTER_LENGTH CHAR_LENGTH CHECK CLOSE COALESCE COLLATE
COLLATION COLUMN COMMIT CONNECT CONNECTION CONSTRAINT CONSTRAINTS CONTINUE CONVERT CORRESPONDING COUNT CREATE CROSS
CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATE DAY DEALLOCATE DECIMAL DECLARE DEFAULT
DEFERRABLE DEFERRED DELETE DESC DESCRIBE DESCRIPTOR DIAGNOSTICS DISCONNECT DISTINCT DOMAIN DOUBLE DROP ELSE END
ESCAPE EXCEPT EXCEPTION EXEC EXECUTE EXISTS EXTERNAL EXTRACT FALSE FETCH FIRST FLOAT FOR FOREIGN FOUND FROM FULL GET
GLOBAL GO GOTO GRANT GROUP HAVING HOUR IDENTITY IMMEDIATE IN INDICATOR INITIALLY INNER INPUT INSENSITIVE INSERT INT
INTEGER INTERSECT INTERVAL INTO IS ISOLATION JOIN KEY LANGUAGE LAST LEADING LEFT LEVEL LIKE LOCAL LOWER MATCH MAX MIN
MINUTE MODULE MONTH NAMES NATIONAL NATURAL NCHAR NEXT NO NOT NULL NULLIF NUMERIC OCTET_LENGTH OF ON ONLY OPEN OPTION OR
ORDER OUTER OUTPUT OVERLAPS PAD PARTIAL POSITION PRECISION PREPARE PRESERVE PRIMARY PRIOR PRIVILEGES PROCEDURE PUBLIC
READ REAL REFERENCES RELATIVE RESTRICT REVOKE RIGHT ROLLBACK ROWS SCHEMA SCROLL SECOND SECTION SELECT SESSION
SESSION_USER SET SIZE SMALLINT SOME SPACE SQL SQLCODE SQLERROR SQLSTATE SUBSTRING SUM SYSTEM_USER TABLE TEMPORARY THEN
TIME TIMESTAMP TIMEZONE_HOUR TIMEZONE_MINUTE TO TRAILING TRANSACTION TRANSLATE TRANSLATION TRIM TRUE UNION UNIQUE
UNKNOWN UPDATE UPPER USAGE USER USING VALUE VALUES VARCHAR VARYING VIEW WHEN WHENEVER WHERE WITH WORK WRITE YEAR ZONE
"""
_ADQL = """
ABS ACOS AREA ASIN ATAN ATAN2 BIGINT BOX CEILING CENTROID CIRCLE CONTAINS COORD1 COORD2 COORDSYS COS COT DEGREES
DISTANCE EXP FLOOR ILIKE INTERSECTS IN_UNIT LOG LOG10 MOD OFFSET PI POINT POLYGON POWER RADIANS RAND REGION ROUND SIN
SQRT TAN TOP TRUNCATE
"""

RESERVED = frozenset((_SQL + _ADQL).split())
"""Words, in upper case, that are no names unless they stand in quotes: those of SQL 92 that ADQL 2.1
names, without DEC, and its own."""

REGULAR = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""A regular identifier, which is a name without quotes unless it is reserved."""


def quoted(name: str) -> str:
    """A name as a query must write it: in quotes when it is no regular identifier."""
    if REGULAR.fullmatch(name) and name.upper() not in RESERVED:
        return name
    return delimited(name)


def qualified(name: str) -> str:
    """The name ``schema.table`` of a table as a query must write it."""
    return ".".join(quoted(part) for part in name.split(".", 1))


@lru_cache(maxsize=4096)
def delimited(name: str) -> str:
    """A name in double quotes, in which nothing but they are special."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text in single quotes, in which nothing but they are special."""
    return "'" + text.replace("'", "''") + "'"


def unique(names: Sequence[str], *, fold: bool = False) -> list[str]:
    """The names, with a number after each that came before.

    Parameters
    ----------
    fold
        Whether names that differ in case alone count as the same.
    """
    taken: set[str] = set()
    result: list[str] = []
    for name in names:
        candidate, number = name, 1
        while _key(candidate, fold) in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(_key(candidate, fold))
        result.append(candidate)
    return result


def _key(name: str, fold: bool) -> str:
    return name.casefold() if fold else name
