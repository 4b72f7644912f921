"""What the environment says of a setting, itself or by a file that it names, and how that becomes a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from environs import Env

from inventory.errors import SettingError
from inventory.regular_files import open_regular
from inventory.setting_types import Declaration

PREFIX = "INVENTORY_"
MAX_FILE_BYTES = 64 * 1024
"""Of a file that has a setting."""


@dataclass(frozen=True, slots=True)
class SettingText:
    """What is said of the setting `name`; `file` is where that was read, if not from the environment itself."""

    name: str
    text: str
    file: str = ""

    @classmethod
    def read(cls, env: Env, name: str) -> SettingText:
        """The text of a setting, from the file that `INVENTORY_…_FILE` names if it is unset or blank."""
        text = env.str(name.upper(), "")
        file = env.str(f"{name.upper()}_FILE", "")
        if text.strip() or not file.strip():
            return cls(name, text)
        try:
            with open_regular(file) as opened:
                content = opened.read(MAX_FILE_BYTES + 1)
            if len(content) > MAX_FILE_BYTES:
                what = f"it has more than {MAX_FILE_BYTES:,} bytes"
                raise SettingError(f"{PREFIX}{name.upper()}_FILE={file!r} cannot be read: {what}")
            return cls(name, content.decode("utf-8-sig").rstrip("\r\n"), file)
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
            raise SettingError(f"{PREFIX}{name.upper()}_FILE={file!r} cannot be read: {why}") from error

    @property
    def is_given(self) -> bool:
        """Whether it says anything; a blank text leaves the default."""
        return bool(self.text.strip())

    def value(self, declaration: Declaration) -> Any:
        """The value; `SettingError`, which repeats no secret, if the setting takes no such text."""
        try:
            return declaration.values.parse(self.text if declaration.values.exact else self.text.strip())
        except ValueError as error:
            shown = "***" if declaration.secret or self.file else repr(_without_password(self.text))
            where = f" in the file {self.file!r}" if self.file else ""
            raise SettingError(
                f"{PREFIX}{self.name.upper()}={shown}{where} cannot be read: it takes {declaration.values.takes}"
            ) from error


def _without_password(text: str) -> str:
    """The text as it may be printed: a password between `:` and `@` is covered."""
    scheme, separator, rest = text.partition("://") if "://" in text else ("", "", text)
    login, at, address = rest.rpartition("@")
    if not at:
        return text
    return f"{scheme}{separator}{login.partition(':')[0]}:***@{address}"
