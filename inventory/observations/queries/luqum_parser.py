"""luqum's lexer and parser, made from the tables that luqum ships.

PLY 3.11 makes new tables if a docstring of the grammar is not as it was, warns on stderr, and writes two files beside luqum.
Python 3.13 takes the indentation out of docstrings, so there luqum 1.0.0 would do this: in every process, if none may write.
"""

from __future__ import annotations

from functools import partial

from ply import yacc

_build = yacc.yacc
yacc.yacc = partial(_build, optimize=True, debug=False, write_tables=False)  # luqum takes no options for it
try:
    from luqum.parser import lexer, parser
finally:
    yacc.yacc = _build

__all__ = ["lexer", "parser"]
